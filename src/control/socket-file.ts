/**
 * The control socket's file. A socket is bound under a name of its own and then linked to the wanted path, so it appears
 * there with its mode set, and of two daemons that start at once only one gets the path. What a crash left is replaced;
 * the socket of a living daemon, or a file of another kind, never is.
 */
import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, chown, link, lstat, mkdir, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Millis } from '../base/clock.js';
import { codeOf, OpError } from '../base/errors.js';

/** The longest path that fits into a `sockaddr_un`; a longer one would be cut off silently. */
const maxPathBytes = 107;
/** How long another daemon may take to remove a stale socket. */
const maxTries = 50;
const retryMs: Millis = 20;

/** A path that a server listens on. */
export interface SocketFile {
  /** Removes the file, unless it is no longer ours. */
  remove(): Promise<void>;
}

export interface SocketAccess {
  /** The permissions of the file: who can write it can connect. */
  readonly mode: number;
  /** The file's group. */
  readonly gid: number;
}

/** Makes the server listen on the path. Throws OpError. */
export async function listenOnSocket(server: Server, path: string, { mode, gid }: SocketAccess): Promise<SocketFile> {
  const directory = dirname(path);
  const ownName = join(directory, `.${randomBytes(4).toString('hex')}`);
  if (Math.max(Buffer.byteLength(path), Buffer.byteLength(ownName)) > maxPathBytes) {
    throw failure(path, `a socket's path may have ${maxPathBytes} bytes`, 'Choose a shorter path with --control.');
  }
  try {
    await mkdir(directory, { recursive: true, mode: 0o755 });
    await listen(server, ownName);
  } catch (thrown) {
    throw failure(path, thrown, `Make sure that ${directory} is a directory that linkd may write to.`);
  }
  try {
    // The group first: it must not be open to another one for a moment.
    await giveTo(gid, ownName, path);
    await chmod(ownName, mode);
    const own = await lstat(ownName);
    await publish(ownName, path);
    return { remove: () => removeOwn(path, own) };
  } catch (thrown) {
    server.close();
    throw thrown instanceof OpError ? thrown : failure(path, thrown);
  } finally {
    await unlinkIfThere(ownName);
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function giveTo(gid: number, ownName: string, path: string): Promise<void> {
  try {
    await chown(ownName, -1, gid);
  } catch (thrown) {
    throw failure(path, thrown, `It shall belong to the group ${gid}: make linkd's user a member of it.`);
  }
}

/** Gives the socket its public name as well. */
async function publish(ownName: string, path: string): Promise<void> {
  for (let tries = 0; tries < maxTries; tries++) {
    if (await tryLink(ownName, path)) return;
    await removeStale(path);
  }
  throw failure(path, `${staleName(path)} is in the way`, 'Remove it, unless another linkd is starting right now.');
}

/**
 * Removes a socket that nobody listens on. Whoever is about to do so first gives it a second name, the claim: while that
 * is there, nobody else removes what is at the path, so it can't become another daemon's new socket between the look and
 * the removal. A daemon that ends removes its own socket before it stops listening.
 */
async function removeStale(path: string): Promise<void> {
  const claim = staleName(path);
  const found = await statIfThere(path);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw failure(path, 'it is there and is not a socket', 'Remove it, or choose another path with --control.');
  }
  try {
    if (!(await tryLink(path, claim))) {
      await sleep(retryMs);
      return;
    }
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return;
    throw failure(path, thrown, 'A socket of another user is there: remove it, unless that one runs linkd.');
  }
  try {
    if (await isAlive(path)) {
      throw failure(path, 'another linkd runs there', 'Stop that one, or give this one its own socket with --control.');
    }
    const [claimed, there] = [await lstat(claim), await statIfThere(path)];
    if (there?.ino === claimed.ino) await unlink(path);
  } finally {
    await unlinkIfThere(claim);
  }
}

function staleName(path: string): string {
  return `${path}.stale`;
}

/** True when something listens on the socket. */
function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    // A full backlog (EAGAIN) or a refused permission is a sign of life as well.
    probe.once('error', (error) => {
      const code = codeOf(error);
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
}

/** False when something is there already. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

async function removeOwn(path: string, { ino, dev }: Stats): Promise<void> {
  try {
    const there = await statIfThere(path);
    if (there?.ino === ino && there.dev === dev) await unlinkIfThere(path);
  } catch (thrown) {
    throw new OpError('remove the control socket', path, thrown);
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  }
}

function failure(path: string, cause: unknown, remedy?: string): OpError {
  return new OpError('listen on the control socket', path, cause, remedy);
}
