/** Text for a terminal: properties over characters that could be obeyed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { printable, printableJson, printableLines } from '../../src/base/printable.js';

/** What a terminal could obey, written down apart from the code under test. */
function isHarmless(text: string): boolean {
  return Array.from(text).every((character) => {
    const code = character.codePointAt(0) ?? 0;
    const control = code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029;
    const bidirectional = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return !control && !bidirectional && !(code >= 0xd800 && code <= 0xdfff);
  });
}

const nasty = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCharCode(code)),
    fc.integer({ min: 0x2000, max: 0x206f }).map((code) => String.fromCharCode(code)),
    fc.integer({ min: 0xd7f0, max: 0xe010 }).map((code) => String.fromCharCode(code)),
    fc.constantFrom('ü', '漢', '😀', '\ufeff', '\u061c', '\u{e0041}'),
  ),
});

describe('printableLines', () => {
  it('keeps the ends of lines, and nothing else that a terminal obeys', () => {
    assert.equal(printableLines('a\tb\n\x1b[2J\r\n'), 'a b\n\\x1b[2J\\x0d\n');
    fc.assert(
      fc.property(nasty, (text) => {
        const lines = printableLines(text).split('\n');
        assert.ok(lines.every(isHarmless));
        assert.equal(lines.length, text.split('\n').length);
      }),
    );
  });
});

describe('printable', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['plain text, ünïcödé, 漢字 and 😀', 'plain text, ünïcödé, 漢字 and 😀'],
    ['\x1b[2Jgone', '\\x1b[2Jgone'],
    ['a\r\nb\tc', 'a\\x0d\\x0ab\\x09c'],
    ['bell\x07 delete\x7f csi\x9b31m', 'bell\\x07 delete\\x7f csi\\x9b31m'],
    ['abc\u202edcba', 'abc\\u202edcba'],
    ['tag \u{e0041}', 'tag \\udb40\\udc41'],
    ['lone \ud800 surrogate', 'lone \\ud800 surrogate'],
  ];
  for (const [text, wanted] of cases) {
    it(`shows ${JSON.stringify(text)} harmlessly`, () => {
      assert.equal(printable(text), wanted);
    });
  }

  it('leaves nothing that a terminal obeys, of any text', () => {
    fc.assert(fc.property(nasty, (text) => isHarmless(printable(text))));
  });

  it('leaves harmless text alone', () => {
    fc.assert(
      fc.property(
        nasty.filter((text) => isHarmless(printable(text)) && printable(text) === text),
        (text) => printable(printable(text)) === text,
      ),
    );
  });

  it('makes JSON harmless without changing what it means', () => {
    fc.assert(
      fc.property(fc.dictionary(nasty, nasty), (value) => {
        const json = printableJson(JSON.stringify(value));
        assert.ok(isHarmless(json));
        assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
