/**
 * The lines of a link. All are opened at the same time, and the first that opens carries the session; the others join it when
 * they open. One that ends while another lives is opened anew, with pauses of its own, and joins again; that the last one has
 * ended is the link's matter (`life.ts`). Somebody who leads a line to PPP by hand leads the first, before the others.
 */
import { cause, describeCause, type Cause } from '../base/cause.js';
import type { Scheduler } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { LinkConfig } from '../config/types.js';
import type { HandSource } from '../dial/hand-source.js';
import type { Visit } from '../dial/visit.js';
import { LineError, type Line, type StreamEnd } from '../line/line.js';
import type { HandedLine } from '../line/handed.js';
import { Backoff } from './backoff.js';
import { linesOf, type LineGrip } from './handed.js';
import { Member } from './member.js';
import type { Patience } from './patience.js';
import type { LineStatus, LinkEvent } from './types.js';

export interface MemberHost {
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly patience: Patience;
  /** A session runs, and this line joins it. */
  join(number: number, line: Line): void;
  /** Resolves when the packet worker has let go of the line's descriptor. */
  release(number: number): Promise<void>;
  note(level: LinkEvent['level'], message: string): void;
  /** The session has lost its last line. */
  lost(why: Cause): void;
}

/** From the first attempt to open a line until all are closed. */
interface Attempt {
  /** Aborted when no further line is wanted. */
  readonly opening: AbortController;
  /** The first line is taken by hand; the others are opened when it is led to PPP. */
  readonly visit: Visit | undefined;
  /** Whoever waits for the first line. */
  first: { readonly resolve: (line: Line) => void; readonly reject: (error: unknown) => void } | undefined;
  /** A line was open. */
  hasOpened: boolean;
  /** A session is on the lines. */
  isRunning: boolean;
}

export class Members {
  readonly #host: MemberHost;
  readonly #members: readonly Member[];
  #attempt: Attempt | undefined;

