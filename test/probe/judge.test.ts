/** What octets mean: words of modems, frames, prompts, text with and without parity, and what is none of these. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { firstPacket } from '../../src/probe/first-packet.js';
import { judge } from '../../src/probe/judge.js';
import { usualSpeeds } from '../../src/probe/ladder.js';
import { resample } from '../support/uart.js';
import { lcpFrame } from './rig.js';

const octets = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const at = octets('ATQ0V1E0\r');

const cases: readonly [what: string, heard: Uint8Array, sent: readonly Uint8Array[], kind: string][] = [
  ['nothing', octets(''), [], 'silence'],
  ['the result of a command', octets('\r\nOK\r\n'), [at], 'modem'],
  ['the same behind its echo', octets('ATQ0V1E0\r\r\nOK\r\n'), [at], 'modem'],
  ['a call', octets('\r\nRING\r\n'), [], 'modem'],
  ['OK within a sentence', octets('all is OK here\r\n'), [at], 'text'],
  ['OK without its end', octets('\r\nOK'), [at], 'text'],
  ['a prompt of a login', octets('\r\nhost login: '), [octets('\r')], 'login'],
  ['a password that is wanted', octets('\r\nPassword: '), [octets('\r')], 'login'],
  ['a prompt of a shell', octets('\r\nann@host:~$ '), [octets('\r')], 'console'],
  ['a bare prompt', octets('\r\n> '), [octets('\r')], 'console'],
  ['a prompt with colours', octets('\r\n\x1b[01;32mann@host\x1b[0m# '), [octets('\r')], 'console'],
  ['text with UTF-8', Buffer.from('Grüße aus Köln\r\n'), [], 'text'],
  ['text of another character set', octets('Gr\xfc\xdfe von gegen\xfcber \xe4\xf6\xfc\xe4\xf6\xfc\r\n'), [], 'noise'],
  ['a frame', lcpFrame(1, 1, []), [], 'ppp'],
  ['our own frame', firstPacket(7), [firstPacket(7)], 'echo'],
  ['our own frame and another', Buffer.concat([firstPacket(7), lcpFrame(2, 1, [])]), [firstPacket(7)], 'ppp'],
  ['an echo and nothing else', octets('\r\nATQ0V1E0\r\n'), [octets('\r'), at], 'echo'],
  ['line ends out of nowhere', octets('\r\n\r\n'), [], 'noise'],
  ['the call of Windows', octets('CLIENTCLIENT'), [], 'windows'],
  ['zeros, as a break brings them', new Uint8Array(20), [], 'noise'],
  ['a single character', octets('x'), [], 'noise'],
];

describe('the judge', () => {
  for (const [what, heard, sent, kind] of cases) {
    it(`takes ${what} for ${kind}`, () => {
      assert.equal(judge(heard, sent).kind, kind);
    });
  }

  for (const [parity, bit] of [
    ['even', (ones: number) => ones % 2],
    ['odd', (ones: number) => (ones + 1) % 2],
    ['mark', () => 1],
  ] as const) {
    it(`reads text with ${parity} parity`, () => {
      const heard = octets('\r\nhost login: ').map((octet) => octet | (bit(count(octet)) << 7));
      const meaning = judge(heard, []);
      assert.ok(meaning.kind === 'login', meaning.kind);
      assert.deepEqual([meaning.parity, meaning.screen], [parity, ['host login:']]);
    });
  }

  it('shows nothing that a terminal would obey', () => {
    const meaning = judge(octets('\x1b]0;title\x07\x07evil\x9b text of a console\r\nmore> '), []);
    assert.ok('screen' in meaning);
    assert.doesNotMatch(meaning.screen.join(''), /\p{Cc}/u);
  });

  it('never throws, whatever was heard and sent', () => {
    const some = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(some, fc.array(some, { maxLength: 4 }), (heard, sent) => {
        assert.doesNotThrow(() => judge(heard, sent));
      }),
    );
  });

  it('finds no frame and no prompt in text that came at another speed', () => {
    const text = octets('\r\nDebian GNU/Linux 12 depot ttyS0\r\n\r\ndepot login: ');
    for (const from of usualSpeeds) {
      for (const to of usualSpeeds.filter((speed) => speed !== from)) {
        const { kind } = judge(resample(text, from, to), []);
        assert.ok(kind === 'noise' || kind === 'silence', `${from} at ${to}: ${kind}`);
      }
    }
  });
});

function count(octet: number): number {
  return Array.from({ length: 8 }, (_, i) => (octet >> i) & 1).reduce((a, b) => a + b, 0);
}
