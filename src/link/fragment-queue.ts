/** Fragments that wait for their line: copied, for where their packet was there is soon another; their memory is used again. */
import { copyOctets } from '../base/bytes.js';
import type { PacketView } from '../compress/coder.js';
import type { Fragment } from '../multilink/fragmenter.js';
import { Protocol } from '../ppp/numbers.js';

type Copy = { -readonly [Key in keyof PacketView]: PacketView[Key] };

export class FragmentQueue {
  readonly #waiting: Copy[] = [];
  readonly #free: Copy[] = [];
  /** The one that was taken last. */
  #taken: Copy | undefined;
  #octets = 0;

  get length(): number {
    return this.#waiting.length;
  }

  /** Of all that wait. */
  get octets(): number {
    return this.#octets;
  }

  /** `source` holds the packet. */
  push({ header, headerLength, start, end }: Fragment, source: Uint8Array): void {
    const octets = headerLength + end - start;
    const copy = this.#free.pop() ?? { protocol: Protocol.multilink, buffer: new Uint8Array(0), start: 0, end: 0 };
    if (copy.buffer.length < octets) copy.buffer = new Uint8Array(octets);
    copyOctets(header, 0, headerLength, copy.buffer, 0);
    copyOctets(source, start, end, copy.buffer, headerLength);
    copy.end = octets;
    this.#waiting.push(copy);
    this.#octets += octets;
  }

  /** The first, as a frame of its own; valid until the next call. */
  shift(): PacketView | undefined {
    if (this.#taken !== undefined) this.#free.push(this.#taken);
    this.#taken = this.#waiting.shift();
    if (this.#taken !== undefined) this.#octets -= this.#taken.end;
    return this.#taken;
  }

  clear(): void {
    while (this.shift() !== undefined);
  }
}
