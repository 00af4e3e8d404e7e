/**
 * Who goes first of two that share a line: the one before the other, up to a share of the octets. So a full higher class can't
 * starve the lower one, and a lower one never makes a higher one wait that keeps within its share.
 */
export class Precedence {
  readonly #share: number;
  readonly #burst: number;
  /** Octets that the first may still send ahead; below 0 the second's turn has come. */
  #credit: number;

  /** `share` of the octets, 0 to 1, is the first's; it may run ahead of that by `burst` octets. */
  constructor(share: number, burst: number) {
    this.#share = share;
    this.#burst = burst;
    this.#credit = burst;
  }

  /** It is the first one's turn, where both have something to send. */
  get favoursFirst(): boolean {
    return this.#credit > 0;
  }

  /** So many octets were sent; `alone`: the other had nothing to send, and is owed nothing. */
  sent(isFirst: boolean, octets: number, alone: boolean): void {
    if (!isFirst) this.#credit = Math.min(this.#burst, this.#credit + octets * this.#share);
    else if (!alone) this.#credit = Math.max(-this.#burst, this.#credit - octets * (1 - this.#share));
  }
}
