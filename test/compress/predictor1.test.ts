/** Predictor-1: the sample of RFC 1978 §5, the form of its packets, and what a damaged one does. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concatBytes, formatHex, getU16, parseHex } from '../../src/base/bytes.js';
import { Predictor1Compressor, Predictor1Decompressor } from '../../src/compress/predictor1.js';
import { FCS_GOOD, fcs16 } from '../../src/framing/fcs.js';

/** RFC 1978's sample file of seven lines, and what its program makes of it. */
const sample = new TextEncoder().encode('AAAAAAA\nAAAAAAA\nAAAAAAA\nAAAAAAA\nABABABA\nBABABAB\nxxxxxxx\n');
const packed = parseHex(
  '60 41 41 41 41 41 0a  60 41 41 41 41 41 0a  6f 41 0a  6f 41 0a  41 42 41 42 41 42 0a  60 42 41 42 41 42 0a  60 78 78 78 78 78 0a',
);

/** The sample as a packet: its first two octets are the Protocol field, 0x4141. */
function compressed(): Uint8Array {
  const octets = new Predictor1Compressor().compress(0x0041, sample.subarray(2), 0, sample.length - 2);
  assert(octets);
  return octets.buffer.slice(octets.start, octets.end);
}

/** The frame of RFC 1978: length, data, and the CRC over the length and the plain data. */
function frame(plain: Uint8Array, data: Uint8Array, flag: 0 | 0x8000): Uint8Array {
  const length = Uint8Array.of(plain.length >>> 8, plain.length);
  const crc = ~fcs16(concatBytes([length, plain]), 0, 2 + plain.length);
  return concatBytes([Uint8Array.of((flag | plain.length) >>> 8, plain.length), data, Uint8Array.of(crc, crc >>> 8)]);
}

describe('the sample of RFC 1978', () => {
  it('is expanded as the RFC has it', () => {
    // The sample begins with 41, which is a Protocol field of one octet.
    const whole = frame(sample, packed, 0x8000);
    const view = new Predictor1Decompressor().decompress(whole, 0, whole.length);
    assert(view);
    assert.equal(view.protocol, 0x41);
    assert.deepEqual(view.buffer.slice(view.start, view.end), sample.subarray(1));
  });

  it('is packed as the RFC has it, but for the Protocol field', () => {
    const octets = compressed();
    const plain = concatBytes([parseHex('00 41'), sample.subarray(2)]);
    assert.equal(getU16(octets, 0), 0x8000 | plain.length);
    // 00 is what the empty table guesses: the first octet is guessed right, and the rest of the line follows.
    assert.equal(formatHex(octets.subarray(2, 8)), '41 41 41 41 41 41');
    assert.equal(formatHex(octets.subarray(-2)), formatHex(frame(plain, new Uint8Array(0), 0).subarray(-2)));
  });
});

describe('a packet that can not be made smaller', () => {
  it('is carried as it is behind its length, and teaches the table', () => {
    const compressor = new Predictor1Compressor();
    const decompressor = new Predictor1Decompressor();
    const noise = Uint8Array.from({ length: 40 }, (_, i) => (i * 89 + 7) & 0xff);
    const first = compressor.compress(0x21, noise, 0, noise.length);
    assert(first);
    assert.equal(getU16(first.buffer, 0), noise.length + 2);
    assert.equal(first.end - first.start, noise.length + 6);
    assert(decompressor.decompress(first.buffer, first.start, first.end));
    const again = compressor.compress(0x21, noise, 0, noise.length);
    assert(again);
    assert(again.end - again.start < 20, 'the same again is guessed');
    const view = decompressor.decompress(again.buffer, again.start, again.end);
    assert(view);
    assert.deepEqual(view.buffer.slice(view.start, view.end), noise);
  });
});

describe('a damaged Predictor packet', () => {
  const good = frame(sample, packed, 0x8000);
  const cases: [string, Uint8Array][] = [
    ['empty', new Uint8Array(0)],
    ['no CRC', good.subarray(0, 3)],
    ['too short for its length', concatBytes([good.subarray(0, 20), good.subarray(-2)])],
    ['too long for its length', concatBytes([good.subarray(0, -2), parseHex('00'), good.subarray(-2)])],
    ['another octet', good.map((octet, i) => (i === 9 ? octet ^ 1 : octet))],
    ['another CRC', good.map((octet, i) => (i === good.length - 1 ? octet ^ 1 : octet))],
    ['plain, of another length', frame(sample, sample.subarray(1), 0)],
    ['no Protocol field', frame(parseHex('00 02 03'), parseHex('00 02 03'), 0)],
  ];
  for (const [name, octets] of cases) {
    it(`${name}: nothing comes out until the reset`, () => {
      const decompressor = new Predictor1Decompressor();
      assert.equal(decompressor.decompress(octets, 0, octets.length), undefined);
      assert.equal(decompressor.decompress(good, 0, good.length), undefined);
      decompressor.reset();
      assert(decompressor.decompress(good, 0, good.length));
    });
  }

  it('was good: the FCS over all of it is that of a good frame', () => {
    const whole = concatBytes([Uint8Array.of(0, sample.length), sample, good.subarray(-2)]);
    assert.equal(fcs16(whole, 0, whole.length), FCS_GOOD);
  });
});
