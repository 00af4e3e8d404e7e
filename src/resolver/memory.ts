/** What is taken over, in a file: so that it is put back also after a crash. It is written before the system is touched. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf, messageOf, OpError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { ResolverWay } from './options.js';

const ways = ['systemd-resolved', 'resolvconf', 'file'] as const satisfies readonly ResolverWay[];

const takenSchema = z.strictObject({ interface: z.string(), way: z.enum(ways) });
const fileSchema = z.strictObject({ version: z.literal(1), links: z.record(z.string(), takenSchema) });

/** What one link has taken over, by its name. */
export type Taken = Readonly<z.infer<typeof takenSchema>>;

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
      return new Map(Object.entries(fileSchema.parse(JSON.parse(readFileSync(this.#path, 'utf8'))).links));
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
