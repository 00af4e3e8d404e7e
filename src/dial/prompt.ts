/**
 * What a caller meets: a login prompt, and AutoPPP. PPP frames at the prompt start PPP at once, with these octets; otherwise
 * user and password are asked for and judged. Of what is typed nothing gets into a log but the names of accounts that exist.
 */
import { concatBytes } from '../base/bytes.js';
import { cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { decodeText, encodeText } from '../base/text.js';
import { printable } from '../base/printable.js';
import type { Caller } from '../line/line.js';
import type { LoginPromptOptions } from './options.js';
import { LineEditor, type Key } from './line-editor.js';
import { findPpp } from './ppp-sign.js';
import { nothingKnown, Talk, withoutEighthBit } from './talk.js';
import type { Octets } from '../chat/script.js';

/** `known`: there is such an account, and its password is another one. */
export type LoginVerdict =
  { readonly kind: 'right'; readonly caller: Caller } | { readonly kind: 'wrong'; readonly known: boolean };

/** Takes the same time for every wrong password, and where there is no such account. */
export type LoginCheck = (user: Uint8Array, password: Uint8Array) => LoginVerdict;

export interface PromptParts {
  /** Undefined: PPP begins with the first octet of the caller. */
  readonly login: LoginPromptOptions | undefined;
  readonly check: LoginCheck;
  readonly autoPpp: boolean;
  /** Nothing is said, and time doesn't count, before the caller's first octet. */
  readonly callerBegins: boolean;
  /** What the caller has said already. */
  readonly unread?: Uint8Array;
}

type State =
  | { readonly kind: 'silent' }
  | { readonly kind: 'user' }
  | { readonly kind: 'password'; readonly user: Uint8Array }
  /** After a wrong password. */
  | { readonly kind: 'waiting' };

/** What a modem says when the call is over; it hears no more data then. A caller who types it hangs up as well. */
const noCarrier = /[\r\n]NO CARRIER\r/;

const longestSign = 16;

/** After a wrong password, longer after each; what is typed meanwhile is lost. */
const penaltyMs: Millis = 2000;

export class PromptTalk extends Talk {
  readonly #parts: PromptParts;
  readonly #editor = new LineEditor();
  #state: State = { kind: 'silent' };
  #wrong = 0;
  /** When the patience with the caller is over. */
  #end: Millis = Infinity;
  #caller: Caller | undefined;
  /** The last of what was heard. */
  #tail: Octets = '';

  constructor(parts: PromptParts) {
    super();
    this.#parts = parts;
  }

  /** Who has logged in; undefined after AutoPPP, and where nobody has to. */
  get caller(): Caller | undefined {
    return this.#caller;
  }

  override start(now: Millis, unread = this.#parts.unread): void {
    super.start(now, unread);
  }

  protected begin(now: Millis): void {
    if (this.#parts.callerBegins) this.doing('waiting for a call');
    else if (this.#parts.login === undefined) this.finish({ kind: 'done', call: nothingKnown }, this.unread);
    else this.#greet(this.#parts.login, now);
  }

  protected heard(octets: Uint8Array, now: Millis): void {
    const { login, autoPpp } = this.#parts;
    this.#tail = `${this.#tail}${withoutEighthBit(octets)}`.slice(-octets.length - longestSign);
    if (noCarrier.test(this.#tail)) {
      this.fail(cause('carrier-lost', 'NO CARRIER'));
      return;
    }
    if (login === undefined) {
      this.log('a caller speaks');
      this.finish({ kind: 'done', call: nothingKnown }, this.unread);
      return;
    }
    const sign = autoPpp ? findPpp(this.unread) : { kind: 'open' as const, at: this.unread.length };
    const typed = this.unread.subarray(0, sign.at);
    this.unread = concatBytes([this.unread.subarray(sign.at)]);
    if (sign.kind === 'found') {
      this.log('PPP frames instead of a login: PPP begins');
      this.finish({ kind: 'done', call: nothingKnown }, this.unread);
      return;
    }
    if (this.#state.kind === 'silent') {
      // What woke us is no name; what may become a frame is waited for.
      if (typed.length > 0) this.#greet(login, now);
      return;
    }
    for (const octet of typed) if (!this.over) this.#press(octet, login, now);
  }

  protected due(now: Millis): void {
    const { login } = this.#parts;
    if (login === undefined) return;
    if (now >= this.#end) {
      this.#say('\r\nThe login took too long.\r\n');
      this.fail(cause('caller-refused', 'the login took too long'));
    } else if (this.#state.kind === 'waiting') {
      this.#say('\r\nLogin incorrect\r\n');
      if (this.#wrong >= login.attempts) this.fail(cause('caller-refused', `${this.#wrong} wrong logins`));
      else this.#askUser(login);
    }
  }

  #greet(login: LoginPromptOptions, now: Millis): void {
    this.doing('a caller is at the login');
    this.#end = now + login.timeMs;
    const banner = login.banner.trimEnd();
    this.#say(banner === '' ? '\r\n' : `\r\n${banner.replaceAll('\n', '\r\n')}\r\n`);
    this.#askUser(login);
  }

  #askUser({ prompt }: LoginPromptOptions): void {
    this.#state = { kind: 'user' };
    this.#editor.begin(true);
    this.#say(prompt);
    this.deadline = this.#end;
  }

  #press(octet: number, login: LoginPromptOptions, now: Millis): void {
    const state = this.#state;
    if (state.kind === 'waiting' || state.kind === 'silent') return;
    const key = this.#editor.push(octet);
    switch (key.kind) {
      case 'typing':
        if (key.echo.length > 0) this.put({ type: 'send', octets: key.echo });
        return;
      case 'interrupt':
        this.#say('\r\n');
        this.#askUser(login);
        return;
      case 'end':
        this.#say('\r\n');
        this.fail(cause('caller-refused', 'the caller left'));
        return;
      case 'line':
        this.#entered(state, key, login, now);
    }
  }

  #entered(
    state: Extract<State, { kind: 'user' | 'password' }>,
    { line }: Extract<Key, { kind: 'line' }>,
    login: LoginPromptOptions,
    now: Millis,
  ): void {
    this.#say('\r\n');
    if (state.kind === 'password') this.#judge(state.user, line, now);
    else if (line.length === 0) this.#askUser(login);
    else {
      this.#state = { kind: 'password', user: line };
      this.#editor.begin(false);
      this.#say('Password: ');
    }
  }

  #judge(user: Uint8Array, password: Uint8Array, now: Millis): void {
    const verdict = this.#parts.check(user, password);
    const name = printable(decodeText(user));
    if (verdict.kind === 'right') {
      this.#caller = verdict.caller;
      const note = `login of "${name}"`;
      this.log(note);
      this.#say('PPP begins.\r\n');
      this.finish({ kind: 'done', call: { notes: [note] } }, this.unread);
      return;
    }
    this.#wrong += 1;
    // An unknown name may well be a password that was typed too early.
    this.log(verdict.known ? `a wrong password of "${name}"` : 'a login of somebody unknown');
    this.#state = { kind: 'waiting' };
    this.deadline = Math.min(now + this.#wrong * penaltyMs, this.#end);
  }

  /** To the caller, and not into the log. */
  #say(text: string): void {
    this.put({ type: 'send', octets: encodeText(text) });
  }
}
