/**
 * Keep-alive: decides when an Echo-Request is due and when the peer counts as dead. Any good frame is a sign of life, so
 * a busy line carries no echoes: one is sent only after a whole interval of silence. RFC 1661 §5.8
 */
import type { Millis } from '../../base/clock.js';

export class KeepAlive {
  readonly #intervalMs: Millis;
  readonly #failures: number;
  #heardAt: Millis = 0;
  #deadline: Millis | undefined;
  /** Echo-Requests since the last sign of life. */
  #unanswered = 0;
  #last: { readonly id: number; readonly at: Millis } | undefined;

  /** An interval of 0 sends no echoes; with 0 failures, no peer ever counts as dead. */
  constructor(intervalMs: Millis, failures: number) {
    this.#intervalMs = intervalMs;
    this.#failures = failures;
  }

  start(now: Millis): void {
    this.#heardAt = now;
    this.#unanswered = 0;
    this.#last = undefined;
    this.#deadline = this.#intervalMs > 0 ? now + this.#intervalMs : undefined;
  }

  stop(): void {
    this.#deadline = undefined;
    this.#last = undefined;
  }

  /** A good frame came, of whatever protocol. Called for every frame: no timer is touched here. */
  heard(now: Millis): void {
    this.#heardAt = now;
    this.#unanswered = 0;
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
    if (this.#unanswered === 0 && this.#heardAt + this.#intervalMs > now) {
      this.#deadline = this.#heardAt + this.#intervalMs;
      return undefined;
    }
    if (this.#failures > 0 && this.#unanswered >= this.#failures) {
      this.#deadline = undefined;
      return 'dead';
    }
    this.#deadline = now + this.#intervalMs;
    return 'echo';
  }

  sent(id: number, now: Millis): void {
    this.#unanswered++;
    this.#last = { id, at: now };
  }

  /** The round trip that an Echo-Reply ends; undefined when it doesn't answer the last Echo-Request. */
  replied(id: number, now: Millis): Millis | undefined {
    if (this.#last?.id !== id) return undefined;
    const roundTrip = now - this.#last.at;
    this.#last = undefined;
    return roundTrip;
  }
}
