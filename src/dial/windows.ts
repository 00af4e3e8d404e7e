/**
 * The null modem of Windows ("direct cable connection"): the caller says CLIENT until it hears CLIENTSERVER, then PPP
 * begins. PPP's first frame will do as well.
 */
import { cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { findPpp } from './ppp-sign.js';
import { nothingKnown, Talk, withoutEighthBit } from './talk.js';

const callMs: Millis = 2000;

export class WindowsTalk extends Talk {
  readonly #side: 'client' | 'server';
  readonly #timeoutMs: Millis;
  #end: Millis = Infinity;

  /** A server waits for its caller as long as it takes. */
  constructor(side: 'client' | 'server', timeoutMs: Millis) {
    super();
    this.#side = side;
    this.#timeoutMs = timeoutMs;
  }

  protected begin(now: Millis): void {
    this.#end = this.#side === 'server' ? Infinity : now + this.#timeoutMs;
    this.doing(this.#side === 'server' ? 'waiting for CLIENT' : 'saying CLIENT');
    if (this.#side === 'client') this.#call(now);
  }

  protected heard(octets: Uint8Array): void {
    this.record(octets);
    const text = withoutEighthBit(this.unread);
    const wanted = this.#side === 'server' ? 'CLIENT' : 'CLIENTSERVER';
    const at = text.indexOf(wanted);
    const sign = findPpp(this.unread);
    if (at >= 0) {
      if (this.#side === 'server') this.send('CLIENTSERVER');
      this.finish({ kind: 'done', call: nothingKnown }, this.unread.subarray(at + wanted.length));
    } else if (sign.kind === 'found') {
      this.finish({ kind: 'done', call: nothingKnown }, this.unread.subarray(sign.at));
    }
  }

  protected due(now: Millis): void {
    if (now < this.#end) this.#call(now);
    else this.fail(cause('no-answer', 'nobody says CLIENTSERVER'));
  }

  #call(now: Millis): void {
    this.send('CLIENT');
    this.deadline = Math.min(now + callMs, this.#end);
  }
}
