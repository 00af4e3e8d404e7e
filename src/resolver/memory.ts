/** What is taken over, in a file: so that it is put back also after a crash. It is written before the system is touched. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf, OpError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { exactly, isText, oneOf, record } from '../base/shape.js';
import type { ResolverWay } from './options.js';

/** What one link has taken over. */
export interface Taken {
  readonly interface: string;
  readonly way: ResolverWay;
}

interface File {
  readonly version: 1;
  /** By the name of the link. */
  readonly links: Readonly<Record<string, Taken>>;
}

const isTaken = exactly({ interface: isText, way: oneOf<ResolverWay>('systemd-resolved', 'resolvconf', 'file') });
const isFile = exactly<File>({ version: oneOf(1), links: record(isTaken) });

export class ResolverMemory {
  readonly #path: string;
  #links: ReadonlyMap<string, Taken>;

  /** Reads `resolver.json` in the state directory. What can't be read is reported, and taken for nothing. */
  constructor(stateDir: string, log: Logger) {
    this.#path = join(stateDir, 'resolver.json');
    this.#links = this.#read(log);
  }

  get links(): ReadonlyMap<string, Taken> {
    return this.#links;
  }

  /** Undefined: nothing any more. Throws an OpError when it can't be written. */
  set(link: string, taken: Taken | undefined): void {
    const links = new Map(this.#links);
    if (taken === undefined) links.delete(link);
    else links.set(link, taken);
    try {
      if (links.size === 0) rmSync(this.#path, { force: true });
      else
        replaceFile(this.#path, `${JSON.stringify({ version: 1, links: Object.fromEntries(links) }, undefined, 2)}\n`);
    } catch (error) {
      throw new OpError('write', this.#path, error, 'Give linkd a state directory that it can write');
    }
    this.#links = links;
  }

  #read(log: Logger): ReadonlyMap<string, Taken> {
    try {
      const file: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      if (!isFile(file)) throw new Error('this is not what linkd writes there');
      return new Map(Object.entries(file.links));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        const message = `cannot read ${this.#path}: name servers that a crash may have left stay as they are`;
        log.warn({ error: messageOf(error) }, message);
      }
      return new Map();
    }
  }
}

/** A process that is killed leaves the old file or the new one. Throws the system's error. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
