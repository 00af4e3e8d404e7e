/**
 * The dictionary of BSD-Compress (RFC 1977), the same at both ends at every packet: strings as (prefix code, last octet), in a
 * hash table. The table's size, its hash function and the order of probing are part of the protocol: a receiver of
 * plain packets has to divide them into strings as the sender did.
 */

/** The code that says that the dictionary begins anew. */
export const clearCode = 256;
const firstCode = 257;
/** Codes begin with this many bits and grow with the dictionary. */
const firstBits = 9;
/** Octets between two looks at the ratio. */
const checkGap = 10_000;
/** The ratio has 8 fractional bits. */
const ratioScale = 256;
/** Above this the counts are aged, lest the ratio overflows 31 bits. */
const ratioMax = 0x7fffffff >> 8;
/** In a slot that holds no code: as great as no code is. */
const free = 0xffff;

export class BsdDictionary {
  /** Bits of the next code. */
  bits = firstBits;
  /** The greatest code in use. */
  last = firstCode - 1;
  /** The greatest code that there may be. */
  readonly max: number;
  readonly #shift: number;
  /** By slot: the code less one, and what it stands for. */
  readonly #codes: Uint16Array;
  readonly #prefixes: Uint16Array;
  readonly #suffixes: Uint8Array;
  /** By code: its slot, and the length of its string. */
  readonly #slots: Uint32Array;
  readonly #lengths: Uint16Array;
  /** Where the last search ended. */
  #slot = 0;
  #octetsIn = 0;
  #octetsOut = 0;
  #ratio = 0;
  #checkpoint = checkGap;

  /** `codeBits` is 9 to 16. Throws for others. */
  constructor(codeBits: number) {
    const { slots, shift } = tableOf(codeBits);
    this.max = 2 ** codeBits - 1;
    this.#shift = shift;
    this.#codes = new Uint16Array(slots).fill(free);
    this.#prefixes = new Uint16Array(slots);
    this.#suffixes = new Uint8Array(slots);
    this.#slots = new Uint32Array(this.max + 2);
    this.#lengths = new Uint16Array(this.max + 2).fill(1, 0, 256);
  }

  /** The code for a string and one octet more; undefined when there is none, and `add` may make it. */
  find(prefix: number, octet: number): number | undefined {
    const start = (octet << this.#shift) ^ prefix;
    for (let slot = start; ; slot = this.#step(slot, start)) {
      this.#slot = slot;
      const code = this.#codes[slot]!;
      if (code >= this.last) return undefined;
      if (this.#prefixes[slot] === prefix && this.#suffixes[slot] === octet) return code + 1;
    }
  }

  /** Goes to where `add` will put the string, found or not: a decoder knows that it is new. */
  seek(prefix: number, octet: number): void {
    const start = (octet << this.#shift) ^ prefix;
    this.#slot = start;
    while (this.#codes[this.#slot]! < this.last) this.#slot = this.#step(this.#slot, start);
  }

  /** Makes the next code, at the place of the last search. The dictionary must not be full. */
  add(prefix: number, octet: number): void {
    const slot = this.#slot;
    const code = this.last + 1;
    // The slot that had this code before the dictionary was cleared loses it.
    const former = this.#slots[code]!;
    if (this.#codes[former] === code - 1) this.#codes[former] = free;
    this.#slots[code] = slot;
    this.#codes[slot] = code - 1;
    this.#prefixes[slot] = prefix;
    this.#suffixes[slot] = octet;
    this.#lengths[code] = this.#lengths[prefix]! + 1;
    this.last = code;
  }

  get isFull(): boolean {
    return this.last >= this.max;
  }

  /** The codes in use no longer fit into as many bits. */
  get isTight(): boolean {
    return this.last >= 2 ** this.bits - 1;
  }

  /** Gives the next code a bit more, where it needs one. */
  widen(): void {
    if (this.isTight && !this.isFull) this.bits++;
  }

  /** The length of what `code` stands for. */
  lengthOf(code: number): number {
    return this.#lengths[code]!;
  }

  /** Writes what `code` stands for so that it ends at `end`; returns its first octet. */
  spell(code: number, into: Uint8Array, end: number): number {
    let at = end;
    let rest = code;
    while (rest >= firstCode) {
      const slot = this.#slots[rest]!;
      into[--at] = this.#suffixes[slot]!;
      rest = this.#prefixes[slot]!;
    }
    into[at - 1] = rest;
    return rest;
  }

  /** A packet of so many octets has become so many. */
  count(octetsIn: number, octetsOut: number): void {
    this.#octetsIn += octetsIn;
    this.#octetsOut += octetsOut;
  }

  /** At the end of a packet: clears a full dictionary that no longer does well. Both ends come to the same result. */
  check(): boolean {
    if (this.#octetsIn < this.#checkpoint) return false;
    if (this.#octetsIn >= ratioMax || this.#octetsOut >= ratioMax) {
      this.#octetsIn -= this.#octetsIn >>> 2;
      this.#octetsOut -= this.#octetsOut >>> 2;
    }
    this.#checkpoint = this.#octetsIn + checkGap;
    if (!this.isFull) return false;
    const scaled = this.#octetsIn * ratioScale;
    const ratio = this.#octetsOut === 0 ? scaled : Math.floor(scaled / this.#octetsOut);
    if (ratio < this.#ratio || ratio < ratioScale) {
      this.clear();
      return true;
    }
    this.#ratio = ratio;
    return false;
  }

  /** Forgets all strings; what the slots still hold counts for nothing until its code is made again. */
  clear(): void {
    this.bits = firstBits;
    this.last = firstCode - 1;
    this.#octetsIn = 0;
    this.#octetsOut = 0;
    this.#ratio = 0;
    this.#checkpoint = checkGap;
  }

  #step(slot: number, start: number): number {
    const next = slot + (start === 0 ? 1 : start);
    return next >= this.#codes.length ? next - this.#codes.length : next;
  }
}

function tableOf(codeBits: number): { readonly slots: number; readonly shift: number } {
  switch (codeBits) {
    case 9:
    case 10:
    case 11:
    case 12:
      return { slots: 5003, shift: 4 };
    case 13:
      return { slots: 9001, shift: 5 };
    case 14:
      return { slots: 18_013, shift: 6 };
    case 15:
      return { slots: 35_023, shift: 7 };
    case 16:
      return { slots: 69_001, shift: 8 };
    default:
      throw new Error(`BSD-Compress has no codes of ${codeBits} bits`);
  }
}
