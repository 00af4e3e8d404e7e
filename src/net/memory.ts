/**
 * What linkd changed of others' and has to put back: kept in a file, so that it is put back also after a crash. The file
 * is written before the kernel is touched. It is of use only in the same run of the system and in the same network
 * namespace: with either, the changes go as well.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { codeOf, messageOf, OpError } from '../base/errors.js';
import type { Logger } from '../base/log.js';

const index = z.number().int().positive();
const metric = z.number().int().min(0).max(0xffffffff);

const memorySchema = z.strictObject({
  /** Switches by their paths: of which interface, what they were, were set to, and what the one for all was then. */
  switches: z.record(z.string(), z.strictObject({ index, was: z.number(), set: z.number(), all: z.number() })),
  /** Default routes of others that gave way. */
  defaults: z.array(
    z.strictObject({
      raw: z.string().regex(/^(?:[0-9a-f]{2})+$/),
      text: z.string(),
      /** Where it was. */
      metric,
      /** Where it is: the last of these, or one before it when that change did not come to its end. */
      moved: z.array(metric).min(1),
    }),
  ),
});

const fileSchema = z.strictObject({
  version: z.literal(2),
  boot: z.string(),
  namespace: z.number(),
  ...memorySchema.shape,
});

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

export type Memory = DeepReadonly<z.infer<typeof memorySchema>>;
export type NotedSwitch = Memory['switches'][string];
export type MovedDefault = Memory['defaults'][number];

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
      const { boot, namespace, switches, defaults } = fileSchema.parse(JSON.parse(readFileSync(this.#path, 'utf8')));
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
