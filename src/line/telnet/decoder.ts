/** Telnet into octets: takes the commands out of what came, in any pieces, and gives both. RFC 854, 855 */
import { assertNever } from '../../base/errors.js';
import type { Verb } from './encoder.js';
import { Command } from './numbers.js';

export type TelnetEvent =
  | { readonly type: 'option'; readonly verb: Verb; readonly option: number }
  | { readonly type: 'subnegotiation'; readonly option: number; readonly content: Uint8Array };

type State =
  /** Data; behind IAC; behind IAC and a verb. */
  | 'data'
  | 'command'
  | 'verb'
  /** Behind IAC SB; in the content of a subnegotiation; behind an IAC there. */
  | 'sub'
  | 'content'
  | 'content-command';

/** The longest that RFC 2217 has is a signature, and that has no limit: more than this is not kept. */
const longestContent = 256;

const verbs: ReadonlyMap<number, Verb> = new Map([
  [Command.will, 'will'],
  [Command.wont, 'wont'],
  [Command.do, 'do'],
  [Command.dont, 'dont'],
]);

export class TelnetDecoder {
  #state: State = 'data';
  #verb: Verb = 'wont';
  #option = 0;
  readonly #content = new Uint8Array(longestContent);
  #length = 0;
  readonly #hear: (event: TelnetEvent) => void;
  /** Subnegotiations that were too long, or broken off by another command. */
  malformed = 0;

  /** `hear` is called with what is no data, in its order, while `decode` runs. */
  constructor(hear: (event: TelnetEvent) => void) {
    this.#hear = hear;
  }

  /** No command is half received. */
  get between(): boolean {
    return this.#state === 'data';
  }

  /** Leaves the data of the first `length` octets at the front of the buffer, and gives their number. */
  decode(buffer: Uint8Array, length: number): number {
    let kept = 0;
    for (let i = 0; i < length; i++) {
      const octet = buffer[i] ?? 0;
      if (this.#state !== 'data') {
        if (this.#step(octet)) buffer[kept++] = octet;
      } else if (octet === Command.iac) this.#state = 'command';
      else buffer[kept++] = octet;
    }
    return kept;
  }

  /** An octet of a command; true when it turns out to be data. */
  #step(octet: number): boolean {
    switch (this.#state) {
      case 'data':
        return true;
      case 'command':
        return this.#command(octet);
      case 'verb':
        this.#state = 'data';
        this.#hear({ type: 'option', verb: this.#verb, option: octet });
        return false;
      case 'sub':
        this.#option = octet;
        this.#length = 0;
        this.#state = 'content';
        return false;
      case 'content':
        if (octet === Command.iac) this.#state = 'content-command';
        else this.#keep(octet);
        return false;
      case 'content-command':
        return this.#contentCommand(octet);
      default:
        return assertNever(this.#state);
    }
  }

  #command(octet: number): boolean {
    const verb = verbs.get(octet);
    this.#state = 'data';
    if (verb !== undefined) {
      this.#verb = verb;
      this.#state = 'verb';
    } else if (octet === Command.sb) this.#state = 'sub';
    // Of all other commands (NOP, GA, AYT …) a line of octets needs none.
    return octet === Command.iac;
  }

  #contentCommand(octet: number): boolean {
    this.#state = 'content';
    if (octet === Command.iac) {
      this.#keep(octet);
      return false;
    }
    if (octet !== Command.se) {
      // Whatever begins here, what was before it has no end.
      this.malformed += 1;
      return this.#command(octet);
    }
    this.#state = 'data';
    if (this.#length > longestContent) this.malformed += 1;
    else this.#hear({ type: 'subnegotiation', option: this.#option, content: this.#content.slice(0, this.#length) });
    return false;
  }

  #keep(octet: number): void {
    if (this.#length < longestContent) this.#content[this.#length] = octet;
    this.#length = Math.min(this.#length + 1, longestContent + 1);
  }
}
