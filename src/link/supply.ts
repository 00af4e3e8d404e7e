/**
 * Where a link's lines take packets from: the queue, by way of compression. A slot is free again as soon as its packet is taken,
 * but nothing is put there before that is framed.
 */
import type { Millis } from '../base/clock.js';
import type { PacketView } from '../compress/coder.js';
import type { ClassQueue } from '../queue/class-queue.js';
import type { PacketPool } from '../queue/packet-pool.js';
import type { BundleSource } from './bundle.js';
import type { DataPath, Overtaking } from './data-path.js';
import { protocolOf } from './ip-packet.js';
import type { Tally } from './tally.js';

export class Supply implements BundleSource {
  readonly #queue: ClassQueue;
  readonly #pool: PacketPool;
  readonly #path: DataPath;
  readonly #tally: Tally;
  /** What `nextUrgent` gives, without an allocation for each packet. */
  readonly #urgent: { -readonly [Key in keyof PacketView]: PacketView[Key] };

  constructor(queue: ClassQueue, pool: PacketPool, path: DataPath, tally: Tally) {
    this.#queue = queue;
    this.#pool = pool;
    this.#path = path;
    this.#tally = tally;
    this.#urgent = { protocol: 0, buffer: pool.bytes, start: 0, end: 0 };
  }

  get waiting(): boolean {
    return this.#queue.packets > 0;
  }

  get overtaking(): Overtaking {
    return this.#path.overtaking;
  }

  /** The next packet of the queue, compressed. */
  next(now: Millis): PacketView | undefined {
    const slot = this.#queue.dequeue(now);
    if (slot < 0) return undefined;
    const { bytes } = this.#pool;
    const start = slot * this.#pool.slotSize;
    const end = start + this.#take(slot);
    return this.#path.outbound(protocolOf(bytes, start), bytes, start, end);
  }

  /** As it is, for it may overtake others: neither its headers nor the whole of it are compressed. Valid until the next call. */
  nextUrgent(largest: number, now: Millis): PacketView | undefined {
    const { overtaking } = this;
    const slot = overtaking === 'none' ? -1 : this.#queue.dequeueSparse(largest, now);
    if (slot < 0) return undefined;
    if (overtaking !== 'free') this.#path.wentPast();
    const { bytes: buffer } = this.#pool;
    const start = slot * this.#pool.slotSize;
    const urgent = this.#urgent;
    urgent.protocol = protocolOf(buffer, start);
    urgent.buffer = buffer;
    urgent.start = start;
    urgent.end = start + this.#take(slot);
    return urgent;
  }

  /** Its octets. */
  #take(slot: number): number {
    const length = this.#queue.lengthOf(slot);
    this.#pool.give(slot);
    this.#tally.sent(length);
    return length;
  }
}
