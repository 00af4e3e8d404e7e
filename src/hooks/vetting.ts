/** Whether a hook is fit to run: it is there, it can be executed, and nobody but those we trust can change it. */
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { codeOf, messageOf } from '../base/errors.js';

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
/** In such a folder, /tmp for one, people may only remove what is theirs. */
const STICKY = 0o1000;

/**
 * Why the file must not run, as a sentence; undefined when it may. Only `trusted` uids and root may own it and the
 * folders above, and nobody else may write to them.
 */
export async function objectionTo(file: string, trusted: readonly number[]): Promise<string | undefined> {
  if (!isAbsolute(file)) return `${file} is not an absolute path`;
  try {
    const real = await realpath(file);
    const stats = await stat(real);
    if (!stats.isFile()) return `${file} is not a file`;
    if ((stats.mode & 0o111) === 0) return `${file} is not executable: chmod +x ${file}`;
    for (const path of [real, ...foldersAbove(real), ...foldersAbove(file)]) {
      const objection = await writersOf(path, [0, ...trusted]);
      if (objection !== undefined) return objection;
    }
    return undefined;
  } catch (thrown) {
    return codeOf(thrown) === 'ENOENT' ? `${file} does not exist` : messageOf(thrown);
  }
}

/** Why linkd itself can't execute the file. */
export async function objectionAsOurselves(file: string): Promise<string | undefined> {
  try {
    await access(file, constants.X_OK);
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

async function writersOf(path: string, trusted: readonly number[]): Promise<string | undefined> {
  const stats = await stat(path);
  const { uid, gid, mode } = stats;
  const because = 'so someone else could change what runs';
  if (!trusted.includes(uid)) return `${path} belongs to the user with uid ${uid}, ${because}: chown root ${path}`;
  if (stats.isDirectory() && (mode & STICKY) !== 0) return undefined;
  if ((mode & OTHERS_WRITE) !== 0) return `${path} is writable by everyone, ${because}: chmod go-w ${path}`;
  if ((mode & GROUP_WRITES) !== 0 && gid !== 0)
    return `${path} is writable by its group (gid ${gid}), ${because}: chmod g-w ${path}`;
  return undefined;
}

function foldersAbove(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersAbove(folder)];
}
