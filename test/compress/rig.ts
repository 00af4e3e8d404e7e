/** Both ends of one compressed direction, packets of every kind, and what every method has to keep to. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Compressor, Decompressor, PacketView } from '../../src/compress/coder.js';
import { makeCompressor, makeDecompressor } from '../../src/compress/make.js';
import type { CompressionMethod } from '../../src/compress/method.js';

export interface Plain {
  readonly protocol: number;
  readonly data: Uint8Array;
}

const key = Uint8Array.from({ length: 16 }, (_, i) => 7 * i + 1);

/** Every method, by a name for people. */
export const methods: readonly (readonly [string, CompressionMethod])[] = [
  ['Deflate, 512 octets', { kind: 'deflate', windowBits: 9 }],
  ['Deflate, 32 KB', { kind: 'deflate', windowBits: 15 }],
  ['BSD-Compress, 9 bits', { kind: 'bsd', codeBits: 9 }],
  ['BSD-Compress, 12 bits', { kind: 'bsd', codeBits: 12 }],
  ['BSD-Compress, 15 bits', { kind: 'bsd', codeBits: 15 }],
  ['BSD-Compress, 16 bits', { kind: 'bsd', codeBits: 16 }],
  ['Predictor-1', { kind: 'predictor1' }],
  ['MPPE, 40 bits', { kind: 'mppe', bits: 40, stateless: true, key: key.subarray(0, 8) }],
  ['MPPE, 56 bits', { kind: 'mppe', bits: 56, stateless: true, key: key.subarray(0, 8) }],
  ['MPPE, 128 bits', { kind: 'mppe', bits: 128, stateless: true, key }],
  ['MPPE, 128 bits, stateful', { kind: 'mppe', bits: 128, stateless: false, key }],
];

/** A packet as it goes over the line. */
export interface Carried {
  readonly compressed: boolean;
  readonly protocol: number;
  readonly data: Uint8Array;
}

/** A compressor and the decompressor that belongs to it, with the duties of the data path. */
export class Direction {
  readonly compressor: Compressor;
  readonly decompressor: Decompressor;

  constructor(method: CompressionMethod) {
    this.compressor = makeCompressor(method);
    this.decompressor = makeDecompressor(method);
  }

  send({ protocol, data }: Plain): Carried {
    // Within a larger buffer, as in the pump.
    const buffer = new Uint8Array(data.length + 10).fill(0xee);
    buffer.set(data, 3);
    const octets = this.compressor.compress(protocol, buffer, 3, 3 + data.length);
    if (octets === undefined) return { compressed: false, protocol, data };
    return { compressed: true, protocol: 0xfd, data: octets.buffer.slice(octets.start, octets.end) };
  }

  receive({ compressed, protocol, data }: Carried): Plain | undefined {
    const buffer = new Uint8Array(data.length + 9).fill(0xdd);
    buffer.set(data, 5);
    if (compressed) return copyOf(this.decompressor.decompress(buffer, 5, 5 + data.length));
    this.decompressor.sawPlain(protocol, buffer, 5, 5 + data.length);
    return { protocol, data };
  }

  /** Sends and receives; fails when something else comes out. */
  pass(plain: Plain): Carried {
    const carried = this.send(plain);
    assert.deepEqual(this.receive(carried), plain);
    return carried;
  }

  /** Reset-Request and Reset-Ack. */
  reset(): void {
    this.compressor.reset();
    this.decompressor.reset();
  }
}

function copyOf(view: PacketView | undefined): Plain | undefined {
  return view && { protocol: view.protocol, data: view.buffer.slice(view.start, view.end) };
}

/** An IPv4 packet as far as anyone looks, with what is given behind the header. */
export function ip4(payload: Uint8Array): Plain {
  const data = new Uint8Array(20 + payload.length);
  data[0] = 0x45;
  data[2] = data.length >>> 8;
  data[3] = data.length;
  data.set(payload, 20);
  return { protocol: 0x21, data };
}

const words =
  'the quick brown fox jumps over a lazy dog and runs to GET /index.html HTTP/1.1 200 OK Content-Length'.split(' ');

const text = fc
  .array(fc.constantFrom(...words), { maxLength: 250 })
  .map((list) => new TextEncoder().encode(list.join(' ')).subarray(0, 1480));
const noise = fc.uint8Array({ maxLength: 1480 });
const run = fc.tuple(fc.nat(255), fc.nat(1480)).map(([octet, length]) => new Uint8Array(length).fill(octet));

/** What compresses well, badly and not at all, empty and full packets, of IPv4 and sometimes of other protocols. */
export const packets: fc.Arbitrary<Plain> = fc.oneof(
  { arbitrary: fc.oneof(text, noise, run).map(ip4), weight: 8 },
  {
    arbitrary: fc
      .tuple(fc.constantFrom(0x57, 0x2d, 0x2f, 0x29, 0x4f), fc.oneof(text, noise))
      .map(([protocol, data]) => ({ protocol, data })),
    weight: 2,
  },
);

/** Numbered text packets: alike, and yet each another one. */
export function line(number: number): Plain {
  return ip4(new TextEncoder().encode(`packet ${number}: ${words.slice(number % 7).join(' ')} ${number * number}`));
}
