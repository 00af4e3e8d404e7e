/** What is shown of a conversation: lines for the log, an echo for the person who watches, and no secret in either. */
import type { Millis } from '../base/clock.js';
import { assertNever } from '../base/errors.js';
import { Hider, hidden } from './hide.js';
import type { Octets, Part } from './script.js';
import { visible } from './visible.js';

export type Shown =
  /** A line of the log, printable, without secrets. */
  | { readonly type: 'log'; readonly text: string }
  /** What was read, for the person who watches: line feeds are obeyed, other control characters shown as `^C`. */
  | { readonly type: 'echo'; readonly text: string };

const LONGEST_LINE = 80;
/** What is shorter is a pause of `\p`. */
const DELAY_MS: Millis = 1000;

export class Transcript {
  readonly #show: (shown: Shown) => void;
  readonly #hider = new Hider();
  #line = '';
  #atStart = true;
  echoing: boolean;

  constructor(echoing: boolean, show: (shown: Shown) => void) {
    this.echoing = echoing;
    this.#show = show;
  }

  log(text: string): void {
    this.#show({ type: 'log', text });
  }

  /** From here on this is never shown: a far end may echo what it's sent. */
  hide(secret: Octets): void {
    this.#hider.add(Array.from(secret, (octet) => String.fromCharCode(octet.charCodeAt(0) & 0x7f)).join(''));
  }

  /** This was read, its eighth bit off. */
  hear(octets: Octets): void {
    this.#put(this.#hider.push(octets));
  }

  /** The line that isn't whole is logged as it is. */
  flush(): void {
    const line = this.#line.replace(/\r+$/, '');
    this.#line = '';
    if (line !== '') this.log(visible(line));
  }

  /** Nothing more is heard. What the person sees next begins a line. */
  end(): void {
    this.#put(this.#hider.end());
    if (!this.#atStart) this.#show({ type: 'echo', text: '\n' });
    this.#atStart = true;
    this.flush();
  }

  /** Octets of which all are here. */
  reveal(octets: Octets): string {
    return visible(this.#hider.hide(octets));
  }

  #put(text: string): void {
    let echoed = '';
    for (const character of text) {
      if (this.echoing && character !== '\r') {
        echoed += character === '\n' ? '\n' : visible(character);
        this.#atStart = character === '\n';
      }
      if (character !== '\n') this.#line += character;
      if (character === '\n' || this.#line.length >= LONGEST_LINE) this.flush();
    }
    if (echoed !== '') this.#show({ type: 'echo', text: echoed });
  }
}

/** What is sent, for the log. `number` tells what a telephone number is. */
export function showParts(parts: readonly Part[], number: (which: 'T' | 'U') => Octets): string {
  return parts.map((part) => showPart(part, number)).join('');
}

function showPart(part: Part, number: (which: 'T' | 'U') => Octets): string {
  switch (part.kind) {
    case 'octets':
      return visible(part.octets);
    case 'pause':
      return part.duration < DELAY_MS ? '\\p' : '\\d';
    case 'break':
      return '\\K';
    case 'number':
      return visible(number(part.which));
    case 'secret':
      return hidden;
    default:
      return assertNever(part);
  }
}
