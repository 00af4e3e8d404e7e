/**
 * Waits for a call on a modem that is set up: counts the rings, answers (or lets the modem do it), and ends with the
 * connection. A call that comes to nothing is no failure: the next one is waited for.
 */
import { cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { takeLine } from './modem-line.js';
import { compresses, readResult, type Result } from './results.js';
import { Talk } from './talk.js';

export interface RingOptions {
  readonly rings: number;
  readonly by: 'linkd' | 'modem';
  /** From the answer to the connection. */
  readonly timeoutMs: Millis;
}

/** What is heard while nothing rings. */
type State = 'waiting' | 'checking' | 'ringing' | 'answering' | 'giving-up';

/** Longer than the pause between two rings in any country. */
const ringPauseMs: Millis = 10_000;
/** A modem that was switched off and on has forgotten its setup: so it is asked for a sign of life. */
const checkMs: Millis = 15 * 60_000;
const answerMs: Millis = 5000;

export class RingTalk extends Talk {
  readonly #options: RingOptions;
  #state: State = 'waiting';
  #rings = 0;
  #carrier: number | undefined;
  #compression: boolean | undefined;

  constructor(options: RingOptions) {
    super();
    this.#options = options;
  }

  protected begin(now: Millis): void {
    this.doing('waiting for a call');
    this.#wait(now);
  }

  protected heard(octets: Uint8Array, now: Millis): void {
    this.record(octets);
    for (let taken = takeLine(this.unread); taken !== undefined && !this.over; taken = takeLine(this.unread)) {
      this.unread = taken.rest;
      const result = readResult(taken.line);
      if (result !== undefined) this.#take(result, now);
    }
  }

  protected due(now: Millis): void {
    switch (this.#state) {
      case 'waiting':
        this.#state = 'checking';
        this.send('AT\r');
        this.deadline = now + answerMs;
        return;
      case 'checking':
        this.fail(cause('modem-silent', 'it no longer answers AT while it waits for a call'));
        return;
      case 'ringing':
        this.#callEnded('the ringing has stopped', now);
        return;
      case 'answering':
        this.log('no connection in time');
        // Any key ends the attempt.
        this.#state = 'giving-up';
        this.send('\r');
        this.deadline = now + answerMs;
        return;
      case 'giving-up':
        this.#callEnded('the call came to nothing', now);
        return;
    }
  }

  #take(result: Result, now: Millis): void {
    switch (result.kind) {
      case 'ring':
        this.#ring(now);
        return;
      case 'connect':
        this.#connected(result);
        return;
      case 'carrier':
        this.#carrier = result.speed;
        return;
      case 'compression':
        this.#compression = result.on;
        return;
      case 'failed':
        if (this.#state !== 'waiting' && this.#state !== 'checking') this.#callEnded(result.text, now);
        return;
      case 'error':
        if (this.#state === 'answering') this.fail(cause('modem-error', `ATA: ${this.reveal(result.text)}`));
        return;
      case 'ok':
        if (this.#state === 'checking') this.#wait(now);
        if (this.#state === 'giving-up') this.#callEnded('the call came to nothing', now);
        return;
    }
  }

  #ring(now: Millis): void {
    if (this.#state === 'answering' || this.#state === 'giving-up') return;
    this.#rings += 1;
    this.#state = 'ringing';
    this.deadline = now + ringPauseMs;
    this.doing(`it rings (${this.#rings})`);
    if (this.#rings < this.#options.rings) return;
    this.doing('answering a call');
    this.#state = 'answering';
    this.deadline = now + this.#options.timeoutMs;
    if (this.#options.by === 'linkd') this.send('ATA\r');
  }

  #connected({ speed, protocol }: Extract<Result, { kind: 'connect' }>): void {
    const rate = this.#carrier ?? speed;
    const how = [rate === undefined ? '' : String(rate), this.reveal(protocol)].filter((part) => part !== '').join('/');
    const note = how === '' ? 'answered a call' : `answered a call at ${how}`;
    this.log(note);
    const compressed = this.#compression ?? compresses(protocol);
    this.finish({ kind: 'done', call: { speed: rate, compressed, notes: [note] } }, this.unread);
  }

  #callEnded(why: string, now: Millis): void {
    this.log(why);
    this.doing('waiting for a call');
    this.#wait(now);
  }

  #wait(now: Millis): void {
    this.#state = 'waiting';
    this.#rings = 0;
    this.#carrier = this.#compression = undefined;
    this.deadline = now + checkMs;
  }
}
