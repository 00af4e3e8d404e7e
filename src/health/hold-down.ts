/**
 * How long a failure has to stand before the next change is believed. The first failure after a calm time costs nothing
 * beyond the rounds that the config asks for; each further one doubles the wait, so that a host that comes and goes moves
 * the traffic a few times an hour at most. Time in good health takes the doublings back one by one.
 */
import type { Millis } from '../base/clock.js';

/** The wait after the second failure. */
const firstHoldMs = 30_000;
const longestHoldMs = 30 * 60_000;
/** Good health that takes one doubling back. */
const calmMs = 10 * 60_000;
const topLevel = 1 + Math.ceil(Math.log2(longestHoldMs / firstHoldMs));

export class HoldDown {
  /** Failures that are not forgotten yet. */
  #level = 0;
  #until: Millis = -Infinity;
  #healthySince: Millis | undefined;

  /** Until when nothing changes. */
  get until(): Millis {
    return this.#until;
  }

  failed(now: Millis): void {
    this.pause(now);
    const hold = this.#level === 0 ? 0 : Math.min(firstHoldMs * 2 ** (this.#level - 1), longestHoldMs);
    this.#until = now + hold;
    this.#level = Math.min(this.#level + 1, topLevel);
  }

  /** Good health is proven from now on. */
  healthy(now: Millis): void {
    this.#healthySince ??= now;
  }

  /** Nothing is known from now on; what was calm until now counts. */
  pause(now: Millis): void {
    if (this.#healthySince === undefined) return;
    this.#level = Math.max(0, this.#level - Math.floor((now - this.#healthySince) / calmMs));
    this.#healthySince = undefined;
  }
}
