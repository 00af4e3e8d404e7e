/**
 * One direction of a cable, without the I/O: how many octets it may carry by now, and what becomes of them on the way. Time
 * and randomness come in, so tests run it in virtual time; `null-modem.ts` runs it for real.
 */
import type { Millis } from '../../src/base/clock.js';

/** What can happen to an octet on the way: shares of all octets, 0 to 1. */
export interface Disturbance {
  /** One of its bits is flipped. */
  readonly damage: number;
  /** It never arrives. */
  readonly loss: number;
}

export interface WireCounters {
  /** Octets that the sender got rid of. What became of them: */
  readonly taken: number;
  readonly delivered: number;
  readonly damaged: number;
  readonly lost: number;
  /** Sent while the cable was pulled. */
  readonly swallowed: number;
  /** Arrived where nobody has the port open. */
  readonly unheard: number;
}

/** 8 data bits, no parity, 1 stop bit: ten bits an octet. */
const BITS_PER_OCTET = 10;
/** What a wire at rest may carry at once: the FIFO of a 16550A. */
const FIFO_OCTETS = 16;
/** A busy wire makes up for the time that its timer came late, up to so much: what the scheduler takes must not slow the line. */
const CATCH_UP_MS = 50;

export class Wire {
  readonly #octetsPerMs: number;
  readonly #random: () => number;
  readonly #catchUpMs: Millis;
  #disturbance: Disturbance = { damage: 0, loss: 0 };
  #pulled = false;
  #credit = 0;
  #countedAt: Millis | undefined;
  #resting = true;
  readonly #counters = { taken: 0, delivered: 0, damaged: 0, lost: 0, swallowed: 0, unheard: 0 };

  /** `baud` undefined: no limit. `random` gives numbers from 0 to below 1. */
  constructor(baud: number | undefined, random: () => number, catchUpMs: Millis = CATCH_UP_MS) {
    this.#octetsPerMs = baud === undefined ? Infinity : baud / BITS_PER_OCTET / 1000;
    this.#random = random;
    this.#catchUpMs = catchUpMs;
  }

  /** How many octets may be taken from the sender now. */
  budget(now: Millis): number {
    if (this.#octetsPerMs === Infinity) return Infinity;
    const elapsed = now - (this.#countedAt ?? now);
    const most = this.#resting ? FIFO_OCTETS : Math.max(FIFO_OCTETS, this.#catchUpMs * this.#octetsPerMs);
    this.#credit = Math.min(this.#credit + elapsed * this.#octetsPerMs, most);
    this.#countedAt = now;
    return Math.floor(this.#credit);
  }

  /** The sender has nothing (more) to send: no credit is saved up beyond a FIFO's worth. */
  rest(): void {
    this.#resting = true;
  }

  /** Takes that many octets over and does to them, in place, what the way does. The number of octets that arrive. */
  carry(octets: Uint8Array, length: number): number {
    this.#resting = false;
    this.#credit -= length;
    this.#counters.taken += length;
    if (this.#pulled) {
      this.#counters.swallowed += length;
      return 0;
    }
    const { damage, loss } = this.#disturbance;
    return damage === 0 && loss === 0 ? length : this.#disturb(octets, length, damage, loss);
  }

  /** What `carry` left has been handed over, or nobody was there to take it. */
  arrived(length: number, heard: boolean): void {
    this.#counters[heard ? 'delivered' : 'unheard'] += length;
  }

  disturb(disturbance: Disturbance): void {
    this.#disturbance = disturbance;
  }

  /** A pulled cable swallows everything, at the line's rate. */
  pull(pulled: boolean): void {
    this.#pulled = pulled;
  }

  counters(): WireCounters {
    return { ...this.#counters };
  }

  #disturb(octets: Uint8Array, length: number, damage: number, loss: number): number {
    let kept = 0;
    for (let i = 0; i < length; i += 1) {
      if (loss > 0 && this.#random() < loss) {
        this.#counters.lost += 1;
        continue;
      }
      let octet = octets[i]!;
      if (damage > 0 && this.#random() < damage) {
        octet ^= 1 << Math.floor(this.#random() * 8);
        this.#counters.damaged += 1;
      }
      octets[kept] = octet;
      kept += 1;
    }
    return kept;
  }
}

/** Numbers from 0 to below 1, the same for the same seed (Marsaglia's xorshift with 32 bits). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0 || 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
