/** Reads the config's files: the main one, and the drop-ins in `links.d/` beside it, by name. */
import { constants } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { codeOf, messageOf } from '../base/errors.js';
import type { DaemonOverrides, Environment } from './daemon.js';
import { parseConfig, type ConfigFile, type ParseResult } from './parse.js';
import { maxFileSize, tooLarge } from './yaml.js';

/**
 * Reads and checks a config. A file that can't be read is an error among the others. Relative paths in the overrides are
 * taken from the working directory.
 */
export async function loadConfig(
  file: string,
  overrides: DaemonOverrides = {},
  environment: Environment = {},
): Promise<ParseResult> {
  const { control, stateDir } = overrides;
  const absolute: DaemonOverrides = {
    ...overrides,
    ...(control !== undefined && control !== '' && { control: resolve(control) }),
    ...(stateDir !== undefined && stateDir !== '' && { stateDir: resolve(stateDir) }),
  };
  return parseConfig(await readConfigFiles(file), absolute, environment);
}

/** The main file and its drop-ins, as `parseConfig` takes them. */
export async function readConfigFiles(file: string): Promise<readonly ConfigFile[]> {
  return [await read(file), ...(await readDropIns(dropInFolder(file)))];
}

/** Where the drop-ins of a main file are. */
export function dropInFolder(file: string): string {
  return join(dirname(file), 'links.d');
}

async function readDropIns(directory: string): Promise<readonly ConfigFile[]> {
  try {
    const names = (await readdir(directory)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
    const files: ConfigFile[] = [];
    for (const name of names) {
      const file = join(directory, name);
      files.push(name.endsWith('.yml') ? { file, failure: 'drop-ins are named *.yaml; rename it' } : await read(file));
    }
    return files;
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? [] : [{ file: directory, failure: failureOf(error) }];
  }
}

async function read(file: string): Promise<ConfigFile> {
  try {
    // Without O_NONBLOCK, a FIFO would keep us waiting for its writer.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await readOpen(file, handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    return { file, failure: failureOf(error) };
  }
}

async function readOpen(file: string, handle: FileHandle): Promise<ConfigFile> {
  const stat = await handle.stat();
  if (stat.isDirectory()) return { file, failure: 'this is a directory; name a file in it' };
  if (!stat.isFile()) return { file, failure: 'this is not a regular file; a config file has to be one' };
  const octets = Buffer.alloc(maxFileSize + 1);
  let length = 0;
  while (length < octets.length) {
    const { bytesRead } = await handle.read(octets, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length > maxFileSize) return { file, failure: tooLarge };
  // What is not UTF-8 becomes U+FFFD here, which the parser reports with its place.
  return { file, text: new TextDecoder().decode(octets.subarray(0, length)) };
}

function failureOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'the file does not exist; create it, or name another one';
    case 'EACCES':
    case 'EPERM':
      return 'permission to read it was refused; give it to the user that runs this command';
    case 'ENOTDIR':
      return 'this is no directory';
    default:
      return `it cannot be read: ${messageOf(error)}`;
  }
}
