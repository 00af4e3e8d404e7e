/**
 * Keep-alive: decides when an Echo-Request is due and when the peer counts as dead. Any good frame is a sign of life, so
 * a quiet line carries an echo an interval, a busy one only every few: what comes in there may be our own frames, on a line
 * that was looped while up, and only the magic number of an echo tells. An answer is given the time that the line's round
 * trips need: on a slow line an echo waits behind a full frame or two, each way. RFC 1661 §5.8
 */
import type { Millis } from '../../base/clock.js';

/** Intervals between two echoes on a busy line. */
const busyIntervals = 4;
/** Echo-Requests whose replies are still looked out for. */
const remembered = 8;
/** However long the round trips, an answer is awaited no longer before the next echo. */
const longestWaitMs = 30_000;

interface Echo {
  readonly id: number;
  readonly at: Millis;
}

export class KeepAlive {
  readonly #intervalMs: Millis;
  readonly #failures: number;
  #heardAt: Millis = 0;
  /** When an echo is due whatever has been heard. */
  #askAt: Millis = 0;
  #deadline: Millis | undefined;
  /** Echo-Requests in silence since the last sign of life. */
  #unanswered = 0;
  /** The last ones without a reply, oldest first. */
  #pending: readonly Echo[] = [];
  /** The mean of the round trips and how far they stray from it, as TCP reckons them: RFC 6298 §2. */
  #meanMs: Millis | undefined;
  #strayMs: Millis = 0;

  /** An interval of 0 sends no echoes; with 0 failures, no peer ever counts as dead. */
  constructor(intervalMs: Millis, failures: number) {
    this.#intervalMs = intervalMs;
    this.#failures = failures;
  }

  start(now: Millis): void {
    this.#heardAt = now;
    this.#askAt = now + busyIntervals * this.#intervalMs;
    this.#unanswered = 0;
    this.#pending = [];
    this.#meanMs = undefined;
    this.#deadline = this.#intervalMs > 0 ? now + this.#intervalMs : undefined;
  }

  stop(): void {
    this.#deadline = undefined;
    this.#pending = [];
  }

  /** A good frame came, of whatever protocol. Called for every frame: no timer is touched here. */
  heard(now: Millis): void {
    this.#heardAt = now;
    this.#unanswered = 0;
  }

  /** What came may have been our own: the next echo shall not wait for silence. */
  doubt(now: Millis): void {
    this.#askAt = Math.min(this.#askAt, now + this.#intervalMs);
  }

  /** How long nothing good has come. */
  silence(now: Millis): Millis {
    return now - this.#heardAt;
  }

  nextTimeout(): Millis | undefined {
    return this.#deadline;
  }

  /** `echo`: send one, and tell `sent`. However late this is called, it asks for one echo only. */
  timeout(now: Millis): 'echo' | 'dead' | undefined {
    if (this.#deadline === undefined || now < this.#deadline) return undefined;
    const quietAt = this.#heardAt + this.#intervalMs;
    const silent = this.#unanswered > 0 || quietAt <= now;
    if (!silent && this.#askAt > now) {
      this.#deadline = Math.min(quietAt, this.#askAt);
      return undefined;
    }
    if (silent) {
      if (this.#failures > 0 && this.#unanswered >= this.#failures) {
        this.#deadline = undefined;
        return 'dead';
      }
      this.#unanswered++;
    }
    this.#deadline = silent ? now + this.#waitMs() : quietAt;
    this.#askAt = now + busyIntervals * this.#intervalMs;
    return 'echo';
  }

  sent(id: number, now: Millis): void {
    this.#pending = [...this.#pending, { id, at: now }].slice(-remembered);
  }

  /** The round trip that an Echo-Reply ends; undefined when it answers no Echo-Request, or one that was answered. */
  replied(id: number, now: Millis): Millis | undefined {
    const index = this.#pending.findLastIndex((echo) => echo.id === id);
    const echo = this.#pending[index];
    if (echo === undefined) return undefined;
    this.#pending = this.#pending.slice(index + 1); // replies come in order: those before are lost
    const roundTrip = now - echo.at;
    this.#learn(roundTrip);
    return roundTrip;
  }

  #learn(roundTrip: Millis): void {
    if (this.#meanMs === undefined) {
      this.#meanMs = roundTrip;
      this.#strayMs = roundTrip / 2;
      return;
    }
    this.#strayMs += (Math.abs(roundTrip - this.#meanMs) - this.#strayMs) / 4;
    this.#meanMs += (roundTrip - this.#meanMs) / 8;
  }

  /** How long an answer is awaited before the next echo. */
  #waitMs(): Millis {
    const roundTrips = this.#meanMs === undefined ? 0 : Math.ceil(this.#meanMs + 4 * this.#strayMs);
    return Math.max(this.#intervalMs, Math.min(roundTrips, longestWaitMs));
  }
}
