/**
 * Noise on one direction of a line in memory: bits flip, and whole frames vanish. A frame arrives when its last octet has, and
 * what FCS-16 would let through (one in 65,536 of the damaged frames) is left out and counted: so not one packet that
 * nobody sent may come out at the far end.
 */
import { naiveFcs } from './naive-hdlc.js';

const FLAG = 0x7e;
const ESCAPE = 0x7d;
/** What the FCS of a whole frame with its own FCS comes to. RFC 1662 appendix C.2 */
const GOOD_FCS = 0xf0b8;

export interface NoiseCounts {
  /** Frames with changed bits that arrived. */
  damaged: number;
  /** Frames that vanished. */
  lost: number;
  /** Damaged frames with a right FCS, which are kept back. */
  escaped: number;
}

export class FrameNoise {
  /** The share of bits that arrive changed. */
  bitErrors = 0;
  /** The share of frames that don't arrive at all. */
  lostFrames = 0;
  readonly counts: NoiseCounts = { damaged: 0, lost: 0, escaped: 0 };
  readonly #random: () => number;
  #bitsUntilError = Infinity;
  /** Since the last flag, as they arrive. */
  #frame: number[] = [];
  #isDamaged = false;
  #isLost = false;
  #atStart = true;

  /** `random` gives numbers from 0 to below 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Octets as they are sent; gives those that arrive by now. */
  carry(octets: readonly number[]): readonly number[] {
    const arrived: number[] = [];
    for (const sent of octets) {
      if (sent === FLAG) {
        this.#atStart = true;
        this.#isLost = false;
      } else if (this.#atStart) {
        this.#atStart = false;
        this.#isLost = this.#random() < this.lostFrames;
        if (this.#isLost) this.counts.lost += 1;
      }
      if (this.#isLost) continue;
      const octet = this.#flip(sent);
      this.#isDamaged ||= octet !== sent;
      this.#frame.push(octet);
      if (octet === FLAG) this.#endFrame(arrived);
    }
    return arrived;
  }

  #endFrame(arrived: number[]): void {
    const isDamaged = this.#isDamaged;
    const escapes = isDamaged && hasGoodFcs(this.#frame);
    if (escapes) this.counts.escaped += 1;
    else arrived.push(...this.#frame);
    if (isDamaged) this.counts.damaged += 1;
    this.#frame = [];
    this.#isDamaged = false;
  }

  #flip(octet: number): number {
    if (this.bitErrors === 0) return octet;
    if (this.#bitsUntilError === Infinity) this.#bitsUntilError = this.#pause();
    let flipped = octet;
    while (this.#bitsUntilError < 8) {
      flipped ^= 1 << this.#bitsUntilError;
      this.#bitsUntilError += 1 + this.#pause();
    }
    this.#bitsUntilError -= 8;
    return flipped;
  }

  /** Good bits before the next bad one, of independent errors. */
  #pause(): number {
    return Math.floor(Math.log(1 - this.#random()) / Math.log1p(-this.bitErrors));
  }
}

/** Of the octets before a flag, with an ACCM of 0. */
function hasGoodFcs(octets: readonly number[]): boolean {
  const frame: number[] = [];
  let escaped = false;
  for (const octet of octets.slice(0, -1)) {
    if (octet !== ESCAPE || escaped) frame.push(escaped ? octet ^ 0x20 : octet);
    escaped = octet === ESCAPE && !escaped;
  }
  return frame.length >= 4 && naiveFcs(frame) === GOOD_FCS;
}
