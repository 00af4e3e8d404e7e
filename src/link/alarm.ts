/** One deadline at a time: setting it anew forgets the one before. */
import type { Millis, Scheduler, Timer } from '../base/clock.js';

export class Alarm {
  readonly #scheduler: Scheduler;
  readonly #ring: () => void;
  #timer: Timer | undefined;

  constructor(scheduler: Scheduler, ring: () => void) {
    this.#scheduler = scheduler;
    this.#ring = ring;
  }

  set(delay: Millis): void {
    this.cancel();
    this.#timer = this.#scheduler.after(delay, () => {
      this.#timer = undefined;
      this.#ring();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
