/** Deflate against zlib's own streams, which keep their window themselves, as a kernel's PPP does. RFC 1979 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constants, createDeflateRaw, createInflateRaw, type Zlib } from 'node:zlib';
import type { Transform } from 'node:stream';
import { concatBytes, formatHex, getU16, parseHex } from '../../src/base/bytes.js';
import { DeflateCompressor, DeflateDecompressor } from '../../src/compress/deflate.js';
import { seededRandom } from '../support/random.js';
import { ip4, line, type Plain } from './rig.js';

type Stream = Transform & Zlib;

const marker = parseHex('00 00 ff ff');
const random = seededRandom(1979);

/** Text, and now and then noise that can't be made smaller. */
const mixed: readonly Plain[] = Array.from({ length: 300 }, (_, i) =>
  i % 11 === 5 ? ip4(Uint8Array.from({ length: 700 }, () => random() & 0xff)) : line(i),
);

/** What a stream gives for some octets, once flushed. */
async function through(stream: Stream, octets: Uint8Array): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  const take = (part: Buffer): void => void parts.push(part);
  stream.on('data', take);
  stream.write(octets);
  await new Promise<void>((done) => {
    stream.flush(constants.Z_SYNC_FLUSH, done);
  });
  stream.off('data', take);
  return concatBytes(parts);
}

/** A packet behind its compressed Protocol field. */
function whole({ protocol, data }: Plain): Uint8Array {
  return concatBytes([Uint8Array.of(protocol), data]);
}

for (const windowBits of [9, 12, 15]) {
  describe(`Deflate with a window of ${2 ** windowBits} octets`, () => {
    it('is understood by a stream that inflates', async () => {
      const stream: Stream = createInflateRaw({ windowBits });
      const compressor = new DeflateCompressor(windowBits);
      let compressed = 0;
      for (const [sequence, plain] of mixed.entries()) {
        const octets = compressor.compress(plain.protocol, plain.data, 0, plain.data.length);
        if (octets === undefined) {
          // A stored block: how a receiver adds a plain packet to its window (RFC 1979 §2).
          const packet = whole(plain);
          const stored = Uint8Array.of(0, packet.length, packet.length >>> 8, ~packet.length, ~packet.length >>> 8);
          assert.deepEqual(await through(stream, concatBytes([stored, packet])), packet);
          continue;
        }
        compressed++;
        const { buffer, start, end } = octets;
        assert.equal(getU16(buffer, start), sequence);
        assert.deepEqual(await through(stream, concatBytes([buffer.subarray(start + 2, end), marker])), whole(plain));
      }
      stream.destroy();
      assert(compressed > 200);
    });

    it('understands a stream that deflates', async () => {
      const stream: Stream = createDeflateRaw({ windowBits });
      const decompressor = new DeflateDecompressor(windowBits);
      for (const [sequence, plain] of mixed.entries()) {
        const deflated = await through(stream, whole(plain));
        assert.equal(formatHex(deflated.subarray(-4)), formatHex(marker));
        if (deflated.length - 2 >= plain.data.length) {
          decompressor.sawPlain(plain.protocol, plain.data, 0, plain.data.length);
          continue;
        }
        const frame = concatBytes([Uint8Array.of(sequence >>> 8, sequence), deflated.subarray(0, -4)]);
        const view = decompressor.decompress(frame, 0, frame.length);
        assert(view, `packet ${sequence}`);
        assert.equal(view.protocol, plain.protocol);
        assert.deepEqual(view.buffer.slice(view.start, view.end), plain.data);
      }
      stream.destroy();
    });
  });
}

describe('the Protocol field within Deflate', () => {
  it('is one octet where it can be, and taken in either form', async () => {
    for (const [field, protocol] of [
      ['21', 0x21],
      ['0021', 0x21],
      ['0281', 0x281],
    ] as const) {
      const stream: Stream = createDeflateRaw();
      const deflated = await through(stream, concatBytes([parseHex(field), parseHex('45 00')]));
      stream.destroy();
      const frame = concatBytes([Uint8Array.of(0, 0), deflated.subarray(0, -4)]);
      const view = new DeflateDecompressor(15).decompress(frame, 0, frame.length);
      assert.equal(view?.protocol, protocol);
    }
  });
});

describe('the sequence number', () => {
  it('begins at 0, counts plain packets too, wraps, and begins again after a reset', () => {
    const compressor = new DeflateCompressor(9);
    const text = ip4(new Uint8Array(60).fill(0x61));
    const noise = new Uint8Array(3);
    const sequence = (): number => {
      const octets = compressor.compress(text.protocol, text.data, 0, text.data.length);
      assert(octets);
      return getU16(octets.buffer, octets.start);
    };
    assert.equal(sequence(), 0);
    assert.equal(compressor.compress(0x21, noise, 0, 3), undefined);
    assert.equal(sequence(), 2);
    compressor.reset();
    assert.equal(sequence(), 0);
    assert.equal(compressor.compress(0x8021, noise, 0, 3), undefined);
    assert.equal(sequence(), 1, 'control packets are not counted');
  });
});
