/**
 * A source of lines on which others call: opens the line of another source, sets the modem up, waits for a call, lets the
 * caller log in or begin PPP, and ends the call when the line is closed. Callers who come to nothing are no failure: they are
 * hung up, and the next one is waited for.
 */
import { cause, describeCause, type Cause } from '../base/cause.js';
import type { Millis, Scheduler } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { HandedLine } from '../line/handed.js';
import { LineError, type Caller, type Line, type LineSource } from '../line/line.js';
import type { AnswerOptions } from './options.js';
import { converse, type Listener } from './conversation.js';
import { DialedLine, innerOf, lineSpeed } from './dialed-line.js';
import { hangUp } from './hang-up-call.js';
import { ModemTalk } from './modem.js';
import { PromptTalk, type LoginCheck } from './prompt.js';
import { RingTalk } from './ring.js';
import { nothingKnown, type CallFacts, type Talk } from './talk.js';

export interface AnswerParts {
  readonly scheduler: Scheduler;
  /** The conversation, line by line, without secrets, and what became of callers. */
  tell(level: 'debug' | 'info' | 'warn', message: string): void;
  /** Reads the accounts anew. Throws what it says to a person, with what to do about it. */
  readAccounts(signal: AbortSignal): Promise<LoginCheck>;
  /** The first line is one that an earlier process has answered; with it, who had logged in. */
  readonly answered?: { readonly caller?: Caller | undefined } | undefined;
}

/** What became of an open line. */
type Outcome =
  | { readonly kind: 'answered'; readonly line: Line }
  /** The caller is gone; `modem` works as it should. */
  | { readonly kind: 'gone' };

interface Met {
  readonly call: CallFacts;
  readonly rest: Uint8Array;
  readonly caller?: Caller | undefined;
}

/** Between two calls, for the modem and the exchange to notice the end of the first. */
const restMs: Millis = 1000;

export class AnsweringLineSource implements LineSource {
  readonly #inner: LineSource;
  readonly #options: AnswerOptions;
  readonly #parts: AnswerParts;
  #answered: AnswerParts['answered'];
  #activity: string | undefined;

  constructor(inner: LineSource, options: AnswerOptions, parts: AnswerParts) {
    this.#inner = inner;
    this.#options = options;
    this.#parts = parts;
    this.#answered = parts.answered;
  }

  /** What is done now (`waiting for a call`), or how the line that is open came about. */
  get activity(): string | undefined {
    return this.#activity;
  }

  async open(signal: AbortSignal): Promise<Line> {
    for (;;) {
      this.#activity = undefined;
      const line = await this.#inner.open(signal);
      const answered = this.#answered;
      this.#answered = undefined;
      if (answered !== undefined) return this.#made(line, { call: nothingKnown, rest: new Uint8Array(0), ...answered });
      const outcome = await this.#receive(line, signal);
      if (outcome.kind === 'answered') return outcome.line;
      await this.#rest(signal);
    }
  }

  dispose(): Promise<void> {
    return this.#inner.dispose();
  }

  handable(line: Line | undefined): number | undefined {
    return this.#inner.handable(innerOf(line));
  }

  async handOver(line: Line | undefined): Promise<HandedLine> {
    const handed = await this.#inner.handOver(innerOf(line));
    return line === undefined ? handed : { ...handed, call: { caller: line.caller } };
  }

  /** One open line, until a caller is through or is gone. Throws a LineError where the next one would fare no better. */
  async #receive(line: Line, signal: AbortSignal): Promise<Outcome> {
    let connected = false;
    try {
      const call = await this.#waitForCall(line, signal);
      connected = this.#options.modem === 'hayes';
      return { kind: 'answered', line: this.#made(line, await this.#meet(line, call, signal)) };
    } catch (error) {
      const reason = error instanceof LineError ? error.reason : undefined;
      const hasEnded = reason !== undefined && !ours.includes(reason.code);
      if (!hasEnded) await hangUp(line, this.#options, connected, this.#listener);
      this.#activity = undefined;
      await line.close();
      if (reason === undefined || fatal.includes(reason.code)) throw error;
      this.#parts.tell('info', `no PPP with the caller: ${describeCause(reason)}`);
      return { kind: 'gone' };
    }
  }

  /** Until the modem is connected; nothing where there is none. */
  async #waitForCall(line: Line, signal: AbortSignal): Promise<Met> {
    const { modem, init, by, rings, timeoutMs } = this.#options;
    if (modem === 'none') return { call: nothingKnown, rest: new Uint8Array(0) };
    const commands = [...init, by === 'modem' ? `ATS0=${rings}` : 'ATS0=0'].map((text) => ({ text }));
    await this.#hold(line, new ModemTalk({ commands, numbers: [], prefix: '', timeoutMs }), signal);
    return this.#hold(line, new RingTalk({ rings, by, timeoutMs }), signal);
  }

  async #meet(line: Line, met: Met, signal: AbortSignal): Promise<Met> {
    const { login, autoPpp, callerBegins } = this.#options;
    const check = login === undefined ? nobody : await this.#readAccounts(signal);
    const talk = new PromptTalk({ login, check, autoPpp, callerBegins, unread: met.rest });
    const { call, rest } = await this.#hold(line, talk, signal);
    const facts = { ...met.call, notes: [...met.call.notes, ...call.notes] };
    return { call: facts, rest, caller: talk.caller };
  }

  async #hold(line: Line, talk: Talk, signal: AbortSignal): Promise<Met> {
    const { outcome, rest } = await converse(line, talk, this.#listener, signal);
    if (outcome.kind === 'failed') throw new LineError('answer on', line.name, outcome.cause, 'the call failed');
    return { call: outcome.call, rest };
  }

  async #readAccounts(signal: AbortSignal): Promise<LoginCheck> {
    try {
      return await this.#parts.readAccounts(signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new LineError('answer with', 'the accounts', cause('secrets-failed', messageOf(error)), error);
    }
  }

  #made(inner: Line, { call, rest, caller }: Met): Line {
    this.#activity = call.notes.length === 0 ? undefined : call.notes.join(', ');
    if (this.#activity !== undefined) this.#parts.tell('info', this.#activity);
    return new DialedLine(inner, {
      speed: lineSpeed(inner.speed, call),
      initial: rest,
      caller,
      hangUp: () => hangUp(inner, this.#options, true, this.#listener),
      closed: () => {
        this.#activity = undefined;
      },
    });
  }

  #rest(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#parts.scheduler.after(restMs, () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
      const abort = (): void => {
        timer.cancel();
        reject(new Error('no longer wanted', { cause: signal.reason }));
      };
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    });
  }

  get #listener(): Listener {
    const parts = this.#parts;
    return {
      scheduler: parts.scheduler,
      doing: (text) => {
        this.#activity = text;
      },
      log: (text) => {
        parts.tell('debug', text);
      },
      say: (text) => {
        parts.tell('info', text);
      },
    };
  }
}

/** Causes that are not the line's own end. */
const ours: readonly Cause['code'][] = ['modem-error', 'modem-silent', 'secrets-failed', 'caller-refused'];
/** Causes with which nobody can be answered; whatever else it is, the next caller is waited for. */
const fatal: readonly Cause['code'][] = ['modem-error', 'modem-silent', 'secrets-failed'];

const nobody: LoginCheck = () => ({ kind: 'wrong', known: false });
