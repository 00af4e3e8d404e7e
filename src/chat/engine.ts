/**
 * Runs a chat script, as chat(8) does, without I/O. Octets and time come in; what is to be done goes out by `poll()`,
 * drained after every input, and ends with exactly one `finished`.
 *
 * What comes while nothing is expected waits for the next `expect`; what nobody has read in the end (the peer's first PPP
 * frames) is handed back. Texts are compared with what was read without its eighth bit; what is handed back keeps it.
 */
import { concatBytes } from '../base/bytes.js';
import type { Millis } from '../base/clock.js';
import { assertNever, messageOf } from '../base/errors.js';
import { decodeText, encodeText } from '../base/text.js';
import { secondRound, type Variables } from './escapes.js';
import { hidden } from './hide.js';
import { parseFileContent } from './parse.js';
import {
  defaultTimeoutMs,
  fromOctets,
  toOctets,
  type Attempt,
  type Octets,
  type Outcome,
  type Part,
  type Script,
  type Send,
  type Step,
} from './script.js';
import { showParts, Transcript, type Shown } from './transcript.js';
import { octetsOf, Typist, type Key } from './typing.js';
import { visible } from './visible.js';
import { Aborts, Reports, Tail } from './watch.js';

export interface ChatOptions {
  /** Until the script says otherwise; Infinity: for ever. Without it, 45 s. */
  readonly timeout?: Millis;
  readonly echo?: boolean;
  /** What `\T` and `\U` stand for. */
  readonly numbers?: { readonly T?: string | undefined; readonly U?: string | undefined };
  /** The pause before each octet that is sent, for modems that lose some otherwise. Without it, 10 ms. */
  readonly typing?: Millis;
  /** For the texts in files; a script's own were replaced when it was parsed. */
  readonly variables?: Variables;
}

export type Wanted =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'secret'; readonly reference: string };

export type ChatOutput =
  | { readonly type: 'send'; readonly octets: Uint8Array }
  /** A break of a quarter to half a second; nothing else is sent meanwhile. */
  | { readonly type: 'break' }
  /** Give this to `supply`, or say in `refuse` why not; the script waits. */
  | { readonly type: 'ask'; readonly wanted: Wanted }
  /** From here on, whether the loss of the carrier ends the script. */
  | { readonly type: 'hangup'; readonly fatal: boolean }
  /** A message of the script to the person, as it stands: line feeds are its own. */
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'report'; readonly text: string }
  | Shown
  /** `rest` is what was received and not read. */
  | { readonly type: 'finished'; readonly outcome: Outcome; readonly rest: Uint8Array };

type State =
  | { readonly kind: 'idle' | 'stepping' | 'over' }
  | { readonly kind: 'expecting'; readonly attempts: Attempts; readonly deadline: Millis; readonly tail: Tail }
  | { readonly kind: 'asking'; readonly use: (content: Uint8Array, now: Millis) => void; readonly wanted: Wanted }
  /** `after` is what is expected next within the same step. */
  | { readonly kind: 'typing'; readonly typist: Typist; readonly after: readonly Attempt[] }
  /** It's over but for a report that isn't whole. */
  | { readonly kind: 'reporting'; readonly outcome: Outcome; readonly deadline: Millis };

type Attempts = readonly [Attempt, ...Attempt[]];

const TYPING_MS: Millis = 10;
/** How long each further octet of a report is waited for when the script is over. */
const REPORT_MS: Millis = 1000;
/** What is kept of what comes while nothing is expected. */
const MOST_UNREAD = 65_536;

export class ChatEngine {
  readonly #script: Script;
  readonly #options: ChatOptions;
  readonly #outputs: ChatOutput[] = [];
  readonly #aborts = new Aborts();
  readonly #reports = new Reports();
  readonly #transcript: Transcript;
  #state: State = { kind: 'idle' };
  #step = 0;
  #unread: Uint8Array = new Uint8Array(0);
  #timeout: Millis;
  #hangupFatal = true;

