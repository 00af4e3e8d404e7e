/**
 * Whole systems as people had them, each with the config that comes out and with what is left: reviewed by eye, and
 * written anew by LINKD_WRITE_SAMPLES=1. Every line of every file is accounted for.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { formatConfigErrors } from '../../src/config/format.js';
import { parseConfig } from '../../src/config/parse.js';
import { readSample, run, samples } from './support.js';

const names = readdirSync(samples).sort();

/** Every secret of the samples. */
const secrets =
  /bedrock rocks|gu3st-pass|4711|s3cret-of-ann|Pa55 word|hush-hush|flintstone-42|with blanks|rubble-rubble|letmein99|anns-own-secret|bobs-own-secret|hunter2-hunter2|8520/;

describe('the samples', () => {
  it('are those that the documentation promises', () => {
    assert.deepEqual(names, [
      'dialup',
      'gsm',
      'null-modem-branch',
      'null-modem-hq',
      'pon',
      'provider',
      'server',
      'windows',
    ]);
  });

  it('have secrets to hide', () => {
    assert.ok(names.every((name) => name.startsWith('null-modem') || secrets.test(JSON.stringify(readSample(name)))));
  });
});

for (const name of names) {
  describe(`the sample ${name}`, () => {
    const imported = run(readSample(name));
    const notes = imported.notes.map((note) => `${note}\n`).join('');

    for (const [file, text] of [
      ['expected.txt', imported.text],
      ['notes.txt', notes],
    ] as const) {
      it(`gives its ${file}`, () => {
        const path = join(samples, name, file);
        if (process.env['LINKD_WRITE_SAMPLES'] === '1') writeFileSync(path, text);
        assert.equal(text, readFileSync(path, 'utf8'));
      });
    }

    it('gives a config that linkd takes', () => {
      const result = parseConfig([{ file: 'linkd.yaml', text: imported.text }]);
      assert.ok(result.ok, result.ok ? '' : formatConfigErrors(result.errors));
      assert.ok(result.config.links.length > 0);
      assert.deepEqual(imported.mistakes, []);
    });

    it('shows no secret', () => {
      assert.doesNotMatch(imported.text + notes, secrets);
    });
  });
}
