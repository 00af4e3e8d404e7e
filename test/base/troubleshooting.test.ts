/** docs/troubleshooting.md lists every cause with the program's own words. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { causeCodes, causeFacts } from '../../src/base/cause.js';

function projectRoot(from: string): string {
  return existsSync(join(from, 'package.json')) ? from : projectRoot(dirname(from));
}

describe('docs/troubleshooting.md', () => {
  const text = readFileSync(join(projectRoot(import.meta.dirname), 'docs/troubleshooting.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z0-9-]+)` \| (.*?) \| (.*?) \| .*\|$/gm)].map(
    ([, code, summary, remedy]) => [code, summary, remedy],
  );

  for (const code of causeCodes) {
    it(`has ${code}`, () => {
      const { summary, remedy } = causeFacts(code);
      assert.deepEqual(
        rows.find(([listed]) => listed === code),
        [code, summary, remedy],
      );
    });
  }
});
