/**
 * Tells a key of MPPE that is lost for good from packets that are: the 12 bits of the coherency count go round every 4096 packets,
 * and of a peer that has sent so many which did not arrive nobody knows how often it has changed its key. RFC 3078 §3.1, §8
 */
import type { Millis } from '../../base/clock.js';

/** Packets in a row that can't be decrypted, and for how long: more than a loss takes that mends itself. */
const mostInVain = 16;
const patience: Millis = 5000;

export class LostKey {
  #since: Millis = 0;

  /** The `inARow`-th packet since the last good one could not be decrypted. */
  isLost(inARow: number, now: Millis): boolean {
    if (inARow === 1) this.#since = now;
    return inARow >= mostInVain && now - this.#since >= patience;
  }
}
