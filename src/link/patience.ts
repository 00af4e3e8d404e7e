/** Waits that have an end, for what ought to be quick. */
import type { Millis, Scheduler, Timer } from '../base/clock.js';

/** The longest wait for a line to close, or for the worker to let go of it. */
const patienceMs = 2500;
/** A modem that is hung up by `+++` has two guard times. */
export const modemPatienceMs = 4000;

export class Patience {
  readonly #scheduler: Scheduler;
  readonly #complain: (message: string) => void;
  readonly #longest: Millis;

  constructor(scheduler: Scheduler, complain: (message: string) => void, longest: Millis = patienceMs) {
    this.#longest = longest;
    this.#scheduler = scheduler;
    this.#complain = complain;
  }

  /** Waits for the work, or complains and goes on without it. */
  async wait(work: Promise<unknown>, complaint: string): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#scheduler.after(this.#longest, () => {
        this.#complain(complaint);
        resolve();
      });
    });
    await Promise.race([work, late]).finally(() => timer?.cancel());
  }
}
