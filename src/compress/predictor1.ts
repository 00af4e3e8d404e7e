/**
 * Predictor type 1 (RFC 1978): for each octet a table guesses, by the octets before it; of eight octets, a flag octet says which
 * were guessed right, and only the others are sent. Every packet goes through it, behind its length and before its CRC;
 * one that would grow is carried as it is. Packets that went out plain are no part of the table.
 */
import { getU16, putU16 } from '../base/bytes.js';
import { FCS_GOOD, FCS_INIT, fcs16 } from '../framing/fcs.js';
import type { Compressor, Decompressor, Octets, PacketView } from './coder.js';
import { isNetworkLayer, longestPacket, readPacket } from './packet.js';

/** Octets of the length and of the CRC. */
const lengthField = 2;
const crcField = 2;
/** The Protocol field is not compressed here. */
const protocolField = 2;
/** The bit of the length that says: compressed. */
const compressed = 0x8000;

/** What Predictor adds to a packet that it can't make smaller, in octets. */
export const predictorOverhead = lengthField + protocolField + crcField;

export class Predictor1Compressor implements Compressor {
  readonly #table = new GuessTable();
  #plain = new Uint8Array(longestPacket + lengthField + crcField);
  #packed = new Uint8Array(2 * longestPacket);

  compress(protocol: number, source: Uint8Array, start: number, end: number): Octets | undefined {
    const length = protocolField + end - start;
    if (!isNetworkLayer(protocol) || length >= compressed) return undefined;
    this.#makeRoom(length);
    putU16(this.#plain, 0, length);
    putU16(this.#plain, lengthField, protocol);
    this.#plain.set(source.subarray(start, end), lengthField + protocolField);
    const crc = ~fcs16(this.#plain, 0, lengthField + length);
    const packedEnd = this.#table.pack(this.#plain, lengthField, lengthField + length, this.#packed, lengthField);
    if (packedEnd - lengthField < length) {
      putU16(this.#packed, 0, compressed | length);
      return finish(this.#packed, packedEnd, crc);
    }
    return finish(this.#plain, lengthField + length, crc);
  }

  reset(): void {
    this.#table.clear();
  }

  #makeRoom(length: number): void {
    if (this.#plain.length >= length + lengthField + crcField) return;
    this.#plain = new Uint8Array(length + lengthField + crcField);
    this.#packed = new Uint8Array(2 * length);
  }
}

export class Predictor1Decompressor implements Decompressor {
  readonly #table = new GuessTable();
  /** The length, as the CRC covers it, and the packet. */
  readonly #octets = new Uint8Array(lengthField + longestPacket);
  #damaged = false;

  decompress(source: Uint8Array, start: number, end: number): PacketView | undefined {
    if (this.#damaged) return undefined;
    const packet = this.#expand(source, start, end);
    this.#damaged = packet === undefined;
    return packet;
  }

  sawPlain(): void {
    // no part of the table
  }

  reset(): void {
    this.#damaged = false;
    this.#table.clear();
  }

  #expand(source: Uint8Array, start: number, end: number): PacketView | undefined {
    const dataEnd = end - crcField;
    if (dataEnd - start < lengthField) return undefined;
    const flagged = getU16(source, start);
    const length = flagged & ~compressed;
    if (length > longestPacket) return undefined;
    const octets = this.#octets;
    putU16(octets, 0, length);
    const packetEnd = lengthField + length;
    if ((flagged & compressed) !== 0) {
      if (!this.#table.unpack(source, start + lengthField, dataEnd, octets, lengthField, packetEnd)) return undefined;
    } else {
      if (dataEnd - start - lengthField !== length) return undefined;
      octets.set(source.subarray(start + lengthField, dataEnd), lengthField);
      this.#table.learn(octets, lengthField, packetEnd);
    }
    if (fcs16(source, dataEnd, end, fcs16(octets, 0, packetEnd, FCS_INIT)) !== FCS_GOOD) return undefined;
    const packet = readPacket(octets, lengthField, packetEnd);
    return packet !== undefined && isNetworkLayer(packet.protocol) ? packet : undefined;
  }
}

/** By a hash of the octets before: the octet that followed them last. */
class GuessTable {
  readonly #guesses = new Uint8Array(0x1_0000);
  #hash = 0;

  /** Writes `source[start..end)` packed to `into`, from `at`; returns where it ends. */
  pack(source: Uint8Array, start: number, end: number, into: Uint8Array, at: number): number {
    for (let from = start; from < end; from += 8) {
      const flagsAt = at++;
      let flags = 0;
      const upTo = Math.min(from + 8, end);
      for (let i = from; i < upTo; i++) {
        const octet = source[i]!;
        if (this.#guesses[this.#hash] === octet) flags |= 1 << (i - from);
        else into[at++] = octet;
        this.#pass(octet);
      }
      into[flagsAt] = flags;
    }
    return at;
  }

  /** Fills `into[at..stop)` from what is packed in `source[start..end)`; false when that is not of this length. */
  unpack(source: Uint8Array, start: number, end: number, into: Uint8Array, at: number, stop: number): boolean {
    let from = start;
    while (at < stop) {
      if (from >= end) return false;
      const flags = source[from++]!;
      for (let bit = 0; bit < 8 && at < stop; bit++) {
        const guessed = ((flags >>> bit) & 1) === 1;
        if (!guessed && from >= end) return false;
        const octet = guessed ? this.#guesses[this.#hash]! : source[from++]!;
        into[at++] = octet;
        this.#pass(octet);
      }
    }
    return from === end;
  }

  learn(octets: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at++) this.#pass(octets[at]!);
  }

  clear(): void {
    this.#guesses.fill(0);
    this.#hash = 0;
  }

  #pass(octet: number): void {
    this.#guesses[this.#hash] = octet;
    this.#hash = ((this.#hash << 4) ^ octet) & 0xffff;
  }
}

/** Appends the CRC, low octet first like an FCS. */
function finish(octets: Uint8Array, end: number, crc: number): Octets {
  octets[end] = crc;
  octets[end + 1] = crc >>> 8;
  return { buffer: octets, start: 0, end: end + crcField };
}
