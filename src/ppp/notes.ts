/** Bounds how much a session tells: a peer that keeps starting over, or sends nonsense, must not fill a log. */
import type { Millis } from '../base/clock.js';

const burst = 100;
/** One more note may be told every so often. */
const refillMs = 1000;

export class NoteLimit {
  #left = burst;
  #refilledAt: Millis | undefined;
  #suppressed = 0;

  /** True when a note may be told now. */
  take(now: Millis): boolean {
    const since = now - (this.#refilledAt ?? now);
    const refill = Math.floor(since / refillMs);
    if (refill > 0 || this.#refilledAt === undefined) {
      this.#left = Math.min(burst, this.#left + refill);
      this.#refilledAt = (this.#refilledAt ?? now) + refill * refillMs;
    }
    if (this.#left === 0) {
      this.#suppressed++;
      return false;
    }
    this.#left--;
    return true;
  }

  /** How many were held back since the last call. */
  takeSuppressed(): number {
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return suppressed;
  }
}