  constructor(script: Script, options: ChatOptions = {}) {
    this.#script = script;
    this.#options = options;
    this.#timeout = options.timeout ?? defaultTimeoutMs;
    this.#transcript = new Transcript(options.echo ?? false, (shown) => {
      this.#show(shown);
    });
  }

  /** Begins. Throws when it has begun already. */
  start(now: Millis): void {
    if (this.#state.kind !== 'idle') throw new Error('a chat script starts once');
    this.#state = { kind: 'stepping' };
    this.#run(now);
  }

  /** The line said this. Behind the end it's the caller's own. */
  receive(octets: Uint8Array, now: Millis): void {
    if (this.#isOver) return;
    const room = MOST_UNREAD - this.#unread.length;
    if (octets.length > room)
      this.#transcript.log(`${octets.length - room} octets came while nobody read, and are lost`);
    this.#unread = concatBytes([this.#unread, octets.subarray(0, Math.max(0, room))]);
    this.#run(now);
  }

  /** Time has come to `nextTimeout`. */
  advance(now: Millis): void {
    this.#run(now);
  }

  /** What was asked for: a file's content, or a secret. Throws when nothing is. */
  supply(content: Uint8Array, now: Millis): void {
    const state = this.#state;
    if (this.#isOver) return;
    if (state.kind !== 'asking') throw new Error('nothing was asked for');
    state.use(content, now);
    this.#run(now);
  }

  /** What was asked for can't be had. The script fails. */
  refuse(reason: unknown, now: Millis): void {
    const state = this.#state;
    if (this.#isOver) return;
    if (state.kind !== 'asking') throw new Error('nothing was asked for');
    const { wanted } = state;
    const what = wanted.kind === 'file' ? wanted.path : `the secret ${wanted.reference}`;
    this.#finish({ kind: 'unable', detail: `${what}: ${messageOf(reason)}` }, now);
    this.#run(now);
  }

  /** The line has lost its carrier. */
  hungUp(now: Millis): void {
    if (this.#isOver) return;
    this.#transcript.log('hang-up');
    if (!this.#hangupFatal) return;
    if (this.#state.kind !== 'reporting') this.#finish({ kind: 'hangup' }, now);
    // Nothing more can come of a report.
    if (this.#state.kind === 'reporting') this.#end(this.#state.outcome);
  }

  nextTimeout(): Millis | undefined {
    const state = this.#state;
    if (state.kind === 'typing') return state.typist.due;
    if (state.kind !== 'expecting' && state.kind !== 'reporting') return undefined;
    return state.deadline === Infinity ? undefined : state.deadline;
  }

  poll(): ChatOutput | undefined {
    return this.#outputs.shift();
  }

  get #isOver(): boolean {
    return this.#state.kind === 'over';
  }

  /** As far as it goes without more octets or time. */
  #run(now: Millis): void {
    for (;;) {
      const state = this.#state;
      switch (state.kind) {
        case 'idle':
        case 'asking':
        case 'over':
          return;
        case 'stepping':
          this.#takeStep(now);
          break;
        case 'typing':
          this.#type(state.typist, now);
          if (state.typist.due !== undefined) return;
          if (this.#state === state) this.#expect(state.after, now);
          break;
        case 'expecting':
          this.#read((octet) => {
            this.#judge(octet, state.attempts[0].expect, state.tail, now);
          });
          if (this.#state !== state) break;
          if (now < state.deadline) return;
          this.#timedOut(state.attempts, now);
          break;
        case 'reporting':
          this.#readReport(state, now);
          return;
        default:
          assertNever(state);
      }
    }
  }

  #takeStep(now: Millis): void {
    const step = this.#script[this.#step++];
    if (step === undefined) this.#finish({ kind: 'done' }, now);
    else if (step.kind === 'expect') this.#expect(step.attempts, now);
    else if (step.kind === 'send') this.#send(step.send, [], now);
    else this.#set(step);
  }

  #set(step: Exclude<Step, { kind: 'expect' | 'send' }>): void {
    switch (step.kind) {
      case 'abort':
        this.#transcript.log(`abort on (${visible(step.text)})`);
        this.#aborts.add(step.text);
        return;
      case 'clear-abort':
        this.#transcript.log(`no more abort on (${visible(step.text)})`);
        this.#aborts.clear(step.text);
        return;
      case 'report':
        this.#transcript.log(`report (${visible(step.text)})`);
        this.#reports.add(step.text);
        return;
      case 'clear-report':
        this.#transcript.log(`no more report of (${visible(step.text)})`);
        this.#reports.clear(step.text);
        return;
      case 'timeout':
        this.#transcript.log(`timeout ${step.duration / 1000} s`);
        this.#timeout = step.duration;
        return;
      case 'echo':
        this.#transcript.echoing = step.on;
        return;
      case 'hangup':
        this.#hangupFatal = step.fatal;
        this.#outputs.push({ type: 'hangup', fatal: step.fatal });
        return;
      case 'say':
        this.#outputs.push({
          type: 'say',
          text: decodeText(fromOctets(octetsOf(this.#keysOf(step.parts, new Map())))),
        });
        return;
      default:
        assertNever(step);
    }
  }

  /** Waits for the first attempt; with none, the step is done. */
  #expect(attempts: readonly Attempt[], now: Millis): void {
    const [attempt, ...others] = attempts;
    if (attempt !== undefined) this.#transcript.log(`expect (${visible(attempt.expect)})`);
    if (attempt === undefined || attempt.expect === '') this.#state = { kind: 'stepping' };
    else {
      const deadline = now + this.#timeout;
      this.#state = { kind: 'expecting', attempts: [attempt, ...others], deadline, tail: new Tail() };
    }
  }

  /** One octet that an `expect` has read: reports first, then what is expected, then aborts. */
  #judge(octet: string, expected: Octets, tail: Tail, now: Millis): void {
    this.#transcript.hear(octet);
    tail.push(octet, Math.max(expected.length, this.#aborts.longest, this.#reports.longest));
    this.#report(this.#reports.push(octet, tail));
    if (tail.endsWith(expected)) {
      this.#transcript.flush();
      this.#transcript.log('got it');
      this.#state = { kind: 'stepping' };
      return;
    }
    const abort = this.#aborts.find(tail);
    if (abort !== undefined) this.#finish({ kind: 'abort', ...abort }, now);
  }

  #timedOut([attempt, ...others]: Attempts, now: Millis): void {
    this.#transcript.flush();
    this.#transcript.log('timeout');
    if (attempt.otherwise === undefined) this.#finish({ kind: 'timeout', expected: attempt.expect }, now);
    else this.#send(attempt.otherwise, others, now);
  }

  #send(send: Send, after: readonly Attempt[], now: Millis): void {
    if (send.kind === 'text') {
      this.#sendParts(send.parts, send.quiet, after, new Map(), now);
      return;
    }
    this.#ask(send, (content, then) => {
      const told = parseFileContent(content, { variables: this.#options.variables });
      // What is kept apart from the script is taken to be a secret.
      this.#sendParts(told.parts, true, after, new Map(), then);
    });
  }

  #sendParts(
    parts: readonly Part[],
    quiet: boolean,
    after: readonly Attempt[],
    secrets: ReadonlyMap<string, Octets>,
    now: Millis,
  ): void {
    for (const part of parts) {
      if (part.kind !== 'secret' || secrets.has(part.reference)) continue;
      this.#ask(part, (content, then) => {
        const secret = toOctets(content);
        this.#transcript.hide(secret);
        this.#sendParts(parts, quiet, after, new Map([...secrets, [part.reference, secret]]), then);
      });
      return;
    }
    const keys = this.#keysOf(parts, secrets);
    if (quiet) this.#transcript.hide(octetsOf(keys).replace(/[\r\n]+$/, ''));
    this.#transcript.log(`send (${quiet ? hidden : showParts(parts, (which) => this.#number(which))})`);
    const interval = this.#options.typing ?? TYPING_MS;
    this.#state = { kind: 'typing', typist: new Typist(keys, interval, now + this.#timeout, now), after };
  }

  #type(typist: Typist, now: Millis): void {
    for (const typed of typist.type(now)) {
      if (typed.type !== 'late') this.#outputs.push(typed);
      else this.#finish({ kind: 'unable', detail: `sending took longer than ${this.#timeout / 1000} s` }, now);
    }
  }

  #ask(wanted: Wanted, use: (content: Uint8Array, now: Millis) => void): void {
    const asked: Wanted =
      wanted.kind === 'file' ? { kind: 'file', path: wanted.path } : { kind: 'secret', reference: wanted.reference };
    this.#state = { kind: 'asking', use, wanted: asked };
    this.#outputs.push({ type: 'ask', wanted: asked });
  }

  /** Hands what came to `take`, octet by octet, as long as the state stays what it is. */
  #read(take: (octet: string) => void): void {
    const state = this.#state;
    const octets = this.#unread;
    for (const [at, octet] of octets.entries()) {
      this.#unread = octets.subarray(at + 1);
      take(String.fromCharCode(octet & 0x7f));
      if (this.#state !== state) return;
    }
  }

  /** What a report still lacks is read, as long as it keeps coming. */
  #readReport(state: Extract<State, { kind: 'reporting' }>, now: Millis): void {
    const { outcome, deadline } = state;
    const before = this.#unread.length;
    if (!this.#reports.gathering) this.#end(outcome);
    this.#read((octet) => {
      this.#report(this.#reports.gather(octet));
      if (!this.#reports.gathering || this.#reports.full) this.#end(outcome);
    });
    if (this.#state !== state) return;
    if (this.#unread.length < before) this.#state = { ...state, deadline: now + REPORT_MS };
    else if (now >= deadline) this.#end(outcome);
  }

  #finish(outcome: Outcome, now: Millis): void {
    this.#transcript.end();
    this.#transcript.log(describeOutcome(outcome));
    this.#state = { kind: 'reporting', outcome, deadline: now + REPORT_MS };
  }

  #end(outcome: Outcome): void {
    this.#report(this.#reports.end());
    this.#state = { kind: 'over' };
    this.#outputs.push({ type: 'finished', outcome, rest: this.#unread });
    this.#unread = new Uint8Array(0);
  }

  #keysOf(parts: readonly Part[], secrets: ReadonlyMap<string, Octets>): readonly Key[] {
    return parts.flatMap((part): readonly Key[] => {
      if (part.kind === 'secret') return [{ kind: 'octets', octets: secrets.get(part.reference) ?? '' }];
      if (part.kind !== 'number') return [part];
      return secondRound(this.#number(part.which)).map((inner) =>
        inner.kind === 'number' || inner.kind === 'secret' ? { kind: 'octets', octets: part.which } : inner,
      );
    });
  }

  /** What is read octet by octet is shown in one piece. */
  #show(shown: Shown): void {
    const last = this.#outputs.at(-1);
    if (shown.type !== 'echo' || last?.type !== 'echo') this.#outputs.push(shown);
    else this.#outputs[this.#outputs.length - 1] = { type: 'echo', text: last.text + shown.text };
  }

  #number(which: 'T' | 'U'): Octets {
    return toOctets(encodeText(this.#options.numbers?.[which] ?? which));
  }

  #report(report: string | undefined): void {
    if (report !== undefined) this.#outputs.push({ type: 'report', text: this.#transcript.reveal(report) });
  }
}

/** The outcome as a line of a log. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'done':
      return 'done';
    case 'unable':
      return `failed: ${outcome.detail}`;
    case 'hangup':
      return 'failed: hang-up';
    case 'timeout':
      return `failed: (${visible(outcome.expected)}) didn't come in time`;
    case 'abort':
      return `failed: (${visible(outcome.text)}) came`;
    default:
      return assertNever(outcome);
  }
}
