/**
 * When to ask the peer for a reset of its compressor: at once for the first damaged packet, and again, by the same Identifier
 * and with growing pauses, as long as packets are still damaged. RFC 1962 §3.1, RFC 1979 §2
 */
import type { Millis } from '../../base/clock.js';

/** The pause after a Reset-Request, until an answer has shown how long the way is: then twice as long as that. */
const unknownPause: Millis = 300;
const shortestPause: Millis = 200;
const longestPause: Millis = 3000;
/** Reset-Requests without an answer before something else has to be done. */
const mostRequests = 8;

/** What to do now. */
export type ResetStep = 'ask' | 'repeat' | 'give-up' | undefined;

export class Resets {
  #asked = 0;
  #damagedSince = false;
  #deadline: Millis | undefined;
  #askedAt: Millis | undefined;
  #pause = unknownPause;

  /** A packet was damaged. */
  damaged(now: Millis): ResetStep {
    this.#damagedSince = true;
    return this.#deadline === undefined ? this.#step(now) : undefined;
  }

  /** The peer has answered. An answer to a repeated request says nothing of the time that it took. */
  answered(now: Millis): void {
    if (this.#asked === 1 && this.#askedAt !== undefined) {
      this.#pause = Math.min(longestPause, Math.max(shortestPause, 2 * (now - this.#askedAt)));
    }
    this.clear();
  }

  /** Another damaged packet is a new matter. */
  clear(): void {
    this.#asked = 0;
    this.#damagedSince = false;
    this.#deadline = undefined;
    this.#askedAt = undefined;
  }

  nextTimeout(): Millis | undefined {
    return this.#deadline;
  }

  /** Asks no more when nothing has been damaged since: MPPE is mended without an answer. RFC 3078 §8.2 */
  timeout(now: Millis): ResetStep {
    if (this.#deadline === undefined || now < this.#deadline) return undefined;
    this.#deadline = undefined;
    if (this.#damagedSince) return this.#step(now);
    this.#asked = 0;
    return undefined;
  }

  #step(now: Millis): ResetStep {
    if (this.#asked >= mostRequests) {
      this.clear();
      return 'give-up';
    }
    const doublings = Math.max(0, this.#asked - 1);
    this.#deadline = now + Math.min(longestPause, this.#pause * 2 ** doublings);
    this.#damagedSince = false;
    this.#askedAt ??= now;
    return this.#asked++ === 0 ? 'ask' : 'repeat';
  }
}
