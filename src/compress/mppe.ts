/**
 * MPPE (RFC 3078): every packet of a network protocol is encrypted by RC4, behind a 12-bit coherency count. Stateless, the key
 * changes with every packet; stateful, RC4 runs on from packet to packet and the key changes every 256 packets, and a lost
 * packet has to be mended by a Reset-Request.
 *
 * Stateful peers differ in what a mended connection goes on with: by the RFC (§8.2) with the same key, in Linux with the next
 * one. A packet whose count ends in ff changes the key for both; so we go on from there, leaving counts out, and
 * what a peer does is found out by trying.
 */
import { getU16, putU16 } from '../base/bytes.js';
import type { Compressor, Decompressor, Octets, PacketView } from './coder.js';
import { MppeKey, type MppeBits } from './mppe-key.js';
import { longestPacket, readPacket } from './packet.js';
import type { Rc4 } from './rc4.js';

/** Bits of the header. RFC 3078 §3.1 */
const flushed = 0x8000;
const encrypted = 0x1000;
const countMask = 0x0fff;
/** A count whose low octet is this changes the key. RFC 3078 §7.2 */
const flag = 0xff;
const header = 2;
/** The Protocol field is encrypted with the packet, and not compressed. */
const protocolField = 2;
/** A count further ahead than this is one that comes late. */
const farthest = 0x0800;
/** Flushed packets in a row that may have been lost, with a peer that changes its key for each. */
const lostFlushes = 6;

/** What MPPE adds to a packet, in octets. */
export const mppeOverhead = header + protocolField;

export interface MppeOptions {
  readonly bits: MppeBits;
  readonly stateless: boolean;
  /** The start key of this direction, from RFC 3079. */
  readonly key: Uint8Array;
}

/** RFC 3078 §3 */
function isEncryptable(protocol: number): boolean {
  return protocol >= 0x21 && protocol <= 0xfa;
}

export class MppeCompressor implements Compressor {
  readonly #stateless: boolean;
  #key: MppeKey;
  #cipher: Rc4;
  /** Of the last packet. The first has 0. */
  #count = countMask;
  #flush = false;
  #octets = new Uint8Array(mppeOverhead + longestPacket);

  constructor({ bits, stateless, key }: MppeOptions) {
    this.#stateless = stateless;
    this.#key = MppeKey.first(key, bits);
    this.#cipher = this.#key.cipher();
  }

