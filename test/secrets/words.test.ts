/** The words of pppd's files, and their lines, by cases and by properties. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeText } from '../../src/base/text.js';
import { longestWord, readLines } from '../../src/secrets/words.js';

/** Each octet as the character of its number. */
const shown = (text: string | Uint8Array): string[][] =>
  readLines(typeof text === 'string' ? encodeText(text) : text).map((line) =>
    line.map((word) => Array.from(word, (octet) => String.fromCharCode(octet)).join('')),
  );

const cases: readonly (readonly [string, string, readonly (readonly string[])[]])[] = [
  ['nothing', '', []],
  ['white space only', ' \t\n\v\f\r\n', []],
  [
    'words and lines',
    'a b\tc\nd  e\n',
    [
      ['a', 'b', 'c'],
      ['d', 'e'],
    ],
  ],
  ['no newline at the end', 'a b', [['a', 'b']]],
  ['comments, where a word could begin and behind a word', '# x y\na b # c\nd#e\n', [['a', 'b'], ['d']]],
  ['quotes of both kinds, also within a word', `"a b" 'c "d"' e"f g"h\n`, [['a b', 'c "d"', 'ef gh']]],
  ['an empty word', `a "" b\n`, [['a', '', 'b']]],
  ['a hash and a newline within quotes', `"a#b" "c\nd" e\n`, [['a#b', 'c\nd', 'e']]],
  ['escapes of C', String.raw`\a\b\f\n\r\s\t`, [['\u0007\b\f\n\r \t']]],
  ['octal numbers of one to three digits', String.raw`\1010 \7z \0601 \400x`, [['A0', '\u0007z', '01', '']]],
  ['hexadecimal numbers of none to two digits', String.raw`\x41 \x4z \x4142 a\xzb`, [['A', '\u0004z', 'A42', 'a']]],
  ['other characters behind a backslash as themselves', String.raw`\"a\" \# a\ b \\`, [['"a"', '#', 'a b', '\\']]],
  ['escapes within quotes', String.raw`"a\"b" 'a\'b'`, [['a"b', "a'b"]]],
  [
    'a newline behind a backslash as no newline, between words and within',
    'a \\\n b\\\nc d\ne',
    [['a', 'bc', 'd'], ['e']],
  ],
  ['a backslash at the end', 'a b\\', [['a', 'b']]],
  ['quotes that do not end', '"a b\nc', [['a b\nc']]],
  ['nothing between quotes at the very end', 'a ""', [['a']]],
];

describe('the words of a file', () => {
  for (const [what, text, expected] of cases) {
    it(what, () => {
      assert.deepEqual(shown(text), expected);
    });
  }

  it('are cut where they are too long', () => {
    assert.equal(shown('x'.repeat(5000))[0]?.[0]?.length, longestWord);
  });

  it('hold every octet', () => {
    assert.deepEqual(shown(Uint8Array.of(0xff, 0x80, 0x20, 0xc3, 0xa4)), [['\u00ff\u0080', '\u00c3\u00a4']]);
  });

  it('are read from any octets without an exception, and are never longer than the file', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const words = readLines(bytes).flat();
        assert.ok(words.reduce((sum, { length }) => sum + length, 0) <= bytes.length);
      }),
    );
  });

  it('are the ones that were written, quoted by any means', () => {
    const word = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((octets) => octets.map((octet) => octet || 1));
    const quoting = fc.constantFrom('hexadecimal', 'octal', 'double');
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.tuple(word, quoting), { minLength: 1, maxLength: 5 }), { maxLength: 5 }),
        (lines) => {
          const file = lines.map((line) => line.map(([octets, how]) => quote(octets, how)).join(' ')).join('\n') + '\n';
          assert.deepEqual(
            readLines(Uint8Array.from(file, (character) => character.charCodeAt(0))),
            lines.map((line) => line.map(([octets]) => octets)),
          );
        },
      ),
    );
  });
});

/** Each character of the result is an octet. */
function quote(octets: Uint8Array, how: 'hexadecimal' | 'octal' | 'double'): string {
  const escaped = Array.from(octets, (octet) => {
    if (how === 'hexadecimal') return `\\x${octet.toString(16).padStart(2, '0')}`;
    if (how === 'octal') return `\\${octet.toString(8).padStart(3, '0')}`;
    const character = String.fromCharCode(octet);
    return character === '"' || character === '\\' ? `\\${character}` : character;
  }).join('');
  return how === 'double' ? `"${escaped}"` : escaped;
}
