/**
 * The interoperability matrix: linkd and the real pppd on a real kernel's PPP, case by case (below `cases/`), two at a time in
 * one guest. What came of it goes to dist/interoperability.json, and with LINKD_WRITE_DOCS=1 to docs/interoperability.md.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { version } from '../../src/bin/version.js';
import { TempDir } from '../support/daemon.js';
import { Lab } from '../support/netns.js';
import { topics } from './cases/index.js';
import { PppdGuest } from './pppd-guest.js';
import { docPath, render, resultsPath, type CaseResult, type MatrixResult } from './report.js';
import { Stand } from './stand.js';

const STANDS = 2;
const LINES_EACH = 2;
const CASE_MS = 120_000;
/** While cases are being written: only those whose topic and name hold this. Nothing is written down then. */
const only = process.env['LINKD_MATRIX'] ?? '';

describe('linkd and pppd', { concurrency: STANDS }, () => {
  /** What `before` made, the last first. */
  const ends: (() => Promise<void> | void)[] = [];
  const free: Stand[] = [];
  const results: CaseResult[] = [];
  let versions = '';

  before(async () => {
    const lab = await Lab.create();
    ends.unshift(() => lab.close());
    const dir = await TempDir.create();
    ends.unshift(() => dir.dispose());
    const guest = await PppdGuest.boot({ lines: STANDS * LINES_EACH });
    ends.unshift(() => guest.close());
    const theirs = await guest.must('echo "$(pppd --version 2>&1), Linux $(uname -r)"');
    versions = `linkd ${version} on Node ${process.version}, ${theirs.trim()}`;
    for (let index = 0; index < STANDS; index++) {
      const lines = Array.from({ length: LINES_EACH }, (_, line) => index * LINES_EACH + line);
      const stand = await Stand.create({ guest, lab, dir, name: `stand-${index}`, lines });
      ends.unshift(() => stand.close());
      free.push(stand);
    }
  });

  after(async () => {
    for (const end of ends) await end();
    if (only === '') writeDown({ date: new Date().toISOString().slice(0, 10), versions, results });
  });

  for (const topic of topics) {
    for (const which of topic.cases.filter(({ name }) => `${topic.name}: ${name}`.includes(only))) {
      it(`${topic.name}: ${which.name}`, { timeout: CASE_MS }, async () => {
        const stand = free.pop();
        assert.ok(stand, 'there are as many stands as cases at a time');
        const started = performance.now();
        let passed = false;
        try {
          await stand.play(which);
          passed = true;
        } finally {
          free.push(stand);
          const seconds = Math.round((performance.now() - started) / 100) / 10;
          results.push({ topic: topic.name, name: which.name, passed, seconds });
        }
      });
    }
  }
});

function writeDown(result: MatrixResult): void {
  mkdirSync(dirname(resultsPath), { recursive: true });
  writeFileSync(resultsPath, `${JSON.stringify(result, undefined, 1)}\n`);
  if (process.env['LINKD_WRITE_DOCS'] === '1') writeFileSync(docPath, render(topics, result));
}
