/** What is told of results: targets judged both ways, the document whole, and every benchmark to be named. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../support/root.js';
import { isMet, median, quantile, type Benchmark, type Row } from './benchmark.js';
import { benches } from './benches.js';
import { document, terminalTable } from './report.js';

const fast: Row = {
  name: 'speed',
  value: 90,
  unit: 'MB/s',
  target: { bound: 'at least', value: 100, of: '2 × C' },
  peers: [{ name: 'C', value: 50 }],
  nextStep: 'less work',
};
const quick: Row = { name: 'delay | p95', value: 12.345, unit: 'ms', target: { bound: 'at most', value: 20 } };
const known: Row = { name: 'to know', value: 1234.5, unit: '' };
const bench: Benchmark = { name: 'one', title: 'The one', run: () => Promise.reject(new Error('not run here')) };
const record = {
  date: '2026-11-22',
  machine: 'a machine',
  runs: 3,
  result: { rows: [fast, quick, known], notes: ['A note.'] },
};

describe('statistics', () => {
  it('takes the middle, and a quantile that is one of the values', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.ok(Number.isNaN(median([])));
    assert.equal(
      quantile(
        Array.from({ length: 100 }, (_, i) => 100 - i),
        0.95,
      ),
      96,
    );
    assert.equal(quantile([7], 1), 7);
  });
});

describe('results', () => {
  it('are judged by their targets', () => {
    assert.equal(isMet(fast), false);
    assert.equal(isMet({ ...fast, value: 100 }), true);
    assert.equal(isMet(quick), true);
    assert.equal(isMet({ ...quick, value: 20.1 }), false);
    assert.equal(isMet(known), undefined);
  });

  it('make a document that says what is missed, and by what', () => {
    const text = document([bench], () => record);
    assert.match(text, /^1 of 2 targets are met\.$/m);
    assert.match(text, /^- \*\*speed\*\*: 90 MB\/s, wanted at least 100 MB\/s \(2 × C\)\. Next step: less work$/m);
    assert.match(text, /^\| speed \| 90 MB\/s \| at least 100 MB\/s \(2 × C\) \| \*\*no\*\* \| C: 50 MB\/s \|$/m);
    assert.match(text, /^\| delay \\\| p95 \| 12\.3 ms \| at most 20 ms \| yes \| {2}\|$/m);
    assert.match(text, /^\| to know \| 1,235 \| {2}\| {2}\| {2}\|$/m);
    assert.match(text, /^A note\.$/m);
  });

  it('make no document while a benchmark has none', () => {
    assert.throws(() => document([bench], () => undefined), /one has not run yet/);
  });

  it('make a table for the terminal', () => {
    assert.match(terminalTable([fast]), /speed.*90 MB\/s.*C: 50 MB\/s/);
  });
});

describe('the benchmarks', () => {
  it('have names of one word, and no two the same', () => {
    const names = benches.map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => !/^[a-z][a-z-]*$/.test(name)),
      [],
    );
    assert.equal(new Set(names).size, names.length);
  });

  it('stand in docs/performance.md, in their order', () => {
    const page = readFileSync(join(root, 'docs/performance.md'), 'utf8');
    const sections = Array.from(page.matchAll(/^## (.*)\n\n`npm run bench -- --only (\S+)`/gm), ([, title, name]) => [
      title,
      name,
    ]);
    assert.deepEqual(
      sections,
      benches.map(({ title, name: only }) => [title, only]),
    );
  });
});
