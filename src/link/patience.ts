/** Waits that have an end, for what ought to be quick. */
import type { Scheduler, Timer } from '../base/clock.js';

/** The longest wait for a line to close (a modem that is hung up by `+++` has two guard times), or for the worker to let go. */
const patienceMs = 4000;

export class Patience {
  readonly #scheduler: Scheduler;
  readonly #complain: (message: string) => void;

  constructor(scheduler: Scheduler, complain: (message: string) => void) {
    this.#scheduler = scheduler;
    this.#complain = complain;
  }

  /** Waits for the work, or complains and goes on without it. */
  async wait(work: Promise<unknown>, complaint: string): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#scheduler.after(patienceMs, () => {
        this.#complain(complaint);
        resolve();
      });
    });
    await Promise.race([work, late]).finally(() => timer?.cancel());
  }
}
