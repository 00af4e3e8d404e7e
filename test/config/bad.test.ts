/**
 * The files in bad/ are wrong, each in its way. Their first lines say what linkd has to say of them, all of it:
 * `# error LINE:COLUMN: PATH: MESSAGE`. To see it as a person would: `linkctl check test/config/bad/NAME.yaml`.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { formatConfigErrors } from '../../src/config/format.js';
import { parseConfig } from '../../src/config/parse.js';
import type { ConfigError } from '../../src/config/types.js';
import { root } from '../support/root.js';

const folder = join(root, 'test/config/bad');
const names = readdirSync(folder).sort();

describe('bad configs', () => {
  it('are many', () => {
    assert.ok(names.length >= 180, `only ${names.length}`);
  });

  for (const file of names) {
    it(`${file} is told exactly what is wrong`, () => {
      const text = readFileSync(join(folder, file), 'utf8');
      const result = parseConfig([{ file, text }]);
      const errors = result.ok ? [] : result.errors;
      const found = [
        ...errors.map((error) => expectation('error', error)),
        ...result.warnings.map((warning) => expectation('warning', warning)),
      ];
      assert.deepEqual(found, expectations(text));
      assert.ok(found.length > 0);
    });

    it(`${file} gives away no secret`, () => {
      const result = parseConfig([{ file, text: readFileSync(join(folder, file), 'utf8') }]);
      const shown = formatConfigErrors(result.ok ? [] : result.errors) + formatConfigErrors(result.warnings, 'warning');
      assert.ok(shown.includes('\n      | '), 'no line of the file is shown');
      assert.doesNotMatch(shown, /hunter2/);
    });
  }
});

function expectations(text: string): readonly string[] {
  return text.split('\n').filter((line) => /^# (?:error|warning) /.test(line));
}

function expectation(kind: 'error' | 'warning', { line, column, path, message }: ConfigError): string {
  return `# ${kind} ${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}
