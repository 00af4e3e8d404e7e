/**
 * UUCP lock files, by which programs that use serial ports keep out of each other's way (FHS §5.9): `LCK..ttyS0` in
 * /run/lock holds the process number of the user of /dev/ttyS0, ten characters wide and a newline.
 */
import { randomUUID } from 'node:crypto';
import { link, lstat, open, readFile, readdir, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../base/errors.js';

export type LockOutcome =
  | { readonly kind: 'taken'; readonly lock: UucpLock }
  /** Someone else has it; `holder` says who, for people: `4711 minicom`. */
  | { readonly kind: 'held'; readonly holder: string };

export interface UucpLock {
  /** Removes the lock file if it is still the one we made. */
  release(): Promise<void>;
}

type Look =
  | { readonly kind: 'free' }
  | { readonly kind: 'held'; readonly holder: string }
  /** The process that made it is gone. */
  | { readonly kind: 'stale'; readonly inode: number };

/** Rounds with those who want the same lock, before something is wrong with the directory. */
const MAX_ROUNDS = 50;
const ROUND_MS = 10;

/**
 * Takes the lock of a device (its real path, no link). With `before`, that process hands the lock on to us: then its file
 * becomes ours. Throws what the system throws when the directory is of no use.
 */
export async function takeLock(directory: string, device: string, before?: number): Promise<LockOutcome> {
  const path = join(directory, `LCK..${basename(device)}`);
  // A lock file must never be seen empty: it is written aside, and link(2) makes it appear whole, or fails if there is one.
  const draft = join(directory, `LTMP.${randomUUID()}`);
  await writeFile(draft, `${String(process.pid).padStart(10)}\n`, { flag: 'wx', mode: 0o644 });
  try {
    const { ino } = await lstat(draft);
    const lock: UucpLock = { release: () => release(path, ino) };
    if (before !== undefined && (await read(path))?.pid === before) {
      await rename(draft, path);
      return { kind: 'taken', lock };
    }
    for (let round = 1; round <= MAX_ROUNDS; round++) {
      if (await linked(draft, path)) return { kind: 'taken', lock };
      const found = await look(path, device);
      if (found.kind === 'held') return found;
      if (found.kind === 'stale' && !(await removed(path, found.inode, draft, device))) await sleep(ROUND_MS);
    }
    throw new Error(`${path} cannot be had`);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Who has the lock of a device (its real path), for people: `4711 minicom`; undefined when it is free. */
export async function lockHolder(directory: string, device: string): Promise<string | undefined> {
  const found = await look(join(directory, `LCK..${basename(device)}`), device);
  return found.kind === 'held' ? found.holder : undefined;
}

async function release(path: string, inode: number): Promise<void> {
  const found = await read(path);
  // An inode number may be used again: it is ours only when it also names us.
  if (found?.inode === inode && found.pid === process.pid) await rm(path, { force: true });
}

/**
 * Removes a stale lock file, unless it has been replaced meanwhile; false when another process is at it. Among those who
 * found the same file stale, the one whose link to a name made of its inode succeeds may remove it: an unlink by each of
 * them would hit the new lock of the quickest.
 */
async function removed(path: string, inode: number, draft: string, device: string): Promise<boolean> {
  const permit = `${path}.${inode}`;
  if (!(await linked(draft, permit))) {
    // Left by one who was killed at it.
    if ((await look(permit, device)).kind === 'stale') await rm(permit, { force: true });
    return false;
  }
  try {
    if ((await read(path))?.inode === inode) await rm(path, { force: true });
    return true;
  } finally {
    await rm(permit, { force: true });
  }
}

async function look(path: string, device: string): Promise<Look> {
  const found = await read(path);
  if (found === undefined) return { kind: 'free' };
  const { inode, pid } = found;
  if (pid === undefined)
    return { kind: 'held', holder: `${path} names no process; remove it if nothing uses the port` };
  // A number can come back: after a crash in a container, linkd may well be the same number again.
  const alive = pid === process.pid ? await isOpenHere(device) : isAlive(pid);
  return alive ? { kind: 'held', holder: await describeProcess(pid) } : { kind: 'stale', inode };
}

interface LockFile {
  readonly inode: number;
  readonly pid: number | undefined;
}

/** Undefined when there is none. */
async function read(path: string): Promise<LockFile | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      return { inode: (await file.stat()).ino, pid: processIn(await file.readFile('utf8')) };
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** False when there is a file of that name already. */
async function linked(existing: string, path: string): Promise<boolean> {
  try {
    await link(existing, path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

/** The process number at the head of a lock file; some programs write their name behind it. */
function processIn(text: string): number | undefined {
  const pid = Number(/^\s*(\d{1,10})(?!\d)/.exec(text)?.[1]);
  return pid > 0 && pid <= 0x7fffffff ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // EPERM: it lives, as another user's.
    return codeOf(thrown) !== 'ESRCH';
  }
}

async function isOpenHere(device: string): Promise<boolean> {
  for (const fd of await readdir('/proc/self/fd')) {
    try {
      if ((await readlink(`/proc/self/fd/${fd}`)) === device) return true;
    } catch (thrown) {
      // Closed since.
      if (codeOf(thrown) !== 'ENOENT') throw thrown;
    }
  }
  return false;
}

async function describeProcess(pid: number): Promise<string> {
  try {
    return `${pid} ${(await readFile(`/proc/${pid}/comm`, 'utf8')).trim()}`;
  } catch {
    // Gone since, or hidden from us: the number must do.
    return String(pid);
  }
}
