/** Line → TUN: gathers the packets of one wake, which are handed to the kernel together. */
import type { Millis } from '../base/clock.js';
import type { Copier } from '../base/octet-copy.js';
import type { Codec } from '../framing/codec.js';
import type { PacketPort } from '../tun/tun.js';
import type { Tally } from './tally.js';
import type { TrafficWatch } from './traffic-watch.js';

/** Packets, and octets of them, handed over at a time: two TCP windows' worth of what can be joined (native/offload.c). */
const batch = 64;
const room = 128 * 1024;

export class Outlet {
  readonly #port: PacketPort;
  readonly #tally: Tally;
  readonly #watch: TrafficWatch;
  readonly #bytes: Uint8Array;
  readonly #copier: Copier;
  readonly #starts = new Int32Array(batch);
  readonly #lengths = new Int32Array(batch);
  #count = 0;
  #end = 0;

  /** Gathers in memory of the codec. */
  constructor(port: PacketPort, tally: Tally, watch: TrafficWatch, codec: Codec) {
    this.#port = port;
    this.#tally = tally;
    this.#watch = watch;
    this.#bytes = codec.octets(room);
    this.#copier = codec.copier(this.#bytes);
  }

  /** Takes a copy of an IP packet, `buffer[start..end)`. */
  put(buffer: Uint8Array, start: number, end: number, now: Millis): void {
    if (this.#count === batch || this.#end + end - start > room) this.flush();
    this.#watch.saw(buffer, start, end - start, now);
    this.#starts[this.#count] = this.#end;
    this.#lengths[this.#count] = end - start;
    this.#copier.copy(buffer, start, end, this.#end);
    this.#end += end - start;
    this.#count++;
  }

  /** Hands over what is there. */
  flush(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    this.#end = 0;
    const taken = this.#port.writeBatch(this.#bytes, this.#starts, this.#lengths, count);
    this.#tally.tunRefused += count - taken;
    for (let i = 0; i < count; i++) {
      const length = this.#lengths[i] ?? 0;
      if (length > 0) this.#tally.received(length);
    }
  }
}
