/** The last octets that passed: what a sliding-window compressor refers back to. */
import { longestPacket, protocolLength } from './packet.js';

export interface Remembered {
  /** The window before the packet. A view, good until the next packet comes. */
  readonly dictionary: Uint8Array;
  /** The packet with its compressed Protocol field. A view as well. */
  readonly packet: Uint8Array;
}

export class History {
  readonly #window: number;
  #bytes: Uint8Array;
  #end = 0;

  /** `window` in octets. */
  constructor(window: number) {
    this.#window = window;
    this.#bytes = new Uint8Array(2 * window + 2 * longestPacket);
  }

  /** What a packet may refer back to. A view, good until the next packet comes. */
  get dictionary(): Uint8Array {
    return this.#bytes.subarray(Math.max(0, this.#end - this.#window), this.#end);
  }

  /** Appends a packet that is there as Protocol and Information field. */
  add(protocol: number, source: Uint8Array, start: number, end: number): Remembered {
    const field = protocolLength(protocol);
    this.#makeRoom(field + end - start);
    const { dictionary } = this;
    const from = this.#end;
    if (field === 2) this.#bytes[this.#end++] = protocol >>> 8;
    this.#bytes[this.#end++] = protocol;
    this.#bytes.set(source.subarray(start, end), this.#end);
    this.#end += end - start;
    return { dictionary, packet: this.#bytes.subarray(from, this.#end) };
  }

  /** Appends octets as they are. */
  append(octets: Uint8Array): void {
    this.#makeRoom(octets.length);
    this.#bytes.set(octets, this.#end);
    this.#end += octets.length;
  }

  clear(): void {
    this.#end = 0;
  }

  /** Moves the window to the front only when the buffer is full: seldom. */
  #makeRoom(octets: number): void {
    if (this.#end + octets <= this.#bytes.length) return;
    const kept = this.dictionary;
    const length = Math.max(this.#bytes.length, kept.length + octets);
    const bytes = length > this.#bytes.length ? new Uint8Array(length) : this.#bytes;
    bytes.set(kept, 0);
    this.#bytes = bytes;
    this.#end = kept.length;
  }
}
