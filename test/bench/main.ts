/**
 * npm run bench: runs the benchmarks and shows linkd's figures beside those of its peers.
 *
 *   npm run bench                       all of them, as tables
 *   npm run bench -- --only NAME        one of them; may be given several times
 *   npm run bench -- --json             one array of rows on standard output
 *   npm run bench -- --runs N           a median is taken of N runs (3)
 *   npm run bench -- --write            writes docs/performance.md from the last result of each
 *
 * Ends with 0 when everything ran, whether targets are met or not; with 1 when something could not run.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { root } from '../support/root.js';
import { isMet, type Benchmark, type Result, type Row } from './benchmark.js';
import { benches } from './benches.js';
import { describeMachine } from './machine.js';
import { keepRecord, keptRecord } from './record.js';
import { document, terminalTable } from './report.js';

interface Arguments {
  readonly only?: readonly string[];
  readonly json?: true;
  readonly runs: number;
  readonly write?: true;
}

const names = benches.map(({ name }) => name);
const command = new Command('npm run bench --')
  .addOption(new Option('--only <name...>', 'run only these').choices(names))
  .option('--json', 'one array of rows on standard output')
  .option('--runs <count>', 'how many runs a median is taken of', count, 3)
  .option('--write', 'write docs/performance.md from the last result of each');

await main(command.parse().opts<Arguments>());

async function main({ only, json, runs, write }: Arguments): Promise<void> {
  const say = (line: string): void => {
    console.error(line);
  };
  const machine = describeMachine();
  say(machine);
  const rows: object[] = [];
  for (const bench of benches.filter(({ name }) => only?.includes(name) ?? true)) {
    const result = await measured(bench, runs, say);
    if (result === undefined) continue;
    keepRecord(bench.name, { date: new Date().toISOString().slice(0, 10), machine, runs, result });
    rows.push(...result.rows.map((row) => forMachines(bench, row)));
    if (json !== true) console.log(`\n${bench.title}\n${terminalTable(result.rows)}`);
  }
  if (json === true) console.log(JSON.stringify(rows, undefined, 1));
  if (write === true && process.exitCode === undefined)
    writeFileSync(join(root, 'docs/performance.md'), document(benches, keptRecord));
}

/** Undefined when it could not run, which is said. */
async function measured(bench: Benchmark, runs: number, say: (line: string) => void): Promise<Result | undefined> {
  say(`\n── ${bench.title} ──`);
  try {
    return await bench.run({ runs, say });
  } catch (error) {
    say(`${bench.name} could not run: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exitCode = 1;
    return undefined;
  }
}

function forMachines({ name: bench }: Benchmark, row: Row): object {
  const { name, value, unit, target = null, peers = [] } = row;
  return { bench, name, value, unit, target, met: isMet(row) ?? null, peers };
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('a whole number of runs, 1 or more');
  return number;
}
