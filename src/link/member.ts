/** One line of a link: whether it is open, why it isn't, and when it is tried again. */
import type { Cause, CauseCode } from '../base/cause.js';
import type { Scheduler } from '../base/clock.js';
import type { HandSource } from '../dial/hand-source.js';
import type { Line } from '../line/line.js';
import type { LineOptions } from '../line/options.js';
import { Alarm } from './alarm.js';
import type { Backoff } from './backoff.js';
import { lineName, memberName } from './line-name.js';
import type { LineState, LineStatus } from './types.js';

export interface MemberParts {
  /** From 0. */
  readonly number: number;
  readonly options: LineOptions;
  readonly source: HandSource;
  readonly backoff: Backoff;
  readonly scheduler: Scheduler;
  /** The pause before the next attempt is over. */
  readonly retry: (member: Member) => void;
}

export class Member {
  readonly number: number;
  readonly source: HandSource;
  readonly backoff: Backoff;
  /** Ends its pauses. */
  readonly alarm: Alarm;
  readonly #options: LineOptions;
  readonly #scheduler: Scheduler;
  state: LineState = 'closed';
  /** It is being opened, or exchanged for a new one; never rejects. */
  work: Promise<void> = Promise.resolve();
  /** Counts the lines: a descriptor's number may come back. */
  opened = 0;
  /** It has carried packets since it was opened. */
  hasJoined = false;
  /** The session has lost it, and it is still to be closed. */
  isGone = false;
  #line: Line | undefined;
  #nextAttempt: Date | undefined;
  #lastCause: LineStatus['lastCause'];
  /** What was complained of since it carried packets last. */
  #complained: CauseCode | undefined;

  constructor({ number, options, source, backoff, scheduler, retry }: MemberParts) {
    this.number = number;
    this.#options = options;
    this.source = source;
    this.backoff = backoff;
    this.#scheduler = scheduler;
    this.alarm = new Alarm(scheduler, () => {
      retry(this);
    });
  }

  /** The open line. */
  get line(): Line | undefined {
    return this.#line;
  }

  /** It can carry the session. */
  get isLive(): boolean {
    return this.#line !== undefined && !this.isGone;
  }

  /** `line 2 (ttyS1)` */
  get name(): string {
    return memberName(this.number, this.#line?.name ?? lineName(this.#options));
  }

  enter(state: LineState): void {
    this.alarm.cancel();
    this.#nextAttempt = undefined;
    this.state = state;
    if (state !== 'joined') return;
    this.hasJoined = true;
    this.#complained = undefined;
  }

  hasOpened(line: Line): void {
    this.#line = line;
    this.isGone = false;
    this.hasJoined = false;
    this.opened += 1;
    this.enter('open');
  }

  hasClosed(): void {
    this.#line = undefined;
    this.isGone = false;
    this.enter('closed');
  }

  wait(pause: number): void {
    this.enter('waiting');
    this.#nextAttempt = new Date(this.#scheduler.date().getTime() + pause);
    this.alarm.set(pause);
  }

  /** Keeps why it isn't open; true when that is news, and not what went on all the time. */
  failed(why: Cause): boolean {
    this.#lastCause = { cause: why, at: this.#scheduler.date() };
    const isNews = this.#complained !== why.code;
    this.#complained = why.code;
    return isNews;
  }

  status(): LineStatus {
    const options = this.#options;
    return {
      options,
      name: this.#line?.name ?? lineName(options),
      speed: this.#line?.speed ?? options.speed,
      state: this.state,
      call: this.source.activity,
      lastCause: this.#lastCause,
      nextAttempt: this.#nextAttempt,
    };
  }
}
