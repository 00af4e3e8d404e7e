/** Results for people: a table on the terminal, and docs/performance.md. */
import Table from 'cli-table3';
import { isMet, type Benchmark, type Row } from './benchmark.js';
import type { BenchRecord } from './record.js';

/** The rows of one benchmark, for a terminal. */
export function terminalTable(rows: readonly Row[]): string {
  const table = new Table({ head: ['what', 'linkd', 'target', 'met', 'peers'], style: { head: [], border: [] } });
  for (const row of rows)
    table.push([row.name, figure(row.value, row.unit), targetOf(row), verdict(row), peersOf(row)]);
  return table.toString();
}

/** The whole document. Throws when a benchmark has not run. */
export function document(benches: readonly Benchmark[], recordOf: (name: string) => BenchRecord | undefined): string {
  const sections = benches.map((bench) => {
    const record = recordOf(bench.name);
    if (record === undefined)
      throw new Error(`the benchmark ${bench.name} has not run yet: npm run bench -- --only ${bench.name}`);
    return { bench, record };
  });
  const rows = sections.flatMap(({ record }) => record.result.rows);
  const targets = rows.filter(({ target }) => target !== undefined);
  const missed = targets.filter((row) => isMet(row) === false);
  return [
    ...head,
    `${targets.length - missed.length} of ${targets.length} targets are met.`,
    ...missedSection(missed),
    ...sections.flatMap(({ bench, record }) => section(bench, record)),
    '',
  ].join('\n');
}

const head = [
  '# Performance',
  '',
  'This page is written by a run: `npm run bench -- --write`. Each figure is the median of the runs named below its heading unless its',
  'name says otherwise, and each peer was measured in the same run on the same machine: read ratios, not absolutes. `npm run bench`',
  'shows it on a terminal, `--json` as one array of rows for machines (`bench`, `name`, `value`, `unit`, `target`, `met`, `peers`),',
  '`--only NAME` runs one benchmark, `--runs N` sets how many runs a median is taken of. It needs root, as it makes network',
  'namespaces, and installs the Debian packages that it needs.',
  '',
];

function missedSection(missed: readonly Row[]): string[] {
  if (missed.length === 0) return [];
  const lines = missed.map((row) => {
    const next = row.nextStep === undefined ? '' : ` Next step: ${row.nextStep}`;
    return `- **${row.name}**: ${figure(row.value, row.unit)}, wanted ${targetOf(row)}.${next}`;
  });
  return ['', '## Missed', '', ...lines];
}

function section({ name, title }: Benchmark, { date, machine, runs, result }: BenchRecord): string[] {
  return [
    '',
    `## ${title}`,
    '',
    `\`npm run bench -- --only ${name}\`, ${date}, ${runs} ${runs === 1 ? 'run' : 'runs'}. ${machine}.`,
    '',
    '| what | linkd | target | met | peers |',
    '|---|---|---|---|---|',
    ...result.rows.map((row) => `| ${cellsOf(row).map(escaped).join(' | ')} |`),
    ...(result.notes ?? []).flatMap((note) => ['', note]),
  ];
}

function cellsOf(row: Row): readonly string[] {
  return [row.name, figure(row.value, row.unit), targetOf(row), verdict(row), peersOf(row)];
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|');
}

function targetOf({ target, unit }: Row): string {
  if (target === undefined) return '';
  const of = target.of === undefined ? '' : ` (${target.of})`;
  return `${target.bound} ${figure(target.value, unit)}${of}`;
}

function verdict(row: Row): string {
  const met = isMet(row);
  if (met === undefined) return '';
  return met ? 'yes' : '**no**';
}

function peersOf({ peers = [], unit }: Row): string {
  return peers.map(({ name, value }) => `${name}: ${figure(value, unit)}`).join('; ');
}

/** Three digits that mean something. */
function figure(value: number, unit: string): string {
  const digits =
    Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
  return unit === '' ? digits : `${digits} ${unit}`;
}
