/** Notices a peer that never comes to rest: in one session it negotiates anew time and again, which costs this machine work. */
import type { Millis } from '../base/clock.js';

/** How often the peer may negotiate anew within a stable time. */
const most = 20;

export class Restlessness {
  #since: Millis = -Infinity;
  #times = 0;

  /** The session agreed on addresses, anew or for the first time: true when that was once too often. `stableMs` of patience forgive what was before. */
  again(now: Millis, stableMs: Millis): boolean {
    if (now - this.#since > stableMs) {
      this.#since = now;
      this.#times = 0;
    }
    this.#times += 1;
    return this.#times > most;
  }
}
