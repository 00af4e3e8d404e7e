/**
 * A modem's part of a call: it is woken, set up by commands, and dials one number after the other until one answers. What
 * it echoes doesn't matter, nor whether it says its results in words or numbers.
 */
import { cause, type Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { encodeText } from '../base/text.js';
import { toOctets, type Octets } from '../chat/script.js';
import { hidden } from '../chat/hide.js';
import { compresses, readResult, type CallFailure, type Result } from './results.js';
import { Talk, withoutEighthBit } from './talk.js';

/** One command and what becomes of it. */
export interface Command {
  readonly text: string;
  /** A secret within the text. */
  readonly secret?: Octets | undefined;
  /** For the status, from here on. */
  readonly doing?: string;
  /** Before it. */
  readonly pauseMs?: Millis;
  readonly waitMs?: Millis;
  /** Judges the answer; without it, OK is what is wanted. `lines` are those before the result. */
  readonly judge?: (answer: Answer, lines: readonly string[]) => Verdict;
}

/** `silence`: nothing came in time. */
export type Answer = Extract<Result, { kind: 'ok' | 'error' }> | { readonly kind: 'silence' };

export type Verdict =
  /** These commands come next, then the others. */
  | { readonly kind: 'next'; readonly first?: readonly Command[]; readonly note?: string }
  | { readonly kind: 'failed'; readonly cause: Cause };

export interface ModemOptions {
  readonly commands: readonly Command[];
  /** Without one, the modem is set up and no more. */
  readonly numbers: readonly string[];
  /** The first of them to be tried. */
  readonly first?: number;
  readonly prefix: string;
  readonly timeoutMs: Millis;
}

type State =
  | { readonly kind: 'waking'; readonly attempt: number }
  /** Before, between and behind the plus signs, nothing is sent. */
  | { readonly kind: 'escaping'; readonly step: 'before' | 'after' }
  | { readonly kind: 'resting'; readonly then: (now: Millis) => void }
  | { readonly kind: 'asking'; readonly command: Command }
  | { readonly kind: 'dialing'; readonly number: string }
  /** A key ends the call; the modem says so. */
  | { readonly kind: 'giving-up'; readonly number: string };

/** Tried until one is answered with OK; a modem that is still in a call gets the escape sequence before the third. */
const wakeWords = ['AT', 'ATQ0V1', 'ATQ0V1H0', 'AT'] as const;
const wakeMs: Millis = 1500;
const commandMs: Millis = 5000;
/** Modems lose what comes right behind their result. */
const restMs: Millis = 100;
/** S12 is 50 fiftieths of a second in every modem that wasn't told otherwise. */
export const guardMs: Millis = 1100;
const giveUpMs: Millis = 2000;
/** Between a call that came to nothing and the next number. */
const nextNumberMs: Millis = 2000;

export class ModemTalk extends Talk {
  readonly #options: ModemOptions;
  readonly #commands: Command[];
  readonly #notes: string[] = [];
  #state: State = { kind: 'waking', attempt: 0 };
  #lines: string[] = [];
  #tried = 0;
  #carrier: number | undefined;
  #compression: boolean | undefined;

  constructor(options: ModemOptions) {
    super();
    this.#options = options;
    this.#commands = [...options.commands];
  }

  /** Which of the numbers was dialed last. */
  get numberIndex(): number {
    const { first = 0, numbers } = this.#options;
    return (first + Math.max(0, this.#tried - 1)) % numbers.length;
  }

  protected begin(now: Millis): void {
    this.doing('waking the modem');
    this.#wake(0, now);
  }

  protected heard(octets: Uint8Array, now: Millis): void {
    this.record(octets);
    for (;;) {
      const end = this.unread.findIndex((octet) => (octet & 0x7f) === 0x0d || (octet & 0x7f) === 0x0a);
      if (end < 0 || this.over) return;
      const line = withoutEighthBit(this.unread.subarray(0, end));
      const behind = (this.unread[end + 1] ?? 0) & 0x7f;
      const isPair = ((this.unread[end] ?? 0) & 0x7f) === 0x0d && behind === 0x0a;
      this.unread = this.unread.subarray(end + (isPair ? 2 : 1));
      if (line.trim() !== '') this.#take(line.trim(), now);
    }
  }

  protected due(now: Millis): void {
    const state = this.#state;
    switch (state.kind) {
      case 'waking':
        if (state.attempt + 1 === 2) this.#escape('before', now);
        else this.#wake(state.attempt + 1, now);
        return;
      case 'escaping':
        if (state.step === 'before') this.#escape('after', now);
        else this.#wake(2, now);
        return;
      case 'resting':
        state.then(now);
        return;
      case 'asking':
        this.#judge(state.command, { kind: 'silence' }, now);
        return;
      case 'dialing':
        this.log(`no result within ${this.#options.timeoutMs / 1000} s`);
        this.#state = { kind: 'giving-up', number: state.number };
        this.send('\r');
        this.deadline = now + giveUpMs;
        return;
      case 'giving-up':
        this.#callFailed('call-unanswered', `${state.number}: no result in time`, now);
        return;
    }
  }

  #take(line: string, now: Millis): void {
    const result = readResult(line);
    const state = this.#state;
    if (result === undefined || state.kind === 'resting' || state.kind === 'escaping') {
      this.#lines.push(line);
      return;
    }
    if (state.kind === 'dialing' || state.kind === 'giving-up') this.#takeCallResult(state, result, now);
    else if (result.kind === 'ok' || (result.kind === 'error' && state.kind === 'asking')) {
      if (state.kind === 'waking') this.#nextCommand(now);
      else this.#judge(state.command, result, now);
    }
  }

  #takeCallResult(state: Extract<State, { number: string }>, result: Result, now: Millis): void {
    switch (result.kind) {
      case 'connect':
        this.#connected(state.number, result);
        return;
      case 'failed':
        if (state.kind === 'dialing') this.#callFailed(result.code, `${state.number}: ${result.text}`, now);
        else this.#callFailed('call-unanswered', `${state.number}: no result in time`, now);
        return;
      case 'error':
        this.fail(cause('modem-error', `${this.#options.prefix}${state.number}: ${this.reveal(result.text)}`));
        return;
      case 'ring':
        this.log('it rings');
        return;
      case 'carrier':
        this.#carrier = result.speed;
        return;
      case 'compression':
        this.#compression = result.on;
        return;
      case 'ok':
        if (state.kind === 'giving-up') this.#callFailed('call-unanswered', `${state.number}: no result in time`, now);
        return;
    }
  }

  #connected(number: string, { speed, protocol }: Extract<Result, { kind: 'connect' }>): void {
    const rate = this.#carrier ?? speed;
    const how = [rate === undefined ? '' : String(rate), this.reveal(protocol)].filter((part) => part !== '').join('/');
    const connected = how === '' ? `connected to ${number}` : `connected to ${number} at ${how}`;
    this.log(connected);
    const call = {
      speed: rate,
      compressed: this.#compression ?? compresses(protocol),
      notes: [connected, ...this.#notes],
    };
    this.finish({ kind: 'done', call }, this.unread);
  }

  #callFailed(code: CallFailure, detail: string, now: Millis): void {
    if (this.#tried < this.#options.numbers.length) {
      this.log(`${detail}; the next number is tried`);
      this.#rest(now, nextNumberMs, (then) => {
        this.#dial(then);
      });
    } else this.fail(cause(code, detail));
  }

  #wake(attempt: number, now: Millis): void {
    const word = wakeWords[attempt];
    if (word === undefined) {
      this.fail(cause('modem-silent', 'it does not answer AT'));
      return;
    }
    this.#state = { kind: 'waking', attempt };
    this.send(`${word}\r`);
    this.deadline = now + wakeMs;
  }

  #escape(step: 'before' | 'after', now: Millis): void {
    this.#state = { kind: 'escaping', step };
    if (step === 'after') this.send('+++');
    this.deadline = now + guardMs;
  }

  #nextCommand(now: Millis): void {
    const command = this.#commands.shift();
    if (command === undefined && this.#options.numbers.length === 0) this.#isSetUp();
    else if (command === undefined)
      this.#rest(now, restMs, (then) => {
        this.#dial(then);
      });
    else
      this.#rest(now, command.pauseMs ?? restMs, (then) => {
        this.#ask(command, then);
      });
  }

  #isSetUp(): void {
    this.finish({ kind: 'done', call: { notes: this.#notes } }, this.unread);
  }

  #ask(command: Command, now: Millis): void {
    const { text, secret, doing, waitMs = commandMs } = command;
    if (doing !== undefined) this.doing(doing);
    this.#lines = [];
    this.#state = { kind: 'asking', command };
    const octets = toOctets(encodeText(text));
    if (secret === undefined) this.send(`${octets}\r`);
    else {
      this.hide(secret);
      this.send(`${octets}\r`, `${octets.split(secret).join(hidden)}^M`);
    }
    this.deadline = now + waitMs;
  }

  #judge(command: Command, answer: Answer, now: Millis): void {
    const verdict = (command.judge ?? wantsOk(command))(answer, this.#lines);
    switch (verdict.kind) {
      case 'next':
        this.#commands.unshift(...(verdict.first ?? []));
        if (verdict.note !== undefined) this.#notes.push(verdict.note);
        this.#nextCommand(now);
        return;
      case 'failed':
        this.fail(verdict.cause);
        return;
    }
  }

  #dial(now: Millis): void {
    const { numbers, prefix, timeoutMs } = this.#options;
    this.#tried += 1;
    const number = numbers[this.numberIndex] ?? '';
    this.doing([`dialing ${number}`, ...this.#notes].join(', '));
    this.#carrier = this.#compression = undefined;
    this.#state = { kind: 'dialing', number };
    this.send(`${toOctets(encodeText(prefix + number))}\r`);
    this.deadline = now + timeoutMs;
  }

  #rest(now: Millis, duration: Millis, then: (now: Millis) => void): void {
    this.#state = { kind: 'resting', then };
    this.deadline = now + duration;
  }
}

/** The judge of a command that can only succeed or not. */
function wantsOk({ text, secret }: Command): NonNullable<Command['judge']> {
  const shown = secret === undefined ? text : `${text.split('=')[0] ?? ''}=${hidden}`;
  return (answer) => {
    if (answer.kind === 'ok') return { kind: 'next' };
    if (answer.kind === 'silence') return { kind: 'failed', cause: cause('modem-silent', `no answer to ${shown}`) };
    return { kind: 'failed', cause: cause('modem-error', `${shown}: ${answer.text}`) };
  };
}
