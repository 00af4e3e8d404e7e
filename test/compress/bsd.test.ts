/** BSD-Compress against a plain LZW that knows nothing of hash tables, and the limits of its codes. RFC 1977 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concatBytes, getU16, parseHex } from '../../src/base/bytes.js';
import { BsdDictionary } from '../../src/compress/bsd-dictionary.js';
import { BsdCompressor, BsdDecompressor } from '../../src/compress/bsd.js';
import { seededRandom } from '../support/random.js';
import { ip4, line, type Plain } from './rig.js';

const clear = 256;

/** LZW with its strings spelt out; it never clears by itself, and so must not be given plain packets once it is full. */
class NaiveDecoder {
  readonly #max: number;
  #strings: Uint8Array[] = [];
  #bits = 9;

  constructor(codeBits: number) {
    this.#max = 2 ** codeBits - 1;
    this.#clear();
  }

  decode(octets: Uint8Array): Uint8Array {
    const out: Uint8Array[] = [];
    let before: Uint8Array | undefined;
    for (let at = 0; at + this.#bits <= 8 * octets.length;) {
      let code = 0;
      for (const end = at + this.#bits; at < end; at++) {
        code = 2 * code + ((octets[at >>> 3]! >>> (7 - (at & 7))) & 1);
      }
      if (code === clear) {
        assert(8 * octets.length - at < 8, 'nothing comes behind a clear');
        this.#clear();
        break;
      }
      const known = this.#strings[code];
      assert(known !== undefined || (code === this.#strings.length && before !== undefined), `code ${code}`);
      const string = known ?? concatBytes([before!, before!.subarray(0, 1)]);
      if (before !== undefined && this.#strings.length <= this.#max) {
        this.#strings.push(concatBytes([before, string.subarray(0, 1)]));
        const last = this.#strings.length - 1;
        if (last >= 2 ** this.#bits - 1 && last < this.#max) this.#bits++;
      }
      out.push(string);
      before = string;
    }
    return concatBytes(out);
  }

  #clear(): void {
    this.#strings = Array.from({ length: 257 }, (_, i) => Uint8Array.of(i));
    this.#bits = 9;
  }
}

function compressed(compressor: BsdCompressor, { protocol, data }: Plain): Uint8Array | undefined {
  const octets = compressor.compress(protocol, data, 0, data.length);
  return octets?.buffer.slice(octets.start, octets.end);
}

for (const codeBits of [9, 10, 12, 13, 14, 15, 16]) {
  describe(`BSD-Compress with codes of ${codeBits} bits`, () => {
    it('is LZW as everyone knows it', () => {
      const compressor = new BsdCompressor(codeBits);
      const decoder = new NaiveDecoder(codeBits);
      let sent = 0;
      for (let i = 0; i < 3000; i++) {
        // Much alike, so that every packet gets smaller even while the dictionary is young.
        const plain = ip4(new TextEncoder().encode(`${'abcd'.repeat(60 + (i % 9))} ${i} ${i * 7}`));
        const octets = compressed(compressor, plain);
        assert(octets, `packet ${i} gets smaller`);
        assert.equal(getU16(octets, 0), i);
        assert.deepEqual(decoder.decode(octets.subarray(2)), concatBytes([Uint8Array.of(0x21), plain.data]));
        sent++;
      }
      assert.equal(sent, 3000);
    });
  });
}

describe('the dictionary', () => {
  it('is cleared at both ends when it no longer does well, by a code or without one', () => {
    const compressor = new BsdCompressor(12);
    const decompressor = new BsdDecompressor(12);
    const random = seededRandom(12);
    let compressedPackets = 0;
    let plainPackets = 0;
    for (let i = 0; i < 6000; i++) {
      const noisy = i % 600 > 450;
      const plain = noisy ? ip4(Uint8Array.from({ length: 500 }, () => random() & 0xff)) : line((i * 31) % 5003);
      const octets = compressed(compressor, plain);
      if (octets === undefined) {
        decompressor.sawPlain(plain.protocol, plain.data, 0, plain.data.length);
        plainPackets++;
        continue;
      }
      const view = decompressor.decompress(octets, 0, octets.length);
      assert(view, `packet ${i}`);
      assert.deepEqual(view.buffer.slice(view.start, view.end), plain.data);
      compressedPackets++;
    }
    assert(compressedPackets > 3000 && plainPackets > 500, `${compressedPackets} and ${plainPackets}`);
  });

  it('clears only when it is full, after 10000 octets, and worse than before', () => {
    const dictionary = new BsdDictionary(9);
    dictionary.count(9999, 5000);
    assert.equal(dictionary.check(), false);
    dictionary.count(1, 0);
    assert.equal(dictionary.check(), false, 'not full');
    for (let octet = 0; !dictionary.isFull; octet++) {
      assert.equal(dictionary.find(octet & 0xff, octet >>> 8), undefined);
      dictionary.add(octet & 0xff, octet >>> 8);
    }
    dictionary.count(10_000, 5000);
    assert.equal(dictionary.check(), false, 'the first ratio');
    dictionary.count(10_000, 9000);
    assert.equal(dictionary.check(), true, 'a worse one');
    assert.equal(dictionary.last, 256);
    assert.equal(dictionary.bits, 9);
  });

  it('has no codes of other lengths', () => {
    for (const bits of [8, 17, 12.5]) assert.throws(() => new BsdDictionary(bits));
  });
});

describe('codes that make no sense', () => {
  const cases: [string, string][] = [
    ['no code', '00 00'],
    ['half a code', '00 00 11'],
    ['another sequence number', '00 01 10 80 01'],
    ['a code that there is not', '00 00 ff 80'],
    ['a code that would be new, but is the first', '00 00 80 ff'],
    ['a clear with something behind it', '00 00 80 00 10 80'],
    ['a protocol that is never compressed', '00 00 08 7f'],
  ];
  for (const [name, octets] of cases) {
    it(`${name}: nothing comes out until the reset`, () => {
      const decompressor = new BsdDecompressor(12);
      const bad = parseHex(octets);
      assert.equal(decompressor.decompress(bad, 0, bad.length), undefined);
      const good = compressed(new BsdCompressor(12), ip4(new Uint8Array(100)));
      assert(good);
      assert.equal(decompressor.decompress(good, 0, good.length), undefined);
      decompressor.reset();
      assert(decompressor.decompress(good, 0, good.length));
    });
  }
});
