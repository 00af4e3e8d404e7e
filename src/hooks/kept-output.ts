/** What a hook printed, bounded and made printable. Pure. */
import { concatBytes } from '../base/bytes.js';
import { printableLines } from '../base/printable.js';

/** Octets that are kept of the beginning, and as many of the end. */
const HALF = 8 * 1024;

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

  /** Text of whole lines; tabs are blanks, everything else that a terminal would obey is written as an escape: `\x1b`. */
  get text(): string {
    const head = this.#head.subarray(0, this.#length);
    if (!this.truncated) return asText(concatBytes([head, this.#tail.subarray(0, this.#end)]));
    const edge = this.#end % HALF;
    const tail = concatBytes([this.#tail.subarray(edge), this.#tail.subarray(0, edge)]);
    const leftOut = `\n[… ${this.#end - HALF} octets left out …]\n`;
    return `${asText(head)}${leftOut}${asText(tail)}`;
  }
}

function asText(octets: Uint8Array): string {
  return printableLines(new TextDecoder('utf-8', { ignoreBOM: true }).decode(octets).replaceAll('\r\n', '\n'));
}
