/** The words of pppd's files: white space in between, quotes, escapes of C, comments. As pppd reads them. */

/** Longer words are cut. */
export const longestWord = 1023;

const newline = 0x0a;
const backslash = 0x5c;
const hash = 0x23;

/** The words of each line that has one. A newline within quotes, or behind a backslash, ends no line. Never throws. */
export function readLines(bytes: Uint8Array): Uint8Array[][] {
  const lines: Uint8Array[][] = [];
  for (const { octets, startsLine } of readWords(bytes)) {
    const line = lines.at(-1);
    if (startsLine || line === undefined) lines.push([octets]);
    else line.push(octets);
  }
  return lines;
}

/** All words, as pppd's files of options have them as well. Never throws. */
export function readWords(bytes: Uint8Array): readonly Word[] {
  const reader = new WordReader(bytes);
  const words: Word[] = [];
  for (let word = reader.next(); word !== undefined; word = reader.next()) words.push(word);
  return words;
}

export interface Word {
  readonly octets: Uint8Array;
  /** A newline came before it. */
  readonly startsLine: boolean;
  /** Where it begins, and where what it is made of ends: octets from the beginning of the file. */
  readonly start: number;
  readonly end: number;
}

class WordReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next(): Word | undefined {
    const startsLine = this.#skip();
    const start = this.#at;
    const octets = this.#word();
    return octets === undefined ? undefined : { octets, startsLine, start, end: this.#at };
  }

  /** To the beginning of a word; true when there was a newline on the way. */
  #skip(): boolean {
    let seen = false;
    let comment = false;
    for (; this.#at < this.#bytes.length; this.#at++) {
      const octet = this.#bytes[this.#at];
      if (octet === newline) {
        seen = true;
        comment = false;
      } else if (comment) continue;
      else if (octet === backslash) {
        if (this.#bytes[this.#at + 1] !== newline) break;
        this.#at++;
      } else if (octet === hash) comment = true;
      else if (!isSpace(octet)) break;
    }
    return seen;
  }

  #word(): Uint8Array | undefined {
    const octets: number[] = [];
    let quote: number | undefined;
    while (this.#at < this.#bytes.length) {
      const octet = this.#bytes[this.#at];
      if (octet === undefined) break;
      if (octet === backslash) {
        this.#at++;
        const escaped = this.#escaped();
        if (escaped !== undefined) octets.push(escaped);
        continue;
      }
      if (quote === undefined && (isSpace(octet) || octet === hash)) return finished(octets);
      this.#at++;
      if (octet === quote) quote = undefined;
      else if (quote === undefined && isQuote(octet)) quote = octet;
      else octets.push(octet);
    }
    // At the end of the file nothing is no word, not even between quotes.
    return octets.length === 0 ? undefined : finished(octets);
  }

  /** What stands behind a backslash; undefined where that is a newline, or nothing. */
  #escaped(): number | undefined {
    const octet = this.#bytes[this.#at];
    if (octet === undefined) return undefined;
    if (isDigit(octet, 8)) return this.#number(8, 3);
    this.#at++;
    if (octet === newline) return undefined;
    const letter = String.fromCharCode(octet);
    return letter === 'x' ? this.#number(16, 2) : (controls[letter] ?? octet);
  }

  #number(base: 8 | 16, most: number): number {
    let value = 0;
    for (let digits = 0; digits < most; digits++) {
      const octet = this.#bytes[this.#at] ?? 0;
      if (!isDigit(octet, base)) break;
      value = value * base + Number.parseInt(String.fromCharCode(octet), base);
      this.#at++;
    }
    return value & 0xff;
  }
}

const controls: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, s: 32, t: 9 };

/** To pppd a NUL ends a word. */
function finished(octets: readonly number[]): Uint8Array {
  const end = octets.indexOf(0);
  return Uint8Array.from(octets.slice(0, Math.min(end === -1 ? octets.length : end, longestWord)));
}

function isSpace(octet: number | undefined): boolean {
  return octet === 0x20 || (octet !== undefined && octet >= 0x09 && octet <= 0x0d);
}

function isQuote(octet: number): boolean {
  return octet === 0x22 || octet === 0x27;
}

function isDigit(octet: number, base: 8 | 16): boolean {
  return (base === 8 ? /[0-7]/ : /[0-9a-fA-F]/).test(String.fromCharCode(octet));
}
