/** What is looked for in what a line says: the texts that abort, and those that are reported with what follows them. */
import type { Octets } from './script.js';

/** A report's text is cut at so many characters. */
const LONGEST_REPORT = 240;

/** The last octets that an `expect` has read: a text is found when they end with it. */
export class Tail {
  #octets = '';

  push(octet: string, longest: number): void {
    this.#octets += octet;
    if (this.#octets.length > longest + 1024) this.#octets = this.#octets.slice(-longest);
  }

  endsWith(text: Octets): boolean {
    return this.#octets.endsWith(text);
  }
}

export class Aborts {
  #texts: readonly Octets[] = [];

  get longest(): number {
    return longestOf(this.#texts);
  }

  add(text: Octets): void {
    this.#texts = [...this.#texts, text];
  }

  /** Those behind it move up, which counts for their index. */
  clear(text: Octets): void {
    this.#texts = this.#texts.filter((other) => other !== text);
  }

  /** The first of those that the tail ends with. */
  find(tail: Tail): { readonly text: Octets; readonly index: number } | undefined {
    const index = this.#texts.findIndex((text) => tail.endsWith(text));
    const text = this.#texts[index];
    return text === undefined ? undefined : { text, index };
  }
}

/** Each text is reported once, and one report is gathered at a time. */
export class Reports {
  #texts: readonly Octets[] = [];
  #gathered: string | undefined;

  get longest(): number {
    return longestOf(this.#texts);
  }

  /** A report waits for its end. */
  get gathering(): boolean {
    return this.#gathered !== undefined;
  }

  get full(): boolean {
    return this.#gathered !== undefined && this.#gathered.length >= LONGEST_REPORT;
  }

  add(text: Octets): void {
    this.#texts = [...this.#texts, text];
  }

  clear(text: Octets): void {
    this.#texts = this.#texts.filter((other) => other !== text);
  }

  /** Takes one more octet, with which the tail ends; gives the report that it completes. */
  push(octet: string, tail: Tail): string | undefined {
    if (this.#gathered !== undefined) return this.gather(octet);
    const index = this.#texts.findIndex((text) => tail.endsWith(text));
    if (index < 0) return undefined;
    this.#gathered = this.#texts[index];
    this.#texts = this.#texts.filter((_, other) => other !== index);
    return undefined;
  }

  /** Takes one more octet of the report that is gathered; a control character completes it. */
  gather(octet: string): string | undefined {
    if (octet < ' ' || octet === '\x7f') return this.end();
    if (!this.full) this.#gathered = (this.#gathered ?? '') + octet;
    return undefined;
  }

  /** What was gathered so far. */
  end(): string | undefined {
    const report = this.#gathered;
    this.#gathered = undefined;
    return report;
  }
}

function longestOf(texts: readonly Octets[]): number {
  return texts.reduce((longest, text) => Math.max(longest, text.length), 0);
}
