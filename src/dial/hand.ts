/**
 * What passes when somebody talks over a line by hand (`linkctl term`): octets go both ways as they are, a key opens a menu,
 * and when a frame of PPP comes from the far end the line is PPP's, with this frame. Who leaves may leave the line as it is: the
 * frame is waited for all the same, and whoever comes next goes on. Nothing of it gets into a log: passwords are typed here.
 */
import { concatBytes } from '../base/bytes.js';
import { cause, type Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { encodeText } from '../base/text.js';
import { takeLine } from './modem-line.js';
import { findPpp } from './ppp-sign.js';
import { compresses, readResult } from './results.js';
import { nothingKnown, Talk, type CallFacts } from './talk.js';

/** Ctrl-], as telnet has it. */
export const menuKey = 0x1d;

const menu =
  'q: hang up and quit; l: leave the line as it is; b: send a break; p: begin PPP now; Ctrl-]: send a Ctrl-]; else: back';

/** The longest line of a modem that is looked at. */
const longestLine = 256;

export class HandTalk extends Talk {
  #who: string | undefined;
  #isMenuOpen = false;
  readonly #shown: Uint8Array[] = [];
  /** A line of text that has not ended yet. */
  #line: Uint8Array = new Uint8Array(0);
  #call: CallFacts = nothingKnown;
  #ended: Cause | undefined;
  /** Why PPP doesn't begin by hand. */
  #bar: string | undefined;
  #isBarTold = false;
  /** The line is open. */
  #isOpen = false;
  /** PPP is to begin as soon as it is. */
  #isHurried = false;

  /** How whoever was there has ended it. */
  get ended(): Cause | undefined {
    return this.#ended;
  }

  /** Who is there; undefined: the line was left as it is. */
  get visitor(): string | undefined {
    return this.#who;
  }

  /** Somebody comes, before the line is open or while it is left alone. */
  come(who: string): void {
    this.#who = who;
    this.#isMenuOpen = false;
    this.put({ type: 'doing', text: `in the hands of ${who}` });
    this.tell('Ctrl-] opens the menu.');
  }

  /** He typed this. */
  typed(octets: Uint8Array): void {
    let from = 0;
    for (let at = 0; at < octets.length && !this.over && this.#who !== undefined; at++) {
      if (!this.#isMenuOpen && octets[at] !== menuKey) continue;
      this.#sendRaw(octets.subarray(from, at));
      from = at + 1;
      if (this.#isMenuOpen) this.#choose(octets[at] ?? 0);
      else {
        this.#isMenuOpen = true;
        this.tell(menu);
      }
    }
    if (!this.over && this.#who !== undefined) this.#sendRaw(octets.subarray(from));
  }

  /** His end of the connection is gone, without a word. */
  vanish(): void {
    this.#end('is gone');
  }

  /** From here on PPP doesn't begin here, for this reason; to be said before the line is open. */
  bar(why: string): void {
    this.#bar = why;
  }

  /** The line is PPP's now, or as soon as it is open, whatever the far end says. Where there is a bar, it is hung up. */
  beginPpp(): void {
    if (this.over) return;
    if (!this.#isOpen) this.#isHurried = true;
    else if (this.#bar === undefined) this.#finish('PPP begins: linkd takes the line over.');
    else {
      this.tell(this.#bar);
      this.#end('was in the way of PPP');
    }
  }

  /** A line of linkd's own on his screen. */
  tell(text: string): void {
    this.#shown.push(encodeText(`\r\n[linkd] ${text}\r\n`));
  }

  /** What he is to see next. */
  pollShown(): Uint8Array | undefined {
    return this.#shown.shift();
  }

  protected begin(): void {
    this.#isOpen = true;
    // What he typed before the line was open comes first.
    if (this.#isHurried) this.beginPpp();
  }

  protected heard(octets: Uint8Array): void {
    if (this.#bar !== undefined) {
      this.#heardBarred(octets, this.#bar);
      return;
    }
    const before = this.unread.length - octets.length;
    const sign = findPpp(this.unread);
    const text = this.unread.subarray(before, sign.kind === 'found' ? Math.max(before, sign.at) : undefined);
    if (text.length > 0) this.#shown.push(text);
    this.#readResults(text);
    this.unread = this.unread.subarray(sign.at);
    if (sign.kind === 'open') return;
    const isWhole = this.unread[1] === 0xff;
    if (!isWhole) this.tell('The far end speaks PPP, but the eighth bit is lost: set 8 data bits and no parity there.');
    this.#finish('PPP from the far end: linkd takes the line over.');
  }

  protected due(now: Millis): void {
    throw new Error(`at ${now}: nothing here depends on time`);
  }

  /** Frames of PPP are shown as the octets that they are. */
  #heardBarred(octets: Uint8Array, why: string): void {
    this.#shown.push(octets);
    this.#readResults(octets);
    const sign = findPpp(this.unread);
    this.unread = this.unread.subarray(sign.at).slice(0, longestLine);
    if (sign.kind === 'open' || this.#isBarTold) return;
    this.#isBarTold = true;
    this.tell(why);
  }

  #finish(text: string): void {
    this.tell(text);
    this.finish({ kind: 'done', call: this.#call }, this.unread);
  }

  #choose(key: number): void {
    this.#isMenuOpen = false;
    switch (String.fromCharCode(key).toLowerCase()) {
      case 'q':
        this.#end('hung up');
        return;
      case 'l':
        this.tell('The line stays as it is; linkctl term goes on, linkctl up begins PPP, linkctl down hangs up.');
        this.put({ type: 'doing', text: `left as it is by ${this.#who ?? 'nobody'}` });
        this.#who = undefined;
        return;
      case 'b':
        this.tell('A break.');
        this.put({ type: 'break' });
        return;
      case 'p':
        if (this.#bar === undefined) this.beginPpp();
        else this.tell(this.#bar);
        return;
      case '\x1d':
        this.#sendRaw(Uint8Array.of(menuKey));
        return;
      default:
        this.tell('Back on the line.');
    }
  }

  #end(how: string): void {
    if (this.over) return;
    this.#ended = cause('by-hand', `${this.#who ?? 'nobody'} ${how}`);
    this.fail(this.#ended);
  }

  #sendRaw(octets: Uint8Array): void {
    if (octets.length > 0) this.put({ type: 'send', octets: octets.slice() });
  }

  /** What the modem says of the call: its rate is what the queue has to reckon with. */
  #readResults(text: Uint8Array): void {
    this.#line = concatBytes([this.#line, text]).slice(-longestLine);
    for (let taken = takeLine(this.#line); taken !== undefined; taken = takeLine(this.#line)) {
      this.#line = taken.rest;
      // Digits alone are as likely a choice in a menu.
      const result = /^\d/.test(taken.line) ? undefined : readResult(taken.line);
      if (result?.kind === 'failed') this.#call = nothingKnown;
      if (result?.kind !== 'connect') continue;
      const { speed, protocol } = result;
      const how = [speed === undefined ? '' : String(speed), this.reveal(protocol)]
        .filter((part) => part !== '')
        .join('/');
      const note = how === '' ? 'connected by hand' : `connected by hand at ${how}`;
      this.#call = { speed, compressed: compresses(protocol), notes: [note] };
    }
  }
}
