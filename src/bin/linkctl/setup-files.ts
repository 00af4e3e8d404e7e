/** The files that `linkctl setup` writes: whole or not at all, none overwritten unasked, secrets for linkd alone. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf, OpError } from '../../base/errors.js';

export interface NewFile {
  readonly path: string;
  readonly text: string;
  /** A secret's file is its owner's alone. */
  readonly mode: 0o644 | 0o600;
  /** Undefined: who writes it. */
  readonly owner: number | undefined;
}

/** Writes a file aside, and lets it appear whole. Throws an OpError, also where there is one and `force` is off. */
export async function putFile({ path, text, mode, owner }: NewFile, force: boolean): Promise<void> {
  // Drop-ins whose names begin with a dot are not read.
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    const file = await open(draft, 'wx', mode);
    try {
      await file.writeFile(text);
      await file.chmod(mode);
      if (owner !== undefined && owner !== process.geteuid?.()) await file.chown(owner, -1);
      await file.sync();
    } finally {
      await file.close();
    }
    if (force) await rename(draft, path);
    else await link(draft, path);
  } catch (thrown) {
    const exists = codeOf(thrown) === 'EEXIST';
    throw new OpError('write', path, thrown, exists ? 'Name another link, or overwrite it by --force.' : undefined);
  } finally {
    await rm(draft, { force: true });
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return false;
    throw new OpError('look at', path, thrown);
  }
}

/** The user that a process runs as; undefined where it can't be seen. */
export async function ownerOf(pid: number): Promise<number | undefined> {
  try {
    return (await stat(`/proc/${pid}`)).uid;
  } catch {
    return undefined;
  }
}

const longestSecret = 4096;

/** The only line of a file. Throws an OpError; the line is in no message. */
export async function readSecret(path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    throw new OpError('read the secret in', path, thrown);
  }
  const secret = text.replace(/\r?\n$/, '');
  if (secret === '' || secret.length > longestSecret || /[\r\n\0]/.test(secret))
    throw new OpError(
      'read the secret in',
      path,
      new Error('it is not one line'),
      'Put the secret there, and nothing else.',
    );
  return secret;
}
