/** docs/interoperability.md is what a run has written of the cases as they are now, and none of them failed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { topics } from './cases/index.js';
import { docPath, render } from './report.js';

describe('docs/interoperability.md', () => {
  const written = readFileSync(docPath, 'utf8');
  const [, date = '', versions = ''] =
    /^Run on (\d{4}-\d{2}-\d{2}): (linkd .+, pppd .+, Linux .+)\. \d+ of/m.exec(written) ?? [];

  it('says when it was written, and what ran', () => {
    assert.ok(Date.parse(date) > 0 && versions !== '');
  });

  it('has the cases as they are, each passed', () => {
    const results = topics.flatMap((topic) =>
      topic.cases.map(({ name }) => ({ topic: topic.name, name, passed: true, seconds: 0 })),
    );
    assert.equal(written, render(topics, { date, versions, results }));
  });

  it('names no case twice', () => {
    for (const { name, cases } of topics) {
      assert.equal(new Set(cases.map((which) => which.name)).size, cases.length, name);
    }
    assert.equal(new Set(topics.map(({ name }) => name)).size, topics.length);
  });
});
