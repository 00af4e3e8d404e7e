/** What a hook printed, bounded and made printable. Pure. */
import { concatBytes } from '../base/bytes.js';

/** Octets that are kept of the beginning, and as many of the end. */
const HALF = 8 * 1024;

/** Control characters but line feed and tab, invisible formatting (text direction, zero width), line separators. */
const unprintable = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Takes any number of octets and keeps the first and the last 8 KiB. */
export class KeptOutput {
  readonly #head = new Uint8Array(HALF);
  /** A ring: `#end` octets went through it. */
  readonly #tail = new Uint8Array(HALF);
  #length = 0;
  #end = 0;

  add(octets: Uint8Array): void {
    const first = octets.subarray(0, Math.max(0, HALF - this.#length));
    this.#head.set(first, this.#length);
    this.#length += first.length;
    const rest = octets.subarray(first.length);
    this.#end += rest.length;
    const last = rest.subarray(-HALF);
    const at = (this.#end - last.length) % HALF;
    const upToEdge = last.subarray(0, HALF - at);
    this.#tail.set(upToEdge, at);
    this.#tail.set(last.subarray(upToEdge.length), 0);
  }

  get truncated(): boolean {
    return this.#end > HALF;
  }

  /** Text of whole lines and tabs; everything else that a terminal would obey is written as an escape: `\x1b`. */
  get text(): string {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const head = this.#head.subarray(0, this.#length);
    if (!this.truncated) return printableLines(decoder.decode(concatBytes([head, this.#tail.subarray(0, this.#end)])));
    const edge = this.#end % HALF;
    const tail = concatBytes([this.#tail.subarray(edge), this.#tail.subarray(0, edge)]);
    const leftOut = `\n[… ${this.#end - HALF} octets left out …]\n`;
    return `${printableLines(decoder.decode(head))}${leftOut}${printableLines(decoder.decode(tail))}`;
  }
}

function printableLines(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(unprintable, escape);
}

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
