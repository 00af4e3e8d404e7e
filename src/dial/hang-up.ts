/** Ends a call where dropping DTR can't: silence, `+++`, silence, `ATH0` (the guard time keeps data from doing this). */
import type { Millis } from '../base/clock.js';
import { guardMs } from './modem.js';
import { nothingKnown, Talk, withoutEighthBit } from './talk.js';

/** A modem that doesn't answer has nothing to hang up, or hangs up in silence. */
const answerMs: Millis = 700;

export class HangUpTalk extends Talk {
  #step: 'before' | 'after' | 'hanging-up';

  /** Without a connection the modem hears commands, and any key ends its dialing. */
  constructor(connected: boolean) {
    super();
    this.#step = connected ? 'before' : 'hanging-up';
  }

  protected begin(now: Millis): void {
    this.log('hanging up');
    if (this.#step === 'before') this.deadline = now + guardMs;
    else {
      this.send('\r');
      this.deadline = now + answerMs / 2;
      this.#step = 'after';
    }
  }

  protected heard(octets: Uint8Array): void {
    // What comes before is the end of a session that nobody reads any more.
    if (this.#step !== 'hanging-up') return;
    this.record(octets);
    if (/(?:^|[\r\n])(?:OK|0|NO CARRIER|3)\r/.test(withoutEighthBit(this.unread)))
      this.finish({ kind: 'done', call: nothingKnown });
  }

  protected due(now: Millis): void {
    switch (this.#step) {
      case 'before':
        this.send('+++');
        this.#step = 'after';
        this.deadline = now + guardMs;
        return;
      case 'after':
        this.unread = new Uint8Array(0);
        this.send('ATH0\r');
        this.#step = 'hanging-up';
        this.deadline = now + answerMs;
        return;
      case 'hanging-up':
        this.finish({ kind: 'done', call: nothingKnown });
    }
  }
}
