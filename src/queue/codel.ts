/** CoDel (RFC 8289) on one flow: when a packet has waited too long for too long, it says which ones to drop. */
import type { Millis } from '../base/clock.js';

export interface CodelParameters {
  /** The wait that is fine. */
  readonly targetMs: Millis;
  /** For how long the wait may be longer before it counts as a standing queue. */
  readonly intervalMs: Millis;
  /** A backlog of so many octets is never a standing queue. */
  readonly mtu: number;
}

export class Codel {
  /** When the wait will have been above target for an interval; Infinity while it is below. */
  #aboveUntil: Millis = Infinity;
  #dropping = false;
  /** Drops since the dropping began, and what that number was then. */
  #count = 0;
  #lastCount = 0;
  #dropNext: Millis = -Infinity;

  /**
   * Judges a packet that is about to leave after `sojourn` in the queue, with `backlog` octets of its flow behind it: true
   * when it is to be dropped or marked. After a drop the next packet is judged, after a mark the packet leaves.
   */
  judge(sojourn: Millis, backlog: number, now: Millis, { targetMs, intervalMs, mtu }: CodelParameters): boolean {
    if (sojourn < targetMs || backlog <= mtu) {
      this.reset();
      return false;
    }
    if (this.#aboveUntil === Infinity) this.#aboveUntil = now + intervalMs;
    if (now < this.#aboveUntil) return false;

    if (!this.#dropping) {
      // RFC 8289 §5: having dropped not long ago, go on at about the pace that was needed then.
      const pace = this.#count - this.#lastCount;
      this.#count = pace > 1 && now - this.#dropNext < 16 * intervalMs ? pace : 1;
      this.#lastCount = this.#count;
      this.#dropNext = controlLaw(now, intervalMs, this.#count);
      this.#dropping = true;
      return true;
    }
    if (now < this.#dropNext) return false;
    this.#count++;
    this.#dropNext = controlLaw(this.#dropNext, intervalMs, this.#count);
    return true;
  }

  /** The wait is over: the flow is empty, or below target. */
  reset(): void {
    this.#aboveUntil = Infinity;
    this.#dropping = false;
  }

  /** It is another flow from now on. */
  forget(): void {
    this.reset();
    this.#count = this.#lastCount = 0;
    this.#dropNext = -Infinity;
  }
}

/** RFC 8289 §5: drops come ever closer, by the square root of their number, which slows TCP down linearly. */
function controlLaw(time: Millis, intervalMs: Millis, count: number): Millis {
  return time + intervalMs / Math.sqrt(count);
}
