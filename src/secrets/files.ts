/** Reads what holds secrets: files that nobody else can read, credentials of systemd, and what a program prints. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { codeOf, OpError } from '../base/errors.js';
import type { Millis } from '../base/clock.js';

const largestFile = 1 << 20;
const programMs: Millis = 10_000;
/** What a program may print. */
const largestOutput = 4096;

/** Throws an OpError when the file is missing, too large, or open to others. */
export async function readSecretFile(path: string): Promise<Uint8Array> {
  return readFileOf(path, true);
}

/** A credential is protected by its directory, whatever its mode. `directory` is $CREDENTIALS_DIRECTORY. */
export async function readCredential(name: string, directory: string | undefined): Promise<Uint8Array> {
  if (directory !== undefined) return readFileOf(`${directory}/${name}`, false);
  throw new OpError(
    'read the credential',
    name,
    new Error('systemd has given us none'),
    'Add LoadCredential= or SetCredential= to the unit of linkd.',
  );
}

/** What the program prints; no shell, no input, and a time limit. What it printed is in no message. */
export async function readProgram(
  [program, ...args]: readonly [string, ...string[]],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const options = {
      cwd: '/',
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
      encoding: 'buffer' as const,
      timeout: programMs,
      maxBuffer: largestOutput,
      killSignal: 'SIGKILL' as const,
      ...(signal !== undefined && { signal }),
    };
    const child = execFile(program, args, options, (error, stdout) => {
      if (error === null) resolve(new Uint8Array(stdout));
      else reject(new OpError('get the secret from', program, new Error(outcomeOf(error)), 'Run its command by hand.'));
    });
    child.stdin?.end();
  });
}

async function readFileOf(path: string, isGuarded: boolean): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, a FIFO would keep us waiting for its writer.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    await inspect(path, handle, isGuarded);
    return new Uint8Array(await handle.readFile());
  } catch (error) {
    if (error instanceof OpError) throw error;
    throw new OpError('read the secrets in', path, error, remedyOf(error));
  } finally {
    await handle?.close();
  }
}

async function inspect(path: string, handle: FileHandle, isGuarded: boolean): Promise<void> {
  const { mode, uid, size, ...stat } = await handle.stat();
  const refuse = (why: string, remedy: string): never => {
    throw new OpError('use the secrets in', path, new Error(why), remedy);
  };
  if ((mode & constants.S_IFMT) !== constants.S_IFREG)
    refuse('it is no regular file', 'Name the file with the secrets.');
  if (size > largestFile) refuse('it is larger than 1 MiB', 'Name the file with the secrets.');
  if (!isGuarded) return;
  if ((mode & 0o077) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, '0');
    refuse(`its mode ${shown} opens it to its group or to others`, `Run: chmod 600 ${path}`);
  }
  if (uid !== 0 && uid !== process.geteuid?.()) {
    refuse(`it belongs to another user (${uid}, group ${stat.gid})`, 'Give it to the user that runs linkd.');
  }
}

function remedyOf(error: unknown): string {
  if (codeOf(error) === 'ENOENT') return 'Create it, or name another one.';
  return 'Give it to the user that runs linkd, and to nobody else.';
}

/** Node's own message would hold the arguments and what the program wrote. */
function outcomeOf(error: Error & { readonly killed?: boolean; readonly code?: unknown }): string {
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'it prints too much';
  if (error.name === 'AbortError') return 'it is no longer wanted';
  if (error.killed === true) return `it did not end within ${programMs / 1000} s`;
  if (typeof error.code === 'number') return `it ended with status ${error.code}`;
  return typeof error.code === 'string' ? `it could not be started: ${error.code}` : 'it was killed';
}