  /** `sources` are those of the config's lines, in this order. */
  constructor(config: LinkConfig, sources: readonly HandSource[], host: MemberHost) {
    this.#host = host;
    const all = linesOf(config);
    this.#members = sources.flatMap((source, number) => {
      const options = all[number];
      const backoff = new Backoff(config.restart, host.random);
      const retry = (member: Member): void => {
        this.#begin(member);
      };
      return options === undefined
        ? []
        : [new Member({ number, options, source, backoff, scheduler: host.scheduler, retry })];
    });
  }

  /**
   * Opens all lines; resolves when the first is open. Throws `LineError` when none can be opened, and `signal.reason` when it is
   * aborted. A visitor is given the first line alone.
   */
  open(signal: AbortSignal, visit?: Visit): Promise<Line> {
    return new Promise((resolve, reject) => {
      const opening = new AbortController();
      this.#attempt = { opening, visit, first: { resolve, reject }, hasOpened: false, isRunning: false };
      const abort = (): void => {
        opening.abort(signal.reason);
      };
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
      for (const member of this.#members.slice(0, visit && 1)) this.#begin(member);
    });
  }

  /** A session begins on the lines that are open, the first of which is given to `begin`. */
  start(begin: (number: number, line: Line) => void): void {
    const [first, ...others] = this.#members.filter(({ isLive }) => isLive);
    if (this.#attempt === undefined || first?.line === undefined) throw new Error('a session without a line');
    this.#attempt.isRunning = true;
    begin(first.number, first.line);
    this.#watch(first, first.line);
    for (const member of others) this.#join(member);
    if (this.#attempt.visit === undefined) return;
    for (const member of this.#members) if (member.state === 'closed') this.#begin(member);
  }

  /** Those that carry packets now, beside each other. */
  joined(numbers: readonly number[]): void {
    if (this.#members.length === 1) return;
    for (const member of this.#members) {
      const isOpen = member.isLive && numbers.includes(member.number);
      if (isOpen && member.state === 'open') {
        member.enter('joined');
        member.backoff.up(this.#host.scheduler.now());
        this.#host.note('info', `${member.name} joined`);
      } else if (!isOpen && member.state === 'joined') {
        member.enter('open');
      }
    }
  }

  /** The session is done with a line. */
  finished(number: number, why: Cause): void {
    const member = this.#members[number];
    if (member?.line !== undefined) this.#left(member, member.line, why);
  }

  /** A line's descriptor has shown its end; `ending` is why it was about to end anyway. */
  async ended(number: number, end: StreamEnd, ending: Cause | undefined): Promise<void> {
    const member = this.#members[number];
    const line = member?.line;
    if (member === undefined || line === undefined) return;
    this.#left(member, line, ending ?? (await line.explain(end)));
  }

  /** The session ends: a line that goes is not opened again. */
  conclude(): void {
    this.#attempt?.opening.abort(new Error('the link goes down'));
    for (const member of this.#members) if (member.state === 'waiting') member.enter('closed');
  }

  /** As `conclude`, and resolves when nothing moves any more. */
  async freeze(): Promise<void> {
    this.conclude();
    await this.#settled();
  }

  /** Lines that wait for their next attempt are opened at once. */
  hurry(): void {
    for (const member of this.#members) {
      member.backoff.reset();
      if (member.state === 'waiting') this.#begin(member);
    }
  }

  /** Takes all lines back from the worker and closes them. True when one was open. */
  async close(): Promise<boolean> {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.opening.abort(new Error('the link goes down'));
    for (const member of this.#members) member.alarm.cancel();
    // Those who wait for the first line have waited long enough before they close.
    if (attempt?.first === undefined) await this.#settled();
    await Promise.all(this.#members.map((member) => this.#giveBack(member)));
    return attempt?.hasOpened ?? false;
  }

  /** Gives back what outlives the lines. */
  async dispose(): Promise<void> {
    await Promise.all(this.#members.map(({ source }) => source.dispose()));
  }

  /** What `handOver` would hand on if it came now. */
  get grips(): LineGrip[] {
    return this.#members.map(({ source, line, opened }) => ({ fd: source.handable(line), opened }));
  }

  /** Lets go of the lines as far as they are still those of `grips`, and closes the rest. Comes after `freeze`, and last. */
  handOver(grips: readonly LineGrip[]): Promise<(HandedLine | null)[]> {
    const before = this.grips;
    return Promise.all(
      this.#members.map(async (member, i) => {
        const [now, then] = [before[i], grips[i]];
        if (now?.fd !== undefined && now.fd === then?.fd && now.opened === then.opened) {
          if (member.line !== undefined) await this.#host.release(member.number);
          return member.source.handOver(member.line);
        }
        if (member.line !== undefined) this.#host.note('warn', `${member.name} cannot be handed on: it is opened anew`);
        await this.#giveBack(member);
        await member.source.dispose();
        return null;
      }),
    );
  }

  status(): readonly LineStatus[] {
    return this.#members.map((member) => member.status());
  }

  #begin(member: Member): void {
    if (this.#attempt === undefined || this.#attempt.opening.signal.aborted) return;
    member.enter('opening');
    member.work = this.#open(member, this.#attempt);
  }

  async #open(member: Member, attempt: Attempt): Promise<void> {
    const { signal } = attempt.opening;
    let line: Line;
    try {
      line = await openLine(member, attempt);
    } catch (error) {
      this.#notOpened(member, attempt, error);
      return;
    }
    if (signal.aborted) {
      await this.#host.patience.wait(line.close(), 'the line takes long to close; it is left to itself');
      this.#notOpened(member, attempt, signal.reason);
      return;
    }
    member.hasOpened(line);
    attempt.hasOpened = true;
    attempt.first?.resolve(line);
    attempt.first = undefined;
    if (attempt.isRunning) this.#join(member);
  }

  #notOpened(member: Member, attempt: Attempt, error: unknown): void {
    const { signal } = attempt.opening;
    if (attempt === this.#attempt) member.enter('closed');
    if (!signal.aborted) {
      const why = error instanceof LineError ? error.reason : cause('internal', messageOf(error));
      const isNews = member.failed(why);
      if (this.#members.some(({ state }) => state === 'opening' || state === 'open' || state === 'joined')) {
        this.#host.note(isNews ? 'warn' : 'debug', `${member.name} cannot be opened: ${describeCause(why)}`);
        this.#retry(member, why);
        return;
      }
    } else if (this.#members.some(({ state }) => state === 'opening')) {
      return;
    }
    attempt.first?.reject(signal.aborted ? signal.reason : error);
    attempt.first = undefined;
  }

  #join(member: Member): void {
    if (member.line === undefined) return;
    this.#host.join(member.number, member.line);
    this.#watch(member, member.line);
  }

  /** Some ends are not seen at the descriptor. */
  #watch(member: Member, line: Line): void {
    void line.ended.then((why) => {
      this.#left(member, line, why);
    });
  }

  #left(member: Member, line: Line, why: Cause): void {
    const attempt = this.#attempt;
    if (member.line !== line || member.isGone || attempt?.isRunning !== true) return;
    member.isGone = true;
    const others = this.#members.filter(({ isLive }) => isLive).length;
    const isNews = member.failed(why);
    if (others === 0) this.#host.lost(why);
    if (others === 0 || attempt.opening.signal.aborted) return;
    const goesOn = `the link goes on over ${others} ${others === 1 ? 'line' : 'lines'}`;
    const what = member.hasJoined ? 'left' : 'did not join';
    this.#host.note(isNews ? 'warn' : 'debug', `${member.name} ${what}: ${describeCause(why)}; ${goesOn}`);
    member.work = this.#replace(member, attempt, why);
  }

  async #replace(member: Member, attempt: Attempt, why: Cause): Promise<void> {
    await this.#giveBack(member);
    if (!attempt.opening.signal.aborted) this.#retry(member, why);
  }

  #retry(member: Member, why: Cause): void {
    const pause = member.backoff.next(why, this.#host.scheduler.now());
    if (pause !== undefined) {
      member.wait(pause);
      return;
    }
    member.enter('closed');
    this.#host.note('error', `${member.name} is given up; linkctl restart tries it again`);
  }

  async #giveBack(member: Member): Promise<void> {
    const { line } = member;
    if (line !== undefined) {
      await this.#host.release(member.number);
      await this.#host.patience.wait(line.close(), 'the line takes long to close; it is left to itself');
    }
    member.hasClosed();
  }

  /** Resolves when no line is being opened or exchanged. */
  async #settled(): Promise<void> {
    const works = this.#members.map(({ work }) => work);
    await this.#host.patience.wait(Promise.all(works), 'a line takes long to notice that it is no longer wanted');
  }
}

/** Throws as the source does. */
function openLine({ source }: Member, { opening, visit, isRunning }: Attempt): Promise<Line> {
  if (visit === undefined || isRunning) return source.open(opening.signal);
  if (source.openByHand === undefined) throw new Error('this line cannot be taken by hand');
  return source.openByHand(visit, opening.signal);
}