  /** Undefined only for protocols that are never encrypted: those are not for users' data. */
  compress(protocol: number, source: Uint8Array, start: number, end: number): Octets | undefined {
    if (!isEncryptable(protocol)) return undefined;
    const length = mppeOverhead + end - start;
    if (this.#octets.length < length) this.#octets = new Uint8Array(length);
    const octets = this.#octets;
    putU16(octets, 0, encrypted | this.#advance());
    putU16(octets, header, protocol);
    octets.set(source.subarray(start, end), mppeOverhead);
    this.#cipher.apply(octets, header, length);
    return { buffer: octets, start: 0, end: length };
  }

  reset(): void {
    this.#flush = true;
  }

  /** The next packet's count, with the flushed bit where the key has been changed for it. */
  #advance(): number {
    this.#count = (this.#count + 1) & countMask;
    if (this.#flush && !this.#stateless) this.#count |= flag;
    this.#flush = false;
    if (!this.#stateless && (this.#count & flag) !== flag) return this.#count;
    this.#key = this.#key.after(1);
    this.#cipher = this.#key.cipher();
    return flushed | this.#count;
  }
}

export class MppeDecompressor implements Decompressor {
  readonly #stateless: boolean;
  #key: MppeKey;
  #cipher: Rc4;
  /** Of the last packet that could be decrypted. */
  #count = countMask;
  /** Stateful: packets are discarded until a flushed one. */
  #damaged = false;
  #octets = new Uint8Array(longestPacket);

  constructor({ bits, stateless, key }: MppeOptions) {
    this.#stateless = stateless;
    this.#key = MppeKey.first(key, bits);
    this.#cipher = this.#key.cipher();
  }

  decompress(source: Uint8Array, start: number, end: number): PacketView | undefined {
    const from = start + header;
    if (end <= from || end - from > longestPacket) return undefined;
    const word = getU16(source, start);
    if ((word & encrypted) === 0) return undefined;
    const count = word & countMask;
    const isFlushed = (word & flushed) !== 0;
    const data = source.subarray(from, end);
    if (this.#stateless) return isFlushed ? this.#takeStateless(count, data) : undefined;
    const packet = isFlushed ? this.#takeFlushed(count, data) : this.#takeNext(count, data);
    this.#damaged = packet === undefined;
    return packet;
  }

  sawPlain(): void {
    // never encrypted, and so no part of the count
  }

  /** Nothing: the next flushed packet puts everything right. RFC 3078 §8.2 */
  reset(): void {
    return;
  }

  /** RFC 3078 §8.1: a change of the key for each packet since. A packet that makes no sense changes nothing. */
  #takeStateless(count: number, data: Uint8Array): PacketView | undefined {
    const ahead = (count - this.#count) & countMask;
    if (ahead === 0 || ahead > farthest) return undefined;
    return this.#try(this.#key.after(ahead), count, data, ahead === 1 ? isLegal : isFamiliar);
  }

  /** In order, and the key is as it was. */
  #takeNext(count: number, data: Uint8Array): PacketView | undefined {
    const expected = (this.#count + 1) & countMask;
    if (this.#damaged || count !== expected || (count & flag) === flag) return undefined;
    this.#count = count;
    return this.#decrypt(this.#cipher, data, isLegal);
  }

  /** RFC 3078 §8.2. How often the peer has changed its key is known but for the changes that are particular to it. */
  #takeFlushed(count: number, data: Uint8Array): PacketView | undefined {
    const changes = ((((count + 1) >>> 8) - ((this.#count + 1) >>> 8)) & 0xf) >>> 0;
    const isFlag = (count & flag) === flag;
    const guesses = isFlag ? [0] : [1, 0];
    for (let more = guesses.length; more <= lostFlushes; more++) guesses.push(more);
    const inOrder = isFlag && count === ((this.#count + 1) & countMask);
    for (const guess of guesses) {
      const key = this.#key.after(changes + guess);
      const packet = this.#try(key, count, data, inOrder ? isLegal : isFamiliar);
      if (packet !== undefined) return packet;
      if (inOrder) break;
    }
    return undefined;
  }

  /** Decrypts by another key; the key is kept when a packet comes out. */
  #try(key: MppeKey, count: number, data: Uint8Array, accept: Judge): PacketView | undefined {
    const cipher = key.cipher();
    const packet = this.#decrypt(cipher, data, accept);
    if (packet === undefined) return undefined;
    this.#key = key;
    this.#cipher = cipher;
    this.#count = count;
    return packet;
  }

  #decrypt(cipher: Rc4, data: Uint8Array, accept: Judge): PacketView | undefined {
    this.#octets.set(data, 0);
    cipher.apply(this.#octets, 0, data.length);
    const packet = readPacket(this.#octets, 0, data.length);
    return packet !== undefined && accept(packet) ? packet : undefined;
  }
}

type Judge = (packet: PacketView) => boolean;

/** A packet that may be encrypted: what comes out under a wrong key is seldom one. */
function isLegal({ protocol }: PacketView): boolean {
  return isEncryptable(protocol);
}

/** A packet of IP, as it is known or with its headers compressed: under a wrong key there is hardly ever one. */
function isFamiliar({ protocol, buffer, start, end }: PacketView): boolean {
  const version = start < end ? buffer[start]! >>> 4 : 0;
  switch (protocol) {
    case 0x21:
      return version === 4;
    case 0x57:
      return version === 6;
    default:
      return protocol === 0x2d || protocol === 0x2f;
  }
}
