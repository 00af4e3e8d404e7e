/** The matrix as a table for people, docs/interoperability.md, and where its results lie. */
import { join } from 'node:path';
import { root } from '../support/root.js';
import type { Case, ConfigSection, ConfigValue, Expectation, Topic } from './case.js';

export interface CaseResult {
  readonly topic: string;
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
}

export interface MatrixResult {
  /** `2026-11-22` */
  readonly date: string;
  /** What ran: linkd, and pppd with its kernel. */
  readonly versions: string;
  readonly results: readonly CaseResult[];
}

export const docPath = join(root, 'docs/interoperability.md');
export const resultsPath = join(root, 'dist/interoperability.json');

/** The whole document. What a case is comes from the case itself, what came of it from the result. */
export function render(topics: readonly Topic[], { date, versions, results }: MatrixResult): string {
  const passed = results.filter((result) => result.passed).length;
  const all = topics.flatMap(({ cases }) => cases).length;
  return [
    ...head,
    `Run on ${date}: ${versions}. ${passed} of ${all} cases passed.`,
    ...topics.flatMap((topic) => ['', ...section(topic, results)]),
    '',
  ].join('\n');
}

/** The section of a topic, of which the results don't matter but for the last column. */
function section({ name, about, cases }: Topic, results: readonly CaseResult[]): string[] {
  const outcome = (which: Case): string => {
    const result = results.find((candidate) => candidate.topic === name && candidate.name === which.name);
    if (result === undefined) return '**not run**';
    return result.passed ? 'passed' : '**failed**';
  };
  return [
    `## ${name}`,
    '',
    ...(about === undefined ? [] : [about, '']),
    '| case | linkd | pppd | what is seen | |',
    '|---|---|---|---|---|',
    ...cases.map((which) => `| ${[...cellsOf(which), outcome(which)].join(' | ')} |`),
  ];
}

const head = [
  '# Interoperability',
  '',
  'What linkd does with the real pppd on a real kernel’s PPP. This page is written by the run: `test/interop/matrix.test.ts` plays',
  'every case, and with `LINKD_WRITE_DOCS=1` in the environment it writes what came of it here.',
  '',
  'A case that comes **up** carries traffic: pings each way, and 32 KiB by TCP each way whose SHA-256 is compared at the other end.',
  'A case that doesn’t come up shows the **cause** by which linkd names what is wrong (see [troubleshooting](troubleshooting.md)).',
  'The columns “linkd” and “pppd” have config keys and options beyond those that every case has (addresses, short timers).',
  '',
];

function cellsOf({ name, linkd, global, pppd = [], addresses, expect, late }: Case): string[] {
  const words = [...(addresses === undefined ? [] : [addresses]), ...pppd];
  const seen = [...(late === undefined ? [] : [`${late} comes later;`]), ...describe(expect)];
  return [name, code(flow({ ...global, ...linkd })), code(words.join(' ')), seen.join(' ')].map(cell);
}

function describe(expect: Expectation): string[] {
  if (expect.kind === 'refused') return [code(expect.cause)];
  const { carries = ['IPv4'], session = {}, options = {} } = expect;
  const shown = Object.entries({ ...session, ...options }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${flowValue(value)}`],
  );
  const networks = carries.length === 1 && carries[0] === 'IPv4' ? 'up' : `up with ${carries.join(' and ')}`;
  return [
    shown.length === 0 ? networks : `${networks}: ${code(shown.join(', '))}`,
    ...(expect.first === undefined ? [] : [`; at first ${expect.first.tells}`]),
    ...(expect.then === undefined ? [] : [`; then ${expect.then.tells}`]),
  ];
}

/** YAML's flow style, without the outer braces. */
function flow(section: ConfigSection): string {
  return Object.entries(section)
    .map(([key, value]) => (value === null ? `no ${key}` : `${key}: ${flowValue(value)}`))
    .join(', ');
}

function flowValue(value: ConfigValue): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return isList(value) ? `[${value.map(flowValue).join(', ')}]` : `{${flow(value)}}`;
}

function isList(value: ConfigSection | readonly ConfigValue[]): value is readonly ConfigValue[] {
  return Array.isArray(value);
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(' ;', ';');
}
