/**
 * A login without a script: prompts are answered as they are recognised, menus as the config says, until PPP shows itself.
 * A text counts as a prompt when nothing follows it for a moment, however it was cut into pieces on its way.
 */
import { concatBytes } from '../base/bytes.js';
import { cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { encodeText } from '../base/text.js';
import { hidden } from '../chat/hide.js';
import { toOctets, type Octets } from '../chat/script.js';
import type { MenuAnswer } from './options.js';
import { findPpp } from './ppp-sign.js';
import { plainText, readPrompt, readRefusal } from './prompts.js';
import { nothingKnown, Talk, withoutEighthBit } from './talk.js';

export interface LoginTalkOptions {
  readonly user: string | undefined;
  readonly secret: Octets | undefined;
  readonly menu: readonly MenuAnswer[];
  readonly command: string | undefined;
  readonly timeoutMs: Millis;
}

/** Nothing more comes: what is there is judged. */
const quietMs: Millis = 600;
/** What isn't understood by then won't be. */
const puzzledMs: Millis = 5000;
/** A far end that says nothing gets a return, a few times. */
const wakeMs: Millis = 5000;
const mostWakes = 4;
/** Noise may spoil a name. */
const mostUsers = 2;
/** Behind the last answer, silence for so long means that the far end waits for our PPP. */
const settledMs: Millis = 4000;
/** What a cause shows of the screen. */
const shownCharacters = 160;
const mostScreen = 8192;

export class LoginTalk extends Talk {
  readonly #options: LoginTalkOptions;
  /** What is left of the answers. */
  #menu: readonly MenuAnswer[];
  #command: string | undefined;
  /** What came since our last answer. */
  #screen = '';
  /** All of it, for the cause. */
  #history = '';
  #answered: 'nothing' | 'user' | 'password' | 'command' = 'nothing';
  #wakes = 0;
  #users = 0;
  #heardAt: Millis = 0;
  #end: Millis = Infinity;

  constructor(options: LoginTalkOptions) {
    super();
    this.#options = options;
    this.#menu = options.menu;
    this.#command = options.command;
    if (options.secret !== undefined) this.hide(options.secret);
  }

  protected begin(now: Millis): void {
    this.doing('logging in');
    this.#end = now + this.#options.timeoutMs;
    this.#heardAt = now;
    this.#wait(now + quietMs);
  }

  protected heard(_octets: Uint8Array, now: Millis): void {
    const sign = findPpp(this.unread);
    const text = this.unread.subarray(0, sign.at);
    const rest = this.unread.subarray(sign.at);
    this.record(text);
    const read = withoutEighthBit(text);
    this.#screen = (this.#screen + read).slice(-mostScreen);
    this.#history = (this.#history + read).slice(-mostScreen);
    this.unread = concatBytes([rest]);
    if (sign.kind === 'found') {
      this.log('PPP begins');
      this.finish({ kind: 'done', call: nothingKnown }, this.unread);
      return;
    }
    this.#heardAt = now;
    this.#wait(now + quietMs);
  }

  protected due(now: Millis): void {
    const screen = plainText(this.#screen);
    const line = screen.slice(screen.lastIndexOf('\n') + 1).trim();
    const quiet = now - this.#heardAt;
    const refusal = this.#answered === 'nothing' ? undefined : readRefusal(screen);
    if (refusal !== undefined) {
      this.fail(cause('login-refused', this.#shown(refusal)));
    } else if (now >= this.#end) {
      this.fail(cause('login-failed', `it took too long: ${this.#lastWords()}`));
    } else if (screen.trim() === '' && this.#answered === 'nothing') {
      this.#wakeUp(quiet, now);
    } else if (this.#answer(screen, line, now)) {
      return;
    } else if (line === '') {
      this.#settle(quiet, now);
    } else if (quiet >= puzzledMs) {
      this.fail(cause('login-failed', `it waits for an answer that the config doesn't have: ${this.#lastWords()}`));
    } else this.#wait(this.#heardAt + puzzledMs);
  }

  /** True when there was an answer to what is on the screen, be it the end. */
  #answer(screen: string, line: string, now: Millis): boolean {
    const item = this.#menu.find(({ expect }) => screen.toLowerCase().includes(expect.toLowerCase()));
    if (item !== undefined && line !== '') {
      this.#menu = this.#menu.filter((other) => other !== item);
      this.#say(item.send, now);
      return true;
    }
    const { user, secret } = this.#options;
    switch (readPrompt(line)) {
      case 'user':
        // Asked again, we were refused; a further try could lock the account.
        if (this.#answered === 'password' || this.#users >= mostUsers)
          this.fail(cause('login-refused', this.#shown(screen.trim())));
        else if (user === undefined) return false;
        else {
          this.#users += 1;
          this.#say(user, now, 'user');
        }
        return true;
      case 'password':
        if (this.#answered === 'password') this.fail(cause('login-refused', this.#shown(screen.trim())));
        else if (secret === undefined) return false;
        else this.#sayPassword(secret, now);
        return true;
      case 'command': {
        const command = this.#command;
        if (command === undefined || (user !== undefined && this.#answered === 'nothing')) return false;
        this.#command = undefined;
        this.doing('starting PPP');
        this.#say(command, now, 'command');
        return true;
      }
      case undefined:
        return false;
    }
  }

  /** A far end that has said something and waits for nothing. */
  #settle(quiet: Millis, now: Millis): void {
    const isDone = this.#answered !== 'nothing' && this.#command === undefined;
    if (isDone && quiet >= settledMs) {
      this.log('it is quiet: PPP begins with us');
      this.finish({ kind: 'done', call: nothingKnown }, this.unread);
    } else if (isDone) this.#wait(this.#heardAt + settledMs);
    else if (quiet >= wakeMs) this.#wakeUp(quiet, now);
    else this.#wait(this.#heardAt + wakeMs);
  }

  #wakeUp(quiet: Millis, now: Millis): void {
    if (quiet < (this.#wakes === 0 ? quietMs * 2 : wakeMs)) {
      this.#wait(this.#heardAt + (this.#wakes === 0 ? quietMs * 2 : wakeMs));
    } else if (this.#wakes >= mostWakes) {
      const words = this.#lastWords();
      this.fail(cause('login-failed', words === '' ? 'it says nothing' : `it asks for nothing: ${words}`));
    } else {
      this.#wakes += 1;
      this.#heardAt = now;
      this.send('\r');
      this.#wait(now + wakeMs);
    }
  }

  #say(text: string, now: Millis, what?: 'user' | 'command'): void {
    this.send(`${toOctets(encodeText(text))}\r`);
    this.#said(now, what);
  }

  #sayPassword(secret: Octets, now: Millis): void {
    this.send(`${secret}\r`, hidden);
    this.#said(now, 'password');
  }

  #said(now: Millis, what: 'user' | 'password' | 'command' | undefined): void {
    if (what !== undefined) this.#answered = what;
    this.#screen = '';
    this.#heardAt = now;
    this.#wait(now + quietMs);
  }

  #wait(until: Millis): void {
    this.deadline = Math.min(until, this.#end);
  }

  #lastWords(): string {
    return this.#shown(plainText(this.#history).trim());
  }

  #shown(text: string): string {
    const lines = text.split('\n').map((line) => this.reveal(line.trim()));
    return lines
      .filter((line) => line !== '')
      .join(' / ')
      .slice(-shownCharacters);
  }
}
