/** What the properties of framing are about: any packet, any framing, any chunking; and a decoder drained into a list. */
import fc from 'fast-check';
import { type FrameEncoder, canEscape, maxFrameLength } from '../../src/framing/encoder.js';
import type { Codec } from '../../src/framing/codec.js';
import type { FrameDecoder } from '../../src/framing/decoder.js';
import { plainCodec } from '../../src/framing/plain-codec.js';
import type { NaiveFraming } from '../support/naive-hdlc.js';

/** Octets, the ones that framing is about more often than others. */
export const anyOctet: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 255 }) },
  { weight: 2, arbitrary: fc.constantFrom(0x7e, 0x7d, 0x5e, 0x5d, 0xff, 0x03, 0x00, 0x11, 0x13, 0x20, 0x21) },
);

export const anyPacket: fc.Arbitrary<Uint8Array> = fc
  .array(anyOctet, { maxLength: 80 })
  .map((octets) => Uint8Array.from(octets));

/** Protocol numbers as RFC 1661 §2 allows them; never 00ff, which RFC 1662 §3.2 reserves. */
export const anyProtocol: fc.Arbitrary<number> = fc
  .oneof(
    fc.constantFrom(0x0021, 0x0057, 0x8021, 0xc021, 0x00fd, 0xfe01, 0x0001),
    fc.tuple(fc.nat(0x7f), fc.nat(0x7f)).map(([high, low]) => (high << 9) | (low << 1) | 1),
  )
  .filter((protocol) => protocol !== 0x00ff);

export const anyAccm: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 0xffffffff, 0x000a0000, 0x80000001),
  fc.integer({ min: 0, max: 0xffffffff }),
);

export const anyFraming: fc.Arbitrary<NaiveFraming> = fc.record({
  accm: anyAccm,
  pfc: fc.boolean(),
  acfc: fc.boolean(),
  escape: fc.array(fc.integer({ min: 0, max: 255 }).filter(canEscape), { maxLength: 4 }),
});

/** Lengths to cut a stream into; used again from the first when they run out. */
export const anyChunking: fc.Arbitrary<readonly number[]> = fc.array(fc.integer({ min: 1, max: 40 }), {
  minLength: 1,
  maxLength: 8,
});

export interface DecodedFrame {
  readonly protocol: number;
  readonly packet: readonly number[];
}

/** One frame in an array of its own, written in the memory of the encoder's codec. */
export function encodeFrame(
  encoder: FrameEncoder,
  protocol: number,
  packet: Uint8Array,
  codec: Codec = plainCodec,
): Uint8Array {
  const out = codec.octets(maxFrameLength(packet.length));
  return out.slice(0, encoder.encode(protocol, packet, 0, packet.length, out, 0));
}

/** Feeds a stream in pieces and returns every frame, copied. */
export function decodeAll(
  decoder: FrameDecoder,
  stream: Uint8Array,
  chunking: readonly number[] = [stream.length + 1],
): DecodedFrame[] {
  const frames: DecodedFrame[] = [];
  let at = 0;
  for (let i = 0; at < stream.length; i++) {
    const end = Math.min(at + chunking[i % chunking.length]!, stream.length);
    decoder.push(stream, at, end);
    while (decoder.next()) {
      frames.push({
        protocol: decoder.protocol,
        packet: [...decoder.buffer.subarray(decoder.start, decoder.end)],
      });
    }
    at = end;
  }
  return frames;
}
