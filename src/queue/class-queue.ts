/**
 * A link's queue: FQ-CoDel for each class of packets, on one pool. Interactive packets go first up to their share, bulk goes
 * last and has its share at least (`precedence.ts`). Where the config names no classes there is one queue, and nothing is asked.
 */
import type { Millis } from '../base/clock.js';
import { Classifier } from './classifier.js';
import { FqCodel } from './fq-codel.js';
import type { QueueMeter } from './meter.js';
import { classNames, usualQueue, type ClassName, type QueueOptions } from './options.js';
import type { PacketPool } from './packet-pool.js';
import { Precedence } from './precedence.js';
import type { Tuning } from './tuning.js';

export interface ClassQueueOptions {
  /** The line's speed; undefined where it has none. */
  readonly bytesPerSecond: number | undefined;
  /** The largest packet, in octets. */
  readonly mtu: number;
  /** A random 32-bit number: see `flowHash`. */
  readonly perturbation: number;
  readonly options?: QueueOptions | undefined;
  /** Where each class counts. */
  readonly meters: Readonly<Record<ClassName, QueueMeter>>;
}

/** Full packets that a class may be ahead of its share. */
const BURST_PACKETS = 2;

export class ClassQueue {
  readonly #pool: PacketPool;
  readonly #parts: ClassQueueOptions;
  #rate: { readonly bytesPerSecond: number | undefined; readonly mtu: number };
  #ecn = usualQueue.ecn;
  #classifier: Classifier | undefined;
  /** The interactive class before the others, and the normal one before bulk. */
  #interactiveFirst = new Precedence(1, 1);
  #normalFirst = new Precedence(1, 1);

  readonly #normal: FqCodel;
  /** Made when their first packet comes. */
  #interactive: FqCodel | undefined;
  #bulk: FqCodel | undefined;
  /** Whose packet is in a slot, where it isn't the normal class's. */
  readonly #owners: (FqCodel | undefined)[] = [];

  constructor(pool: PacketPool, parts: ClassQueueOptions) {
    this.#pool = pool;
    this.#parts = parts;
    this.#rate = { bytesPerSecond: parts.bytesPerSecond, mtu: parts.mtu };
    this.#normal = this.#make('normal');
    this.configure(parts.options ?? usualQueue);
  }

  /** From now on packets are told apart so; what waits stays where it is. */
  configure(options: QueueOptions): void {
    const { ecn, interactive, bulk } = options;
    this.#ecn = ecn;
    for (const { queue } of this.classes) queue.setEcn(ecn);
    const isOne = interactive.match.length === 0 && bulk.match.length === 0;
    this.#classifier = isOne ? undefined : new Classifier(options);
    const burst = BURST_PACKETS * this.#rate.mtu;
    this.#interactiveFirst = new Precedence(interactive.share, burst);
    this.#normalFirst = new Precedence(1 - bulk.share, burst);
  }

