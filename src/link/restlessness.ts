/** Notices a peer that never comes to rest: it negotiates anew time and again, and all of it costs this machine work. */
import type { Millis } from '../base/clock.js';

/** How often the peer may negotiate anew within a stable time. */
const most = 20;

export class Restlessness {
  #since: Millis = -Infinity;
  #times = 0;

  /** The peer negotiates anew: true when that was once too often. `stableMs` of patience forgive what was before. */
  again(now: Millis, stableMs: Millis): boolean {
    if (now - this.#since > stableMs) {
      this.#since = now;
      this.#times = 0;
    }
    this.#times += 1;
    return this.#times > most;
  }
}
