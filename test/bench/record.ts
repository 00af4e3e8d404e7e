/** What a benchmark gave, kept below dist/bench from run to run: the documentation is made of the last result of each. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from '../support/root.js';
import type { Result } from './benchmark.js';

export interface BenchRecord {
  /** `2026-11-22` */
  readonly date: string;
  /** What it ran on, in a line. */
  readonly machine: string;
  readonly runs: number;
  readonly result: Result;
}

const rowShape = z.object({
  name: z.string(),
  value: z.number(),
  unit: z.string(),
  target: z
    .object({ bound: z.enum(['at least', 'at most']), value: z.number(), of: z.string().exactOptional() })
    .exactOptional(),
  peers: z.array(z.object({ name: z.string(), value: z.number() })).exactOptional(),
  nextStep: z.string().exactOptional(),
});

const recordShape = z.object({
  date: z.string(),
  machine: z.string(),
  runs: z.number(),
  result: z.object({ rows: z.array(rowShape), notes: z.array(z.string()).exactOptional() }),
});

const folder = join(root, 'dist/bench');

export function keepRecord(name: string, record: BenchRecord): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(pathOf(name), JSON.stringify(record, undefined, 1));
}

/** The last one; undefined when it has not run here. */
export function keptRecord(name: string): BenchRecord | undefined {
  return existsSync(pathOf(name)) ? recordShape.parse(JSON.parse(readFileSync(pathOf(name), 'utf8'))) : undefined;
}

function pathOf(name: string): string {
  return join(folder, `${name}.json`);
}
