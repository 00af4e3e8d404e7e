/** The words of a chat file: blanks between them, quotes around those that hold blanks, `#` in the first column a comment. */
import { decodeText, encodeText } from '../base/text.js';
import { fromOctets, toOctets, type Octets } from './script.js';

export interface Word {
  /** Without its quotes; escapes as they stand. */
  readonly text: Octets;
  /** Where it begins, both from 1; the column counts characters. */
  readonly line: number;
  readonly column: number;
}

export interface Mistake {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Never throws. A line ends at a NUL, as a C string does. chat's limit of 1023 octets a line is not ours. */
export function readWords(text: string | Uint8Array): { words: readonly Word[]; mistakes: readonly Mistake[] } {
  const octets = toOctets(typeof text === 'string' ? encodeText(text) : text);
  const words: Word[] = [];
  const mistakes: Mistake[] = [];
  for (const [index, whole] of octets.split('\n').entries()) {
    if (whole.startsWith('#')) continue;
    const line = whole.split('\0', 1)[0] ?? '';
    const place = (at: number): { line: number; column: number } => ({
      line: index + 1,
      column: decodeText(fromOctets(line.slice(0, at))).length + 1,
    });
    for (let at = skipBlanks(line, 0); at < line.length; at = skipBlanks(line, at)) {
      const quote = line.charAt(at);
      const quoted = quote === '"' || quote === "'";
      const start = quoted ? at + 1 : at;
      const end = quoted ? closingQuote(line, start, quote) : nextBlank(line, start);
      if (end === undefined) {
        mistakes.push({ ...place(at), message: `the quote ${quote} isn't closed on this line` });
        break;
      }
      words.push({ ...place(at), text: line.slice(start, end) });
      // What stands right behind the quote is a word of its own.
      at = quoted ? end + 1 : end;
    }
  }
  return { words, mistakes };
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line.charAt(at) === ' ' || line.charAt(at) === '\t') at++;
  return at;
}

function nextBlank(line: string, from: number): number {
  const length = line.slice(from).search(/[ \t]/);
  return length < 0 ? line.length : from + length;
}

/** Where the quote ends; a backslash takes the next character along, and both stay in the word. */
export function closingQuote(line: string, from: number, quote: string): number | undefined {
  for (let at = from; at < line.length; at++) {
    if (line.charAt(at) === quote) return at;
    if (line.charAt(at) === '\\') at++;
  }
  return undefined;
}
