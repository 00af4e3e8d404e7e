/** The session key of MPPE and how it changes. RFC 3078 §7.3 */
import { sha1 } from '../base/digest.js';
import { Rc4 } from './rc4.js';

export type MppeBits = 40 | 56 | 128;

/** A session key at one point of its row. Each has exactly one successor. */
export class MppeKey {
  readonly #start: Uint8Array;
  readonly #bits: MppeBits;
  readonly #session: Uint8Array;

  private constructor(start: Uint8Array, bits: MppeBits, session: Uint8Array) {
    this.#start = start;
    this.#bits = bits;
    this.#session = session;
  }

  /** The initial session key. `start` is RFC 3079's start key: 8 octets for 40 and 56 bits, 16 for 128. Throws for others. */
  static first(start: Uint8Array, bits: MppeBits): MppeKey {
    if (start.length !== (bits === 128 ? 16 : 8)) throw new Error(`no key for ${bits} bits`);
    return new MppeKey(start, bits, weakened(newKeyFromSha(start, start), bits));
  }

  /** The key so many changes later. */
  after(changes: number): MppeKey {
    let session = this.#session;
    for (let change = 0; change < changes; change++) session = this.#changed(session);
    return new MppeKey(this.#start, this.#bits, session);
  }

  /** RC4 at its beginning, under this key. */
  cipher(): Rc4 {
    return new Rc4(this.#session);
  }

  #changed(session: Uint8Array): Uint8Array {
    const interim = newKeyFromSha(this.#start, session);
    const changed = interim.slice();
    new Rc4(interim).apply(changed, 0, changed.length);
    return weakened(changed, this.#bits);
  }
}

const pad1 = new Uint8Array(40);
const pad2 = new Uint8Array(40).fill(0xf2);

/** GetNewKeyFromSHA. RFC 3078 §7.3 */
export function newKeyFromSha(start: Uint8Array, session: Uint8Array): Uint8Array {
  return sha1(start, pad1, session, pad2).slice(0, start.length);
}

/** Fewer bits are made by known octets. RFC 3078 §7.3, RFC 3079 §3.1, §3.2 */
function weakened(key: Uint8Array, bits: MppeBits): Uint8Array {
  const known = bits === 40 ? [0xd1, 0x26, 0x9e] : bits === 56 ? [0xd1] : [];
  key.set(known);
  return key;
}
