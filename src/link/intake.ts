/** TUN → queue: takes packets off the TUN device; those that may not go over the link, or are too large for it, end here. */
import type { Millis } from '../base/clock.js';
import type { PacketPort } from '../tun/tun.js';
import { carries, type Attachment } from './attachment.js';
import { ipLength, protocolOf } from './ip-packet.js';
import type { Tally } from './tally.js';
import type { TrafficWatch } from './traffic-watch.js';

/** Packets taken from the TUN at a time: where there were few, there will be few. */
const batch = 64;
const few = 4;
/** Of a packet that is dropped unread, so much is taken. */
const leastSlot = 1024;

export class Intake {
  readonly #port: PacketPort;
  readonly #tally: Tally;
  readonly #watch: TrafficWatch;
  readonly #slots = new Int32Array(batch);
  readonly #fewSlots = this.#slots.subarray(0, few);
  #next = this.#fewSlots;
  readonly #lengths = new Int32Array(batch);
  readonly #unread = new Uint8Array(batch * leastSlot);

  constructor(port: PacketPort, tally: Tally, watch: TrafficWatch) {
    this.#port = port;
    this.#tally = tally;
    this.#watch = watch;
  }

  /** Takes a batch into the queue, which makes room for it; true when there may be more. */
  enqueue({ session, pool, queue, mtu }: Attachment, now: Millis): boolean {
    const slots = this.#next;
    while (pool.free < batch && queue.dropFattest());
    for (let i = 0; i < slots.length; i++) slots[i] = pool.take();
    const count = Math.max(0, this.#port.readBatch(pool.bytes, pool.slotSize, slots, this.#lengths));
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] ?? 0;
      const length = this.#lengths[i] ?? 0;
      if (i >= count || !carries(session, protocolOf(pool.bytes, slot * pool.slotSize))) pool.give(slot);
      else if (this.#isTooLarge(pool.bytes, slot * pool.slotSize, length, mtu)) pool.give(slot);
      else {
        this.#watch.saw(pool.bytes, slot * pool.slotSize, length, now);
        queue.enqueue(slot, length, now);
      }
    }
    this.#next = count >= few ? this.#slots : this.#fewSlots;
    return count === slots.length;
  }

  /** Takes a batch and drops it: the link is not up. True when there may be more. */
  discard(): boolean {
    this.#slots.forEach((_, i, slots) => (slots[i] = i));
    const count = Math.max(0, this.#port.readBatch(this.#unread, leastSlot, this.#slots, this.#lengths));
    this.#tally.notUp += count;
    return count === batch;
  }

  /** Someone gave the interface another MTU; such a packet may also have been cut off when it was read. */
  #isTooLarge(packet: Uint8Array, at: number, length: number, mtu: number): boolean {
    const tooLarge = Math.max(length, ipLength(packet, at)) > mtu;
    if (tooLarge) this.#tally.tooLarge += 1;
    return tooLarge;
  }
}
