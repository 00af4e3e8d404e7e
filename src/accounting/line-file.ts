/**
 * A file of lines that survives crashes: lines are appended and synced; what a crash tore off at the end is cut off before
 * the next line; the whole is replaced by an atomic rename. It belongs to one process at a time.
 */
import { constants } from 'node:fs';
import { mkdir, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, OpError } from '../base/errors.js';

const newline = 0x0a;
/** Owner and group: who talked when, and how much, is nobody else's business. */
const mode = 0o640;

export class LineFile {
  readonly path: string;
  /** Octets up to the end of the last whole line. */
  #size: number;
  /** There may be something behind the last whole line. */
  #torn: boolean;
  #handle: FileHandle | undefined;

  /** Reads it; no file is an empty one. Throws an OpError when there is one that can't be read. */
  static async read(path: string): Promise<{ file: LineFile; lines: string[]; torn: boolean }> {
    const octets = await readIfThere(path);
    const size = octets.lastIndexOf(newline) + 1;
    const torn = size < octets.length;
    const lines = octets.toString('utf8', 0, size).split('\n').slice(0, -1);
    return { file: new LineFile(path, size, torn), lines, torn };
  }

  private constructor(path: string, size: number, torn: boolean) {
    this.path = path;
    this.#size = size;
    this.#torn = torn;
  }

  get size(): number {
    return this.#size;
  }

  /** Appends whole lines, each with its newline. When it throws (an OpError), nothing was appended. */
  async append(text: string): Promise<void> {
    const octets = Buffer.from(text);
    try {
      this.#handle ??= await this.#open();
      if (this.#torn) await this.#handle.truncate(this.#size);
      this.#torn = true;
      await writeAll(this.#handle, octets, this.#size);
      await this.#handle.datasync();
      this.#torn = false;
      this.#size += octets.length;
    } catch (error) {
      throw new OpError('write', this.path, error, remedyFor(error));
    }
  }

  /** Replaces all of it. When it throws (an OpError), the file is as it was. */
  async replace(text: string): Promise<void> {
    const octets = Buffer.from(text);
    const draft = `${this.path}.new`;
    try {
      await mkdir(dirname(this.path), { recursive: true });
      await writeDraft(draft, octets);
      await rename(draft, this.path);
    } catch (error) {
      throw new OpError('write', draft, error, remedyFor(error));
    }
    this.#size = octets.length;
    this.#torn = false;
    await this.close(); // The old file's.
    await syncFolder(dirname(this.path));
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  /** Moves it out of the way; the next line begins a new one. */
  async setAside(path: string): Promise<void> {
    await rename(this.path, path);
    await this.close();
    this.#size = 0;
    this.#torn = false;
  }

  async #open(): Promise<FileHandle> {
    await mkdir(dirname(this.path), { recursive: true });
    return open(this.path, constants.O_RDWR | constants.O_CREAT, mode);
  }
}

async function readIfThere(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return Buffer.alloc(0);
    throw new OpError('read', path, error);
  }
}

async function writeDraft(path: string, octets: Buffer): Promise<void> {
  const handle = await open(path, 'w', mode);
  try {
    await writeAll(handle, octets, 0);
    await handle.sync();
  } catch (error) {
    // It may be what fills the disk.
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, octets: Buffer, position: number): Promise<void> {
  for (let done = 0; done < octets.length;) {
    const { bytesWritten } = await handle.write(octets, done, octets.length - done, position + done);
    done += bytesWritten;
  }
}

/** Makes a rename last through a power failure. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function remedyFor(error: unknown): string | undefined {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'Make room on that disk';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'The user that runs linkd must be able to write there';
    default:
      return undefined;
  }
}
