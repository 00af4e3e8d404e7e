/**
 * What linkd changed of others' and has to put back: kept in a file, so that it is put back also after a crash. The file
 * is written before the kernel is touched. It is of use only in the same run of the system and in the same network
 * namespace: with either, the changes go as well.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf, OpError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { exactly, isNumber, isText, list, matching, oneOf, record, whole } from '../base/shape.js';

/** A switch: of which interface it is, what it was, was set to, and what the one for all was then. */
export interface NotedSwitch {
  readonly index: number;
  readonly was: number;
  readonly set: number;
  readonly all: number;
}

/** A default route of others that gave way. */
export interface MovedDefault {
  /** As the kernel had it, in hexadecimal. */
  readonly raw: string;
  readonly text: string;
  /** Where it was. */
  readonly metric: number;
  /** Where it is: the last of these, or one before it when that change did not come to its end. */
  readonly moved: readonly number[];
}

export interface Memory {
  /** By their paths. */
  readonly switches: Readonly<Record<string, NotedSwitch>>;
  readonly defaults: readonly MovedDefault[];
}

interface File extends Memory {
  readonly version: 2;
  readonly boot: string;
  readonly namespace: number;
}

const metric = whole(0, 0xffffffff);
const metrics = list(metric);

const isFile = exactly<File>({
  version: oneOf(2),
  boot: isText,
  namespace: isNumber,
  switches: record(exactly({ index: whole(1), was: isNumber, set: isNumber, all: isNumber })),
  defaults: list(
    exactly({
      raw: matching(/^(?:[0-9a-f]{2})+$/),
      text: isText,
      metric,
      moved: (value): value is readonly number[] => metrics(value) && value.length > 0,
    }),
  ),
});

export const nothingToRemember: Memory = { switches: {}, defaults: [] };

export class MemoryFile {
  readonly #path: string;
  readonly #where: { readonly boot: string; readonly namespace: number };
  #memory: Memory;

  /** Reads `net.json` in the state directory. What can't be read is reported, and taken for nothing. */
  constructor(stateDir: string, log: Logger) {
    this.#path = join(stateDir, 'net.json');
    this.#where = {
      boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      namespace: statSync('/proc/self/ns/net').ino,
    };
    this.#memory = this.#read(log);
  }

  get memory(): Memory {
    return this.#memory;
  }

  /**
   * Another memory, written at once; a process that is killed leaves the old file or the new one. Throws an OpError when
   * it can't be written, and then remembers what it did before.
   */
  write(memory: Memory): void {
    const text = serialize(memory);
    if (text === serialize(this.#memory)) return;
    try {
      if (text === serialize(nothingToRemember)) {
        rmSync(this.#path, { force: true });
      } else {
        const beside = `${this.#path}.new`;
        writeFileSync(beside, `${JSON.stringify({ version: 2, ...this.#where, ...memory }, undefined, 2)}\n`);
        renameSync(beside, this.#path);
      }
    } catch (error) {
      const remedy =
        'What linkd changes of the system is noted there first; give it a state directory that it can write';
      throw new OpError('write', this.#path, error, remedy);
    }
    this.#memory = memory;
  }

  #read(log: Logger): Memory {
    try {
      const file: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      if (!isFile(file)) throw new Error('this is not what linkd writes there');
      const { boot, namespace, switches, defaults } = file;
      const here = boot === this.#where.boot && namespace === this.#where.namespace;
      return here ? { switches, defaults } : nothingToRemember;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        const message = `cannot read ${this.#path}: what a crash may have left of switches and default routes stays as it is`;
        log.warn({ error: messageOf(error) }, message);
      }
      return nothingToRemember;
    }
  }
}

function serialize({ switches, defaults }: Memory): string {
  return JSON.stringify({ forwarding: Object.entries(switches).sort(), defaults });
}
