/** When a packet that counts as traffic went over the link last, in either direction. */
import type { Millis } from '../base/clock.js';
import type { TrafficRules } from '../schedule/options.js';
import { countsAsTraffic, readPacket } from '../schedule/traffic.js';

/** Packets that follow one that counted so closely are not looked at: they would change nothing. */
const closeMs = 100;

export class TrafficWatch {
  /** Undefined: nobody asks. */
  rules: TrafficRules | undefined;
  #last: Millis | undefined;

  /** A session begins to carry packets. */
  begin(now: Millis): void {
    this.#last = now;
  }

  saw(buffer: Uint8Array, start: number, length: number, now: Millis): void {
    if (this.rules === undefined || (this.#last !== undefined && now - this.#last < closeMs)) return;
    if (countsAsTraffic(this.rules, readPacket(buffer, start, length))) this.#last = now;
  }

  /** For how long nothing that counts went by; undefined: nobody asks. */
  quietMs(now: Millis): Millis | undefined {
    return this.rules === undefined || this.#last === undefined ? undefined : now - this.#last;
  }
}
