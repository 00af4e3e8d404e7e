/**
 * How much may be handed to the line. What lies in the line's buffer can't be put into another order any more, so there
 * should be just enough of it that the line never idles: the next frame follows when the line is about to be done with the
 * one before.
 *
 * Two measures are used, whichever tells of more: the kernel's count of unsent octets, which some devices don't keep, and
 * a reckoning from the line's speed, which can't see a line that is held up.
 */
import type { Millis } from '../base/clock.js';

export interface LineRoomOptions {
  /** A full frame on the wire, in octets. Default: 1500 octets with a PPP header, FCS and flags. */
  readonly frameOctets?: number;
}

const DEFAULT_FRAME_OCTETS = 1508;
/** The next frame follows when the line has so much left to do: what a busy machine may be late by. */
const AHEAD_MS = 20;
/** Where the line has no speed. */
const LIMIT_WITHOUT_SPEED = 64 * 1024;
/** Timers are no finer, and a line without a speed is asked as often. */
const POLL_MS = 1;

export class LineRoom {
  readonly #bytesPerMs: number | undefined;
  #frameOctets = DEFAULT_FRAME_OCTETS;
  #limit = LIMIT_WITHOUT_SPEED;
  /** Octets on their way at `#at`, by the reckoning. */
  #reckoned = 0;
  #at: Millis = 0;
  /** The kernel's count, as `room` was told last. */
  #unsent = 0;

  /** `bytesPerSecond` is undefined where the line has no speed. */
  constructor(bytesPerSecond: number | undefined, { frameOctets = DEFAULT_FRAME_OCTETS }: LineRoomOptions = {}) {
    this.#bytesPerMs = bytesPerSecond === undefined ? undefined : bytesPerSecond / 1000;
    this.setFrame(frameOctets);
  }

  /** From now on a full frame has so many octets. */
  setFrame(frameOctets: number): void {
    this.#frameOctets = frameOctets;
    this.#limit =
      this.#bytesPerMs === undefined ? LIMIT_WITHOUT_SPEED : Math.ceil(AHEAD_MS * this.#bytesPerMs) + frameOctets;
  }

  /** Says that the line has taken octets. */
  handed(octets: number, now: Millis): void {
    this.#reckoned = this.#onTheWay(now) + octets;
    this.#at = now;
  }

  /**
   * The octets that may be handed to the line now. Hand over the next frame while a full one fits: waiting for more room
   * than that would let the line idle. `unsent` is the kernel's count, 0 where it keeps none.
   */
  room(unsent: number, now: Millis): number {
    this.#unsent = unsent;
    return Math.max(0, Math.floor(this.#limit - this.onTheWay(unsent, now)));
  }

  /** Octets that were handed over and are not on the wire yet, as far as known; `unsent` is the kernel's count. */
  onTheWay(unsent: number, now: Millis): number {
    return Math.max(unsent, this.#onTheWay(now));
  }

  /** When a full frame will fit, as far as known since the last `room`; undefined when it fits now. */
  wakeAfterMs(now: Millis): Millis | undefined {
    const lacking = this.#frameOctets - this.room(this.#unsent, now);
    if (lacking <= 0) return undefined;
    return this.#bytesPerMs === undefined ? POLL_MS : Math.max(POLL_MS, lacking / this.#bytesPerMs);
  }

  #onTheWay(now: Millis): number {
    return this.#bytesPerMs === undefined ? 0 : Math.max(0, this.#reckoned - (now - this.#at) * this.#bytesPerMs);
  }
}
