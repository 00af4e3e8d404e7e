/** The k-of-n policy: a line is kept while enough of its last intervals were good. RFC 1989 §2.10 */
import type { LqrOptions } from './options.js';

export class Intervals {
  readonly #options: LqrOptions;
  /** The last intervals, newest last: true for a good one. */
  #recent: readonly boolean[] = [];

  constructor(options: LqrOptions) {
    this.#options = options;
  }

  clear(): void {
    this.#recent = [];
  }

  /** `loss` undefined: nothing arrived at all. */
  add(loss: number | undefined): void {
    this.#recent = [...this.#recent, loss !== undefined && loss <= this.#options.maxLoss].slice(-this.#options.of);
  }

  get bad(): number {
    return this.#recent.filter((good) => !good).length;
  }

  /** True once the good ones can't be enough, whatever the rest of the window would bring. */
  get failed(): boolean {
    return this.bad > this.#options.of - this.#options.keep;
  }
}
