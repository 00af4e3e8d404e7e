/** Who has a serial port: by lock file, by flock, by an open descriptor, as its terminal, or as the kernel's console. */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { lockHolder } from '../line/uucp-lock.js';
import { codeOf } from '../base/errors.js';
import { printable } from '../base/printable.js';
import { flocksIn, terminalOf } from './holder-texts.js';
import type { Roots } from './ports.js';

export interface Holder {
  /** For people: `812 agetty`, `the lock file /run/lock/LCK..ttyS0`. */
  readonly who: string;
  readonly how: 'open' | 'flock' | 'lock-file' | 'terminal' | 'console' | 'link';
}

export interface HeldPorts {
  /** By the real path of the port; each holder once. */
  readonly holders: ReadonlyMap<string, readonly Holder[]>;
  /** Processes that we may not look into; they may hold what nobody seems to hold. */
  readonly hidden: number;
}

/** Looks for whoever has these ports (real paths). `consoles` are the names of those that the kernel writes to. */
export async function findHolders(
  paths: readonly string[],
  consoles: ReadonlySet<string>,
  roots: Roots,
  lockDir: string,
): Promise<HeldPorts> {
  const ports = (await Promise.all(paths.map((path) => portOf(path)))).filter((port) => port !== undefined);
  const found = new Map<string, Holder[]>(paths.map((path) => [path, []]));
  const add = (path: string, holder: Holder): void => {
    const known = found.get(path) ?? [];
    // A process that has it open has often locked it, too: once is enough.
    if (!known.some(({ who }) => who === holder.who)) found.set(path, [...known, holder]);
  };
  for (const path of paths) {
    if (consoles.has(basename(path))) add(path, { who: "the kernel's console", how: 'console' });
    const locked = await lockHolder(lockDir, path);
    if (locked !== undefined) add(path, { who: locked, how: 'lock-file' });
  }
  const locks = flocksIn(await textOf(join(roots.proc, 'locks')));
  for (const { path, inode, fileSystem } of ports) {
    for (const { pid } of locks.filter((lock) => lock.inode === inode && lock.device === fileSystem))
      add(path, { who: await describe(pid, roots), how: 'flock' });
  }
  let hidden = 0;
  for (const pid of (await readdir(roots.proc)).filter((name) => /^\d+$/.test(name))) {
    const terminal = terminalOf(await textOf(join(roots.proc, pid, 'stat')));
    const open = await openTerminals(pid, roots);
    if (open === 'hidden') hidden++;
    for (const { path, device } of ports) {
      const how = open !== 'hidden' && open.includes(device) ? 'open' : terminal === device ? 'terminal' : undefined;
      if (how !== undefined) add(path, { who: await describe(Number(pid), roots), how });
    }
  }
  return { holders: found, hidden };
}

interface Port {
  readonly path: string;
  readonly fileSystem: number;
  readonly inode: number;
  /** The device's number. */
  readonly device: number;
}

/** Undefined where there is no such file: unplugged since, or a container's /dev does without it. */
async function portOf(path: string): Promise<Port | undefined> {
  try {
    const { dev, ino, rdev } = await stat(path);
    return { path, fileSystem: dev, inode: ino, device: rdev };
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** The numbers of the devices below /dev that a process has open. */
async function openTerminals(pid: string, roots: Roots): Promise<readonly number[] | 'hidden'> {
  const folder = join(roots.proc, pid, 'fd');
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch {
    // Gone since: then nothing is hidden, and its folder is gone as well.
    return (await textOf(join(roots.proc, pid, 'stat'))) === undefined ? [] : 'hidden';
  }
  const numbers: number[] = [];
  for (const name of names) {
    try {
      // Another one's /dev may be mounted elsewhere, but what is not below any is no device.
      const target = await readlink(join(folder, name));
      if (/^\/(?:.*\/)?dev\//.test(target)) numbers.push((await stat(join(folder, name))).rdev);
    } catch {
      // Closed since.
    }
  }
  return numbers;
}

async function describe(pid: number, roots: Roots): Promise<string> {
  const name = await textOf(join(roots.proc, String(pid), 'comm'));
  return name === undefined ? String(pid) : `${pid} ${printable(name.trim())}`;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // Gone since, or hidden: it tells nothing then.
    return undefined;
  }
}
