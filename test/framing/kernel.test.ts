/** The kernel against plain JavaScript, on what is long enough for its loops; and that it keeps to its own memory. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concatBytes, formatHex } from '../../src/base/bytes.js';
import type { Codec } from '../../src/framing/codec.js';
import { FrameDecoder } from '../../src/framing/decoder.js';
import { FrameEncoder, maxFrameLength } from '../../src/framing/encoder.js';
import { KernelCodec } from '../../src/framing/kernel-codec.js';
import { KernelMemory } from '../../src/framing/kernel-memory.js';
import { plainCodec } from '../../src/framing/plain-codec.js';
import type { NaiveFraming } from '../support/naive-hdlc.js';
import {
  anyAccm,
  anyChunking,
  anyFraming,
  anyProtocol,
  type DecodedFrame,
  decodeAll,
  encodeFrame,
} from './arbitraries.js';
import { kernel, kernelCodec, within } from './codecs.js';

const maxFrame = 1504;

/** Runs of octets that are all alike, or are random, or need an escape now and then. */
const anyRun: fc.Arbitrary<Uint8Array> = fc
  .record({
    length: fc.oneof(fc.nat(40), fc.nat(500)),
    seed: fc.integer(),
    octets: fc.constantFrom<readonly number[]>([0x7e], [0x7d], [0x41], [0x11, 0x41, 0x7e], [0x7d, 0x5e], []),
    rarely: fc.constantFrom(1, 2, 10, 100),
  })
  .map(({ length, seed, octets, rarely }) => {
    const random = xorshift(seed);
    return Uint8Array.from({ length }, () => {
      if (octets.length === 0) return random() & 0xff;
      return random() % rarely === 0 ? octets[random() % octets.length]! : 0x40 + (random() & 31);
    });
  });

const anyLongPacket = fc.array(anyRun, { maxLength: 5 }).map(concatBytes);

/** Good frames; some with an octet changed, left out or put in; and noise. Some are longer than a receiver takes. */
const anyLongLine: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ packet: anyLongPacket, framing: anyFraming }) },
      { weight: 1, arbitrary: fc.record({ noise: anyRun }) },
    ),
    { maxLength: 5 },
  )
  .chain((parts) =>
    fc
      .array(fc.record({ at: fc.nat(), remove: fc.nat(1), insert: fc.array(fc.nat(255), { maxLength: 2 }) }), {
        maxLength: 3,
      })
      .map((changes) => {
        const line = concatBytes(parts.map((part) => ('noise' in part ? part.noise : frameBy(plainCodec, 0x21, part))));
        return changes.reduce(changed, line);
      }),
  );

function changed(line: Uint8Array, change: { at: number; remove: number; insert: readonly number[] }): Uint8Array {
  const at = change.at % (line.length + 1);
  return concatBytes([line.subarray(0, at), Uint8Array.from(change.insert), line.subarray(at + change.remove)]);
}

function frameBy(codec: Codec, protocol: number, { packet, framing }: { packet: Uint8Array; framing: NaiveFraming }) {
  const encoder = new FrameEncoder({ codec, escape: framing.escape });
  encoder.setFraming(framing.accm, framing.pfc, framing.acfc);
  return encodeFrame(encoder, protocol, packet, codec);
}

describe('the kernel', () => {
  it('writes what plain JavaScript writes', () => {
    fc.assert(
      fc.property(anyProtocol, anyLongPacket, anyFraming, (protocol, packet, framing) => {
        const expected = formatHex(frameBy(plainCodec, protocol, { packet, framing }));
        assert.equal(formatHex(frameBy(kernelCodec, protocol, { packet, framing })), expected);
        const inside = within(kernelCodec, packet);
        assert.equal(formatHex(frameBy(kernelCodec, protocol, { packet: inside, framing })), expected);
      }),
      { numRuns: 500 },
    );
  });

  it('reads and counts what plain JavaScript does', () => {
    fc.assert(
      fc.property(anyLongLine, anyAccm, anyChunking, fc.boolean(), (line, accm, chunking, inPieces) => {
        const pieces = inPieces ? chunking : undefined;
        const expected = everythingOf(plainCodec, line, accm, pieces);
        assert.deepEqual(everythingOf(kernelCodec, line, accm, pieces), expected);
        assert.deepEqual(everythingOf(kernelCodec, within(kernelCodec, line), accm, pieces), expected);
      }),
      { numRuns: 500 },
    );
  });

  it('reads an FCS of any length', () => {
    for (let length = 0; length < 300; length++) {
      const packet = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff);
      const framing = { accm: 0, pfc: true, acfc: true, escape: [] };
      const frame = frameBy(kernelCodec, 0x21, { packet, framing });
      assert.equal(formatHex(frame), formatHex(frameBy(plainCodec, 0x21, { packet, framing })), `${length} octets`);
    }
  });

  it('copies what is not in its memory, however long it is', () => {
    const packet = Uint8Array.from({ length: 20_000 }, (_, i) => (i * 7) & 0xff);
    const frame = frameBy(kernelCodec, 0x21, { packet, framing: { accm: 0, pfc: false, acfc: false, escape: [] } });
    const decoder = new FrameDecoder({ codec: kernelCodec, maxFrame: 20_004 });
    decoder.setAccm(0);
    assert.deepEqual(decodeAll(decoder, frame), [{ protocol: 0x21, packet: [...packet] }]);
  });

  it('writes nowhere but into its frames and receivers', () => {
    const memory = new KernelMemory(kernel, 2 ** 18);
    const codec = new KernelCodec(memory);
    fc.assert(
      fc.property(anyLongPacket, anyLongLine, anyFraming, (packet, line, framing) => {
        const ours = codec.another();
        const [before, out, behind] = [1024, maxFrameLength(packet.length), 1024].map((size) =>
          ours.octets(size).fill(0xa5),
        );
        const encoder = new FrameEncoder({ codec: ours, escape: framing.escape });
        encoder.setFraming(framing.accm, framing.pfc, framing.acfc);
        const decoder = new FrameDecoder({ codec: ours, maxFrame: 200 });
        const last = ours.octets(1024).fill(0xa5);
        const end = encoder.encode(0x21, within(ours, packet), 0, packet.length, out!, 0);
        decodeAll(decoder, within(ours, line));
        for (const guard of [before!, out!.subarray(end), behind!, last])
          assert.ok(guard.every((octet) => octet === 0xa5));
        ours.release();
      }),
      { numRuns: 500 },
    );
    assert.equal(memory.arena.largest, new KernelMemory(kernel, 2 ** 18).arena.largest, 'all is given back');
  });
});

function everythingOf(codec: Codec, line: Uint8Array, accm: number, chunking: readonly number[] | undefined) {
  const decoder = new FrameDecoder({ codec, maxFrame });
  decoder.setAccm(accm);
  const frames: DecodedFrame[] = decodeAll(decoder, line, chunking);
  return { frames, counters: { ...decoder.counters }, sample: [...decoder.sample] };
}

/** Marsaglia's 32-bit generator: the same octets for the same seed. */
function xorshift(seed: number): () => number {
  let state = seed === 0 ? 1 : seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