  /** Takes over a slot that holds a packet of `length` octets; see `FqCodel.enqueue`. */
  enqueue(slot: number, length: number, now: Millis): void {
    const { bytes, slotSize } = this.#pool;
    const name = this.#classifier?.classOf(bytes, slot * slotSize, length) ?? 'normal';
    const queue = name === 'normal' ? this.#normal : this.#special(name);
    if (!this.#isOne) this.#owners[slot] = queue;
    queue.enqueue(slot, length, now);
  }

  /** The slot of the packet whose turn it is, which is the caller's to give back; -1 when none waits. */
  dequeue(now: Millis): number {
    if (this.#isOne) return this.#normal.dequeue(now);
    while (this.packets > 0) {
      const queue = this.#favoured();
      const slot = queue.dequeue(now);
      if (slot === -1) continue; // all that it had was too old
      if (queue !== this.#interactive) this.#interactive?.forgetServed();
      if (queue !== this.#normal) this.#normal.forgetServed();
      if (queue !== this.#bulk) this.#bulk?.forgetServed();
      this.#charge(queue, queue.lengthOf(slot));
      return slot;
    }
    return -1;
  }

  /**
   * A packet of at most so many octets that may overtake the one dequeued last, the most urgent class first; see
   * `FqCodel.dequeueSparse`.
   */
  dequeueSparse(largest: number, now: Millis): number {
    if (this.#isOne) return this.#normal.dequeueSparse(largest, now);
    for (const { queue } of this.classes) {
      const slot = queue.dequeueSparse(largest, now);
      if (slot === -1) continue;
      this.#charge(queue, queue.lengthOf(slot));
      return slot;
    }
    return -1;
  }

  /** The octets of the packet in a slot that waits here or was dequeued from here last. */
  lengthOf(slot: number): number {
    return (this.#owners[slot] ?? this.#normal).lengthOf(slot);
  }

  /** Makes room: drops a packet of the fattest flow of the class that has most octets waiting. False when nothing waits. */
  dropFattest(): boolean {
    let fattest = this.#normal;
    for (const { queue } of this.classes) if (queue.bytes >= fattest.bytes) fattest = queue;
    return fattest.dropFattest();
  }

  /** Drops everything. */
  clear(): void {
    for (const { queue } of this.classes) queue.clear();
  }

  /** Packets that wait. */
  get packets(): number {
    return this.#normal.packets + (this.#interactive?.packets ?? 0) + (this.#bulk?.packets ?? 0);
  }

  /** Octets that wait. */
  get bytes(): number {
    return this.#normal.bytes + (this.#interactive?.bytes ?? 0) + (this.#bulk?.bytes ?? 0);
  }

  /** Sets everything for another speed or MTU. */
  setRate(bytesPerSecond: number | undefined, mtu: number): void {
    this.#rate = { bytesPerSecond, mtu };
    for (const { queue } of this.classes) queue.setRate(bytesPerSecond, mtu);
  }

  /** How each class's queue is set now. */
  get tuning(): Tuning {
    return this.#normal.tuning;
  }

  /** Those that have had packets, in the order of their precedence; the normal one always. */
  get classes(): readonly { readonly name: ClassName; readonly queue: FqCodel }[] {
    return classNames.flatMap((name) => {
      const queue = this.#of(name);
      return queue === undefined ? [] : [{ name, queue }];
    });
  }

  #of(name: ClassName): FqCodel | undefined {
    if (name === 'normal') return this.#normal;
    return name === 'interactive' ? this.#interactive : this.#bulk;
  }

  #special(name: 'interactive' | 'bulk'): FqCodel {
    if (name === 'interactive') return (this.#interactive ??= this.#make(name));
    return (this.#bulk ??= this.#make(name));
  }

  #make(name: ClassName): FqCodel {
    const { perturbation, meters } = this.#parts;
    return new FqCodel(this.#pool, { ...this.#rate, perturbation, ecn: this.#ecn, meter: meters[name] });
  }

  /** All packets so far were of the normal class. */
  get #isOne(): boolean {
    return this.#interactive === undefined && this.#bulk === undefined;
  }

  /** The class whose turn it is; it has packets if any has. */
  #favoured(): FqCodel {
    const interactive = this.#interactive;
    const normal = this.#normal;
    const bulk = this.#bulk;
    const isBulk = hasPackets(bulk) && !(hasPackets(normal) && this.#normalFirst.favoursFirst);
    const other = isBulk ? bulk : normal;
    if (!hasPackets(interactive)) return other;
    return !hasPackets(other) || this.#interactiveFirst.favoursFirst ? interactive : other;
  }

  #charge(queue: FqCodel, octets: number): void {
    const normal = this.#normal;
    const bulk = this.#bulk;
    const isInteractive = queue === this.#interactive;
    this.#interactiveFirst.sent(isInteractive, octets, !hasPackets(normal) && !hasPackets(bulk));
    if (!isInteractive) this.#normalFirst.sent(queue === normal, octets, !hasPackets(bulk));
  }
}

function hasPackets(queue: FqCodel | undefined): queue is FqCodel {
  return queue !== undefined && queue.packets > 0;
}
