/** Octets copied four at a time into one array, and added up on the way, as the Internet's checksum wants it. Allocates nothing. */

/** Copies into one array. */
export interface Copier {
  /** Copies `source[from..to)` to `at`; throws a RangeError where there is no room. Allocates nothing. */
  copy(source: Uint8Array, from: number, to: number, at: number): void;
  /** As `copy`, and gives the sum of its 16-bit words (RFC 1071), folded or not; an odd octet at the end is a high half. */
  copyAndSum(source: Uint8Array, from: number, to: number, at: number): number;
}

export class OctetCopy implements Copier {
  readonly #target: DataView;
  #sourceBytes: Uint8Array = new Uint8Array(0);
  #source: DataView = new DataView(this.#sourceBytes.buffer);

  /** What is copied goes to this array. */
  constructor(target: Uint8Array) {
    this.#target = new DataView(target.buffer, target.byteOffset, target.byteLength);
  }

  copy(source: Uint8Array, from: number, to: number, at: number): void {
    this.copyAndSum(source, from, to, at);
  }

  copyAndSum(source: Uint8Array, from: number, to: number, at: number): number {
    if (source !== this.#sourceBytes) {
      this.#sourceBytes = source;
      this.#source = new DataView(source.buffer, source.byteOffset, source.byteLength);
    }
    const octets = this.#source;
    const target = this.#target;
    let sum = 0;
    let next = from;
    let out = at;
    for (; next + 4 <= to; next += 4, out += 4) {
      const word = octets.getUint32(next);
      target.setUint32(out, word);
      sum += (word >>> 16) + (word & 0xffff);
    }
    for (let shift = 8; next < to; next++, out++, shift = 8 - shift) {
      const octet = octets.getUint8(next);
      target.setUint8(out, octet);
      sum += octet << shift;
    }
    return sum;
  }
}
