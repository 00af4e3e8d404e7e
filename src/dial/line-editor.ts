/**
 * A line that a person types at a prompt: keys come in one by one, the echo and the whole line go out. A terminal with parity
 * is understood as well: what can't be UTF-8 is taken for seven bits and a parity.
 */
import { encodeText } from '../base/text.js';

/** What a key did; `echo` goes back to the terminal. */
export type Key =
  | { readonly kind: 'typing'; readonly echo: Uint8Array }
  | { readonly kind: 'line'; readonly line: Uint8Array }
  /** ^C: the question is asked anew. */
  | { readonly kind: 'interrupt' }
  /** ^D on an empty line: goodbye. */
  | { readonly kind: 'end' };

const longestLine = 255;
const nothing = new Uint8Array(0);
const bell = Uint8Array.of(0x07);

export class LineEditor {
  #line: number[] = [];
  #echoes = true;
  #sevenBits = false;
  /** The last key was a return: the line feed behind it belongs to it. */
  #returned = false;

  /** The next line begins; a password isn't echoed. */
  begin(echoes: boolean): void {
    this.#line = [];
    this.#echoes = echoes;
  }

  push(octet: number): Key {
    if (!this.#sevenBits && !fits(this.#line, octet)) this.#stripParity();
    const key = this.#sevenBits ? octet & 0x7f : octet;
    const wasReturned = this.#returned;
    this.#returned = key === 0x0d;
    switch (key) {
      case 0x0d:
        return { kind: 'line', line: this.#whole() };
      case 0x0a:
        return wasReturned ? this.#echo(nothing) : { kind: 'line', line: this.#whole() };
      case 0x08:
      case 0x7f:
        return this.#echo(this.#erase(1));
      case 0x15: // ^U
      case 0x18: // ^X
        return this.#echo(this.#erase(Infinity));
      case 0x03:
        return { kind: 'interrupt' };
      case 0x04:
        return this.#line.length === 0 ? { kind: 'end' } : this.#echo(nothing);
      default:
        return this.#echo(this.#type(key));
    }
  }

  #type(key: number): Uint8Array {
    if (key < 0x20) return nothing;
    if (this.#line.length >= longestLine) return bell;
    this.#line.push(key);
    return Uint8Array.of(key);
  }

  /** Takes so many characters back, whatever their octets. */
  #erase(characters: number): Uint8Array {
    let erased = 0;
    while (erased < characters && this.#line.length > 0) {
      while (isContinuation(this.#line.at(-1))) this.#line.pop();
      this.#line.pop();
      erased += 1;
    }
    return encodeText('\b \b'.repeat(erased));
  }

  #echo(echo: Uint8Array): Key {
    return { kind: 'typing', echo: this.#echoes ? echo : nothing };
  }

  #stripParity(): void {
    this.#sevenBits = true;
    this.#line = this.#line.map((octet) => octet & 0x7f);
  }

  /** A return with parity may have passed for a part of a character: it ended the line all the same. */
  #whole(): Uint8Array {
    if (missing(this.#line) > 0) this.#stripParity();
    const end = this.#line.indexOf(0x0d);
    return Uint8Array.from(end < 0 ? this.#line : this.#line.slice(0, end));
  }
}

/** Whether the octet can follow in UTF-8. */
function fits(line: readonly number[], octet: number): boolean {
  if (missing(line) > 0) return isContinuation(octet) || octet < 0x80;
  return octet < 0x80 || (octet >= 0xc2 && octet <= 0xf4);
}

/** How many octets of the last character are still to come. */
function missing(line: readonly number[]): number {
  for (let back = 1; back <= 4; back++) {
    const octet = line.at(-back);
    if (octet === undefined) return 0;
    if (!isContinuation(octet)) return Math.max(0, lengthOf(octet) - back);
  }
  return 0;
}

function lengthOf(lead: number): number {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}

function isContinuation(octet: number | undefined): boolean {
  return octet !== undefined && (octet & 0xc0) === 0x80;
}
