/**
 * PPP Deflate (RFC 1979): each packet is one run of Deflate, which may refer back to the packets before it, headed by a
 * 16-bit sequence number. Node's zlib has no synchronous stream, so the window is kept here and handed to zlib as the
 * dictionary of every packet. Packets that went out plain belong to the window and are counted as well.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { concatBytes, getU16, putU16 } from '../base/bytes.js';
import type { Compressor, Decompressor, Octets, PacketView } from './coder.js';
import { History } from './history.js';
import { isNetworkLayer, longestPacket, readPacket } from './packet.js';

/** Octets of the sequence number. */
const header = 2;
/** What ends a flushed run; it is left out on the wire. RFC 1979 §2.1 */
const syncMarker = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/** A run fits into one piece of output. */
const chunkSize = 32_768;

export class DeflateCompressor implements Compressor {
  readonly #windowBits: number;
  readonly #history: History;
  #sequence = 0;

  constructor(windowBits: number) {
    this.#windowBits = windowBits;
    this.#history = new History(2 ** windowBits);
  }

  compress(protocol: number, source: Uint8Array, start: number, end: number): Octets | undefined {
    if (!isNetworkLayer(protocol)) return undefined;
    const { dictionary, packet } = this.#history.add(protocol, source, start, end);
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) & 0xffff;
    const deflated = deflateRawSync(packet, {
      windowBits: this.#windowBits,
      dictionary,
      finishFlush: constants.Z_SYNC_FLUSH,
      chunkSize,
    });
    const length = header + deflated.length - syncMarker.length;
    if (length >= end - start) return undefined;
    const octets = new Uint8Array(length);
    putU16(octets, 0, sequence);
    octets.set(deflated.subarray(0, length - header), header);
    return { buffer: octets, start: 0, end: length };
  }

  reset(): void {
    this.#sequence = 0;
    this.#history.clear();
  }
}

export class DeflateDecompressor implements Decompressor {
  readonly #windowBits: number;
  readonly #history: History;
  #sequence = 0;
  #damaged = false;

  constructor(windowBits: number) {
    this.#windowBits = windowBits;
    this.#history = new History(2 ** windowBits);
  }

  decompress(source: Uint8Array, start: number, end: number): PacketView | undefined {
    if (this.#damaged) return undefined;
    const packet = this.#expand(source, start, end);
    this.#damaged = packet === undefined;
    return packet;
  }

  sawPlain(protocol: number, source: Uint8Array, start: number, end: number): void {
    if (this.#damaged || !isNetworkLayer(protocol)) return;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#history.add(protocol, source, start, end);
  }

  reset(): void {
    this.#sequence = 0;
    this.#damaged = false;
    this.#history.clear();
  }

  #expand(source: Uint8Array, start: number, end: number): PacketView | undefined {
    if (end - start <= header || getU16(source, start) !== this.#sequence) return undefined;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    const octets = this.#inflate(concatBytes([source.subarray(start + header, end), syncMarker]));
    if (octets === undefined) return undefined;
    this.#history.append(octets);
    const packet = readPacket(octets, 0, octets.length);
    return packet !== undefined && isNetworkLayer(packet.protocol) ? packet : undefined;
  }

  #inflate(deflated: Uint8Array): Uint8Array | undefined {
    try {
      const { buffer, byteOffset, length } = inflateRawSync(deflated, {
        windowBits: this.#windowBits,
        dictionary: this.#history.dictionary,
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: longestPacket,
      });
      return new Uint8Array(buffer, byteOffset, length);
    } catch {
      return undefined; // the peer's octets are no Deflate, or expand to more than a packet
    }
  }
}
