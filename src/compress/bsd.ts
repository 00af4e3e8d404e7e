/**
 * BSD-Compress (RFC 1977): LZW over the packets of a link, headed by a 16-bit sequence number. The Protocol field, one octet, is
 * the first of what is compressed. A packet's end ends a string, but no code is made for it. Plain packets belong to the
 * dictionary: the receiver divides them into strings as the sender did.
 */
import { getU16, putU16 } from '../base/bytes.js';
import { BsdDictionary, clearCode } from './bsd-dictionary.js';
import type { Compressor, Decompressor, Octets, PacketView } from './coder.js';
import { longestPacket } from './packet.js';

/** Octets of the sequence number. */
const header = 2;

/** The protocols that fit into the one octet which the compressed packet begins with. */
function isCompressible(protocol: number): boolean {
  return protocol >= 0x21 && protocol <= 0xf9;
}

export class BsdCompressor implements Compressor {
  readonly #encoder: Encoder;

  constructor(codeBits: number) {
    this.#encoder = new Encoder(new BsdDictionary(codeBits));
  }

  compress(protocol: number, source: Uint8Array, start: number, end: number): Octets | undefined {
    if (!isCompressible(protocol)) return undefined;
    const length = this.#encoder.encode(protocol, source, start, end);
    return length < end - start ? { buffer: this.#encoder.octets, start: 0, end: length } : undefined;
  }

  reset(): void {
    this.#encoder.reset();
  }
}

export class BsdDecompressor implements Decompressor {
  readonly #dictionary: BsdDictionary;
  /** For plain packets; the sequence number is kept here too. */
  readonly #encoder: Encoder;
  readonly #octets = new Uint8Array(longestPacket);
  #damaged = false;

  constructor(codeBits: number) {
    this.#dictionary = new BsdDictionary(codeBits);
    this.#encoder = new Encoder(this.#dictionary);
  }

  decompress(source: Uint8Array, start: number, end: number): PacketView | undefined {
    if (this.#damaged) return undefined;
    const length = this.#expand(source, start, end);
    const protocol = this.#octets[0]!;
    if (length !== undefined && isCompressible(protocol))
      return { protocol, buffer: this.#octets, start: 1, end: length };
    this.#damaged = true;
    return undefined;
  }

  sawPlain(protocol: number, source: Uint8Array, start: number, end: number): void {
    if (!this.#damaged && isCompressible(protocol)) this.#encoder.encode(protocol, source, start, end);
  }

  reset(): void {
    this.#damaged = false;
    this.#encoder.reset();
  }

  /** The length of what comes out; undefined when the codes make no sense. */
  #expand(source: Uint8Array, start: number, end: number): number | undefined {
    if (end - start <= header || getU16(source, start) !== this.#encoder.sequence) return undefined;
    this.#encoder.sequence = (this.#encoder.sequence + 1) & 0xffff;
    const dictionary = this.#dictionary;
    let before = clearCode;
    let length = 0;
    let bits = 0;
    let held = 0;
    let cleared = false;
    for (let at = start + header; at < end; at++) {
      held = (held << 8) | source[at]!;
      bits += 8;
      if (bits < dictionary.bits) continue;
      bits -= dictionary.bits;
      const code = held >>> bits;
      held &= (1 << bits) - 1;
      if (code === clearCode) {
        // Only ever at the end of a packet.
        if (at + 1 < end) return undefined;
        cleared = true;
        break;
      }
      const next = this.#take(code, before, length);
      if (next === undefined) return undefined;
      length = next;
      before = code;
    }
    if (cleared) {
      dictionary.clear();
    } else {
      dictionary.count(length, end - start - header);
      dictionary.check();
    }
    return length === 0 ? undefined : length;
  }

  /** Writes what a code stands for behind the `length` octets that are there, and makes the code that it lets us know. */
  #take(code: number, before: number, length: number): number | undefined {
    const dictionary = this.#dictionary;
    // The string before and its own first octet: a code that the sender has made already, and we are about to.
    const isNew = code > dictionary.last;
    if (isNew && (before === clearCode || code > dictionary.last + 1 || dictionary.isFull)) return undefined;
    const known = isNew ? before : code;
    const end = length + dictionary.lengthOf(known);
    if (end + (isNew ? 1 : 0) > this.#octets.length) return undefined;
    const first = dictionary.spell(known, this.#octets, end);
    if (isNew) this.#octets[end] = first;
    if (before !== clearCode && !dictionary.isFull) {
      dictionary.seek(before, first);
      dictionary.add(before, first);
      dictionary.widen();
    }
    return end + (isNew ? 1 : 0);
  }
}

/** Divides packets into strings; what it writes is only of use to a sender. */
class Encoder {
  readonly #dictionary: BsdDictionary;
  /** What the last packet became, sequence number first. */
  octets = new Uint8Array(2 * longestPacket);
  sequence = 0;
  #at = 0;
  #held = 0;
  #bits = 0;

  constructor(dictionary: BsdDictionary) {
    this.#dictionary = dictionary;
  }

  /** Returns the length of what the packet became. */
  encode(protocol: number, source: Uint8Array, start: number, end: number): number {
    const dictionary = this.#dictionary;
    this.#begin(end - start);
    let string = protocol;
    for (let at = start; at < end; at++) {
      const octet = source[at]!;
      const longer = dictionary.find(string, octet);
      if (longer !== undefined) {
        string = longer;
        continue;
      }
      this.#put(string, dictionary.bits);
      if (!dictionary.isFull) {
        dictionary.widen();
        dictionary.add(string, octet);
      }
      string = octet;
    }
    const { bits } = dictionary;
    this.#put(string, bits);
    dictionary.count(end - start + 1, this.#at - header + (this.#bits > 0 ? 1 : 0));
    if (dictionary.check()) this.#put(clearCode, bits);
    else dictionary.widen(); // as the receiver will
    this.#pad();
    return this.#at;
  }

  reset(): void {
    this.#dictionary.clear();
    this.sequence = 0;
  }

  #begin(length: number): void {
    const needed = header + 2 * (length + 2) + 1;
    if (this.octets.length < needed) this.octets = new Uint8Array(needed);
    putU16(this.octets, 0, this.sequence);
    this.sequence = (this.sequence + 1) & 0xffff;
    this.#at = header;
    this.#held = 0;
    this.#bits = 0;
  }

  /** The most significant bit goes first. */
  #put(code: number, bits: number): void {
    this.#held = (this.#held << bits) | code;
    this.#bits += bits;
    while (this.#bits >= 8) {
      this.#bits -= 8;
      this.octets[this.#at++] = this.#held >>> this.#bits;
      this.#held &= (1 << this.#bits) - 1;
    }
  }

  /** Bits that are left over in the last octet are ones. */
  #pad(): void {
    if (this.#bits === 0) return;
    const rest = 8 - this.#bits;
    this.octets[this.#at++] = (this.#held << rest) | ((1 << rest) - 1);
  }
}
