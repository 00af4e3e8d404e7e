/**
 * One part of what is said on a line before PPP (the modem, a login, a script), without I/O: octets and time come in, what
 * is to be done goes out by `poll()`, drained after every input, and ends with exactly one `finished`.
 */
import { concatBytes } from '../base/bytes.js';
import type { Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { fromOctets, toOctets, type Octets } from '../chat/script.js';
import { Transcript } from '../chat/transcript.js';
import { visible } from '../chat/visible.js';

export type TalkOutput =
  | { readonly type: 'send'; readonly octets: Uint8Array }
  /** A break; nothing is sent for half a second. */
  | { readonly type: 'break' }
  /** A file of a script; `supply` or `refuse` answers. */
  | { readonly type: 'ask'; readonly path: string }
  /** What is done now, for the status: `dialing 5551234`. */
  | { readonly type: 'doing'; readonly text: string }
  /** A line of the conversation, printable, without secrets. */
  | { readonly type: 'log'; readonly text: string }
  /** What a script has to say to the person. */
  | { readonly type: 'say'; readonly text: string }
  /** `rest` is what was received and is PPP's. */
  | { readonly type: 'finished'; readonly outcome: TalkOutcome; readonly rest: Uint8Array };

export type TalkOutcome =
  { readonly kind: 'done'; readonly call: CallFacts } | { readonly kind: 'failed'; readonly cause: Cause };

/** What is known of a call that was made. */
export interface CallFacts {
  /** The modem's rate, bits a second, where it told. */
  readonly speed?: number | undefined;
  /** The modems compress: more octets than the rate says may pass. */
  readonly compressed?: boolean;
  /** For people: `5551234`, `V34/LAPM`, `signal -79 dBm`. */
  readonly notes: readonly string[];
}

export const nothingKnown: CallFacts = { notes: [] };

export type FileContent = Uint8Array | { readonly refused: string };

const mostUnread = 65_536;

export abstract class Talk {
  /** What was received and isn't dealt with. */
  protected unread: Uint8Array = new Uint8Array(0);
  /** When `due` is wanted. */
  protected deadline: Millis | undefined;
  readonly #outputs: TalkOutput[] = [];
  readonly #transcript: Transcript;
  #over = false;

  constructor() {
    this.#transcript = new Transcript(false, (shown) => {
      if (shown.type === 'log') this.put(shown);
    });
  }

  /** Begins; `unread` is what the part before has left. */
  start(now: Millis, unread: Uint8Array = new Uint8Array(0)): void {
    this.unread = unread;
    this.begin(now);
    if (unread.length > 0 && !this.#over) this.heard(unread, now);
  }

  /** The line said this. */
  receive(octets: Uint8Array, now: Millis): void {
    if (this.#over || octets.length === 0) return;
    // A line that says so much without an end has nothing to say to us.
    const kept = this.unread.length + octets.length > mostUnread ? octets : concatBytes([this.unread, octets]);
    this.unread = kept.subarray(0, mostUnread);
    this.heard(octets, now);
  }

  /** Time has come to `nextTimeout`. */
  advance(now: Millis): void {
    if (this.#over || this.deadline === undefined || now < this.deadline) return;
    this.deadline = undefined;
    this.due(now);
  }

  /** The file that was asked for, or why it can't be had. Throws when nothing was. */
  supply(content: FileContent, now: Millis): void {
    throw new Error(`at ${now}, nothing was asked for: ${typeof content}`);
  }

  nextTimeout(): Millis | undefined {
    return this.#over ? undefined : this.deadline;
  }

  poll(): TalkOutput | undefined {
    return this.#outputs.shift();
  }

  get over(): boolean {
    return this.#over;
  }

  /** The first words, or the first wait. */
  protected abstract begin(now: Millis): void;
  /** `octets` came; they are the last of `unread`. */
  protected abstract heard(octets: Uint8Array, now: Millis): void;
  /** The deadline has come; there is none any more. */
  protected abstract due(now: Millis): void;

  protected put(output: TalkOutput): void {
    this.#outputs.push(output);
  }

  protected doing(text: string): void {
    this.put({ type: 'doing', text });
    this.log(text);
  }

  protected log(text: string): void {
    this.put({ type: 'log', text });
  }

  /** `shown` is what the log may say of it. */
  protected send(text: Octets, shown = visible(text)): void {
    this.log(`send (${shown})`);
    this.put({ type: 'send', octets: fromOctets(text) });
  }

  /** From here on this is never shown. */
  protected hide(secret: Octets): void {
    this.#transcript.hide(secret);
  }

  /** These octets go into the log, as text. */
  protected record(octets: Uint8Array): void {
    this.#transcript.hear(withoutEighthBit(octets));
  }

  /** A text of the far end as it may be shown. */
  protected reveal(text: Octets): string {
    return this.#transcript.reveal(text);
  }

  protected finish(outcome: TalkOutcome, rest: Uint8Array = new Uint8Array(0)): void {
    this.#transcript.end();
    this.#over = true;
    this.put({ type: 'finished', outcome, rest });
  }

  protected fail(cause: Cause): void {
    this.finish({ kind: 'failed', cause });
  }
}

/** Text as it is compared and shown. */
export function withoutEighthBit(octets: Uint8Array): Octets {
  return toOctets(octets.map((octet) => octet & 0x7f));
}
