/** What is kept of a hook's output, against a model that keeps everything; and that a terminal can show it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { KeptOutput } from '../../src/hooks/kept-output.js';

const HALF = 8192;

function kept(...chunks: readonly Uint8Array[]): KeptOutput {
  const output = new KeptOutput();
  for (const chunk of chunks) output.add(chunk);
  return output;
}

function octets(text: string): Uint8Array {
  return Buffer.from(text);
}

describe('kept output', () => {
  const cases = [
    { name: 'nothing', input: '', expected: '' },
    { name: 'lines, and a tab as a blank', input: 'a\tb\nc\n', expected: 'a b\nc\n' },
    { name: 'the line ends of others', input: 'a\r\nb\r\n', expected: 'a\nb\n' },
    { name: 'a lone carriage return', input: 'a\rb', expected: 'a\\x0db' },
    { name: 'colours, titles and bells', input: '\x1b[31mred\x1b]0;t\x07', expected: '\\x1b[31mred\\x1b]0;t\\x07' },
    { name: 'C1 controls', input: '\u009b2J', expected: '\\x9b2J' },
    { name: 'text that would be reordered', input: 'a\u202eb', expected: 'a\\u202eb' },
    { name: 'other languages', input: 'größe 長さ 📏', expected: 'größe 長さ 📏' },
    { name: 'NUL', input: 'a\0b', expected: 'a\\x00b' },
  ];
  for (const { name, input, expected } of cases) {
    it(`shows ${name}`, () => {
      assert.equal(kept(octets(input)).text, expected);
    });
  }

  it('shows what is not UTF-8', () => {
    assert.equal(kept(Uint8Array.of(0x61, 0xff, 0xfe, 0x62)).text, 'a\ufffd\ufffdb');
  });

  it('is whole up to 16 KiB', () => {
    const text = 'x'.repeat(HALF) + 'y'.repeat(HALF);
    const output = kept(octets(text));
    assert.equal(output.text, text);
    assert.equal(output.truncated, false);
  });

  it('says what it leaves out', () => {
    const output = kept(octets(`${'x'.repeat(HALF)}123${'y'.repeat(HALF)}`));
    assert.equal(output.text, `${'x'.repeat(HALF)}\n[… 3 octets left out …]\n${'y'.repeat(HALF)}`);
    assert.equal(output.truncated, true);
  });

  it('keeps the beginning and the end, in whatever pieces it comes', () => {
    const piece = fc.tuple(fc.nat({ max: 3 * HALF }), fc.integer({ min: 0x21, max: 0x7e }));
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        fc.array(fc.nat({ max: 2 * HALF }), { maxLength: 12 }),
        (parts, cuts) => {
          const whole = Buffer.concat(
            parts.map(([length, character]) => Buffer.alloc(length, `${String.fromCharCode(character)}.-`)),
          );
          const chunks: Buffer[] = [];
          let at = 0;
          for (const cut of cuts) chunks.push(whole.subarray(at, (at += cut)));
          chunks.push(whole.subarray(at));
          const leftOut = whole.length - 2 * HALF;
          const all = whole.toString('latin1');
          const expected =
            leftOut > 0 ? `${all.slice(0, HALF)}\n[… ${leftOut} octets left out …]\n${all.slice(-HALF)}` : all;
          const output = kept(...chunks);
          assert.equal(output.text, expected);
          assert.equal(output.truncated, leftOut > 0);
        },
      ),
    );
  });

  it('never holds what a terminal obeys', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 4 }), (chunks) => {
        assert.doesNotMatch(kept(...chunks).text, /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
