/** `+++` within data, silence before and after it (the guard time): the way back to the commands. */
import type { Millis, Scheduler, Timer } from '../../src/base/clock.js';

export class EscapeGuard {
  readonly #scheduler: Scheduler;
  readonly #escaped: () => void;
  #seen = 0;
  #last: Millis = 0;
  #timer: Timer | undefined;

  constructor(scheduler: Scheduler, escaped: () => void) {
    this.#scheduler = scheduler;
    this.#escaped = escaped;
  }

  /** Data begins to flow, or ends. */
  reset(): void {
    this.#timer?.cancel();
    this.#seen = 0;
    this.#last = this.#scheduler.now();
  }

  /** The terminal sent this. A character above 127 can't be seen: there is no escape then. */
  push(octets: Uint8Array, character: number, guard: Millis): void {
    this.#timer?.cancel();
    const now = this.#scheduler.now();
    for (const octet of octets) {
      const pause = now - this.#last;
      this.#last = now;
      if (octet !== character || character > 127) this.#seen = 0;
      else if (this.#seen === 0) this.#seen = pause >= guard ? 1 : 0;
      else if (this.#seen < 3 && (pause < guard || guard === 0)) this.#seen++;
      else this.#seen = 0;
    }
    if (this.#seen === 3) this.#timer = this.#scheduler.after(guard, this.#escaped);
  }
}
