/** A scheduler whose time passes only when the test says so; what is due runs in order of its deadline. */
import type { Millis, Scheduler, Timer } from '../../src/base/clock.js';

interface Entry {
  readonly at: Millis;
  readonly order: number;
  readonly callback: () => void;
}

export class VirtualScheduler implements Scheduler {
  #now: Millis;
  #order = 0;
  readonly #entries = new Set<Entry>();

  /** Starts at an odd time, so that nobody takes 0 for "never". */
  constructor(now: Millis = 1_000_003) {
    this.#now = now;
  }

  now(): Millis {
    return this.#now;
  }

  date(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#now);
  }

  after(delay: Millis, callback: () => void): Timer {
    const entry = { at: this.#now + Math.max(0, delay), order: this.#order++, callback };
    this.#entries.add(entry);
    return { cancel: () => this.#entries.delete(entry) };
  }

  /** How many timers are waiting. */
  get waiting(): number {
    return this.#entries.size;
  }

  /** Runs the next timer that is due within `limit`; false when there is none. */
  step(limit: Millis = Infinity): boolean {
    const next = [...this.#entries].sort((a, b) => a.at - b.at || a.order - b.order)[0];
    if (next === undefined || next.at > this.#now + limit) return false;
    this.#entries.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.callback();
    return true;
  }

  /** Lets time pass, timers and promises in their turn. */
  async pass(duration: Millis): Promise<void> {
    const end = this.#now + duration;
    await settle();
    while (this.step(end - this.#now)) await settle();
    this.#now = end;
  }
}

/** Lets every promise that is ready run, and what follows from it. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
