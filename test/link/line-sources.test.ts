/** Which lines PPP may begin on by hand. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config/parse.js';
import { barOf } from '../../src/link/line-sources.js';

const link = 'links:\n  bank: { line: /dev/ttyS0, local: 10.0.0.1, remote: 10.0.0.2, ';

describe('PPP by hand', () => {
  const cases: readonly [config: string, isBarred: boolean][] = [
    ['autostart: on }', false],
    ['answer: {} }', false],
    ['answer: { login: {} }, auth: { secrets: /etc/linkd/secrets } }', true],
    ['answer: { login: {} }, auth: { secrets: /etc/linkd/secrets, require: [pap] } }', false],
  ];
  for (const [text, isBarred] of cases) {
    it(`${isBarred ? 'begins not' : 'begins'} with ${text}`, () => {
      const result = parseConfig([{ file: 'linkd.yaml', text: link + text }]);
      assert.ok(result.ok, JSON.stringify(result));
      const [config] = result.config.links;
      assert.ok(config);
      assert.equal(barOf(config) !== undefined, isBarred);
    });
  }
});
