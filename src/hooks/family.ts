/**
 * A hook's processes, and the end of them all. Linux has no call for this without a cgroup, so /proc is searched for
 * whatever is in the hook's session, carries the hook's id in its environment (a daemon that began a session of its own), or
 * descends from one that does. Only a process that does all three escapes: its own session, a new environment, an orphan.
 */
import { readdir, readFile } from 'node:fs/promises';
import type { Millis, Scheduler } from '../base/clock.js';
import { codeOf } from '../base/errors.js';
import { ID_VARIABLE } from './environment.js';

/** From SIGTERM to SIGKILL. */
const TERM_MS = 1000;
/** From SIGKILL to giving up: what is stuck in the kernel ends some day. */
const KILL_MS = 1000;
const POLL_MS = 50;

export interface Family {
  /** The hook's first process, which leads a session of its own. */
  readonly leader: number;
  /** `HookCall.id` */
  readonly id: string;
}

/** Ends them all: SIGTERM, after a second SIGKILL. Gives the pids of those that would not end, usually none. */
export async function endFamily(family: Family, scheduler: Scheduler): Promise<readonly number[]> {
  const groups = new Set<number>();
  const left = await endWithin(family, groups, scheduler, TERM_MS, ['SIGTERM', 'SIGCONT']);
  return left.length === 0 ? left : endWithin(family, groups, scheduler, KILL_MS, ['SIGKILL']);
}

/**
 * Signals each process group once, also those that are born meanwhile, until nobody is left or the time is over. The
 * groups are remembered: a process that was known by its parent is not lost when the parent dies first.
 */
async function endWithin(
  family: Family,
  groups: Set<number>,
  scheduler: Scheduler,
  duration: Millis,
  signals: readonly NodeJS.Signals[],
): Promise<readonly number[]> {
  const deadline = scheduler.now() + duration;
  const told = new Set<number>();
  for (;;) {
    const members = await membersOf(family, groups);
    for (const { group } of members) {
      if (told.has(group)) continue;
      told.add(group);
      groups.add(group);
      for (const signal of signals) signalGroup(group, signal);
    }
    if (members.length === 0 || scheduler.now() >= deadline) return members.map(({ pid }) => pid);
    await new Promise<void>((resolve) => scheduler.after(POLL_MS, resolve));
  }
}

/** To a group and not to one process after the other: from a group nobody escapes by forking while we look. */
function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (thrown) {
    // Gone meanwhile, or not ours to end: then it is among those that are left.
    if (codeOf(thrown) !== 'ESRCH' && codeOf(thrown) !== 'EPERM') throw thrown;
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

async function membersOf({ leader, id }: Family, groups: ReadonlySet<number>): Promise<readonly Process[]> {
  const mark = `${ID_VARIABLE}=${id}`;
  const processes = await foreignProcesses();
  const members = new Set<Process>();
  for (const one of processes) {
    const isKnown = one.session === leader || groups.has(one.group);
    if (isKnown || (await read(one.pid, 'environ')).split('\0').includes(mark)) members.add(one);
  }
  // A set gives what is added to it while it is walked: so grandchildren come as well.
  for (const { pid } of members) {
    for (const one of processes) if (one.parent === pid) members.add(one);
  }
  return [...members];
}

/** Every process that lives and is not of linkd's own session. */
async function foreignProcesses(): Promise<readonly Process[]> {
  const own = await readProcess(process.pid);
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const processes = await Promise.all(pids.map(readProcess));
  return processes.filter((one) => one !== undefined).filter(({ session }) => session !== own?.session);
}

async function readProcess(pid: number): Promise<Process | undefined> {
  // `PID (NAME) STATE PPID PGRP SESSION …`, and the name may be anything.
  const [, state = 'X', parent, group, session] = /^.*\) (\S) (\d+) (\d+) (\d+) /s.exec(await read(pid, 'stat')) ?? [];
  // A zombie is as good as gone; it waits for its parent to look.
  if (state === 'Z' || state === 'X') return undefined;
  return { pid, parent: Number(parent), group: Number(group), session: Number(session) };
}

async function read(pid: number, file: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // Gone since we looked, or another user's.
    return '';
  }
}
