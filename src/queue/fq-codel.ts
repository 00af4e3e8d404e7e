/**
 * FQ-CoDel (RFC 8290): where packets from the TUN device wait for the line. Each flow has its own queue; flows take turns
 * by octets, those that have just begun to send first; CoDel keeps each queue short, by ECN marks where it can.
 *
 * Slow lines have made three things other than in the RFC. A packet that fits into what its flow may send goes ahead, not
 * only the first ones of a flow: among many full flows a turn comes every few seconds. A flow that has sent more than its
 * share is no new one before that has evened out. And CoDel's target grows with the flows that share the line.
 *
 * Packets are slots of a PacketPool. Nothing is allocated per packet.
 */
import { UpperLayer } from '../base/upper-layer.js';
import type { Millis } from '../base/clock.js';
import { markCongestion } from './ecn.js';
import { type Flow, FlowList } from './flow.js';
import { flowHash } from './flow-hash.js';
import { FlowTable } from './flow-table.js';
import { QueueMeter, type QueueStats } from './meter.js';
import type { PacketPool } from './packet-pool.js';
import { Law, type Tuning, tune } from './tuning.js';

export interface FqCodelOptions {
  /** The line's speed; undefined where it has none. */
  readonly bytesPerSecond: number | undefined;
  /** The largest packet, in octets. */
  readonly mtu: number;
  /** How many flows have a queue of their own; of more, some share one. Default 256. */
  readonly flows?: number;
  /** The octets that may wait; by default enough for the speed. What the pool holds is a limit as well. */
  readonly limitBytes?: number;
  /** Mark packets that allow it instead of dropping them. Default true. */
  readonly ecn?: boolean;
  /** A random 32-bit number: see `flowHash`. */
  readonly perturbation: number;
  /** Where it counts; by default one of its own. */
  readonly meter?: QueueMeter;
}

const DEFAULT_FLOWS = 256;

export class FqCodel {
  readonly #pool: PacketPool;
  #ecn: boolean;
  readonly #perturbation: number;
  readonly #upper = new UpperLayer();
  readonly #fixedLimit: number | undefined;
  #tuning: Tuning;
  readonly #law = new Law();

  readonly #flows: FlowTable;
  /** Flows that send so little that their packets fit into what is theirs, those in their first turn, and all others. */
  readonly #sparseFlows = new FlowList();
  readonly #newFlows = new FlowList();
  readonly #oldFlows = new FlowList();
  readonly #lists = [this.#sparseFlows, this.#newFlows, this.#oldFlows];

  /** Per slot: the packet's length, when it came, whether it waits here, and the slot behind it in its flow, or -1. */
  readonly #lengths: Int32Array;
  readonly #arrivals: Float64Array;
  readonly #waits: Uint8Array;
  readonly #behind: Int32Array;

  /** Flows that have packets. */
  #busy = 0;
  /** Flows that have packets, or have yet to make up for what they sent. */
  #active = 0;
  /** What a flow that always had packets could have sent until now, in octets. */
  #share = 0;
  /** Whose packet `dequeue` gave last. */
  #served: Flow | undefined;
  #packets = 0;
  #bytes = 0;
  readonly #meter: QueueMeter;
  readonly #stats: QueueStats;

  constructor(pool: PacketPool, options: FqCodelOptions) {
    this.#pool = pool;
    this.#ecn = options.ecn ?? true;
    this.#perturbation = options.perturbation;
    this.#fixedLimit = options.limitBytes;
    this.#tuning = this.#tune(options.bytesPerSecond, options.mtu);
    this.#flows = new FlowTable(options.flows ?? DEFAULT_FLOWS);
    this.#meter = options.meter ?? new QueueMeter();
    this.#stats = this.#meter.stats;
    this.#lengths = new Int32Array(pool.slots);
    this.#arrivals = new Float64Array(pool.slots);
    this.#waits = new Uint8Array(pool.slots);
    this.#behind = new Int32Array(pool.slots);
  }

  /**
   * Takes over a slot that holds a packet of `length` octets. Over the limit, packets of the flow that has most waiting are
   * dropped, possibly this one.
   */
  enqueue(slot: number, length: number, now: Millis): void {
    if (this.#waits[slot] !== 0) throw new RangeError(`slot ${slot} waits already, or is none`);
    if (length < 0 || length > this.#pool.slotSize) throw new RangeError(`a packet of ${length} octets`);
    this.#waits[slot] = 1;
    this.#lengths[slot] = length;
    this.#arrivals[slot] = now;
    this.#behind[slot] = -1;
    const hash = flowHash(this.#pool.bytes, slot * this.#pool.slotSize, length, this.#perturbation, this.#upper);
    const flow = this.#flows.get(hash);
    if (flow.head === -1) {
      this.#letIn(flow, length);
      flow.head = slot;
    } else this.#behind[flow.tail] = slot;
    flow.tail = slot;
    flow.bytes += length;
    this.#bytes += length;
    this.#packets++;
    this.#stats.enqueued++;
    while (this.#bytes > this.#tuning.limitBytes) this.dropFattest();
  }

  /** The slot of the packet whose turn it is, which is the caller's to give back; -1 when none waits. RFC 8290 §4.2 */
  dequeue(now: Millis): number {
    for (;;) {
      const flow = this.#sparseFlows.first ?? this.#newFlows.first ?? this.#oldFlows.first;
      if (flow === undefined) return -1;
      if (this.#hasItsTurn(flow)) {
        const slot = this.#takeByCodel(flow, now);
        if (slot === -1) continue;
        this.#leave(flow, slot, now);
        this.#served = flow;
        return slot;
      }
      this.#endTurn(flow);
    }
  }

  /**
   * A packet of at most so many octets that may overtake the one dequeued last, while that one is still on its way: the head of
   * a flow that has not used up its turn, which is what sparse flows are like; never of the same flow. -1 when there is none.
   */
  dequeueSparse(largest: number, now: Millis): number {
    for (const list of this.#lists) {
      for (let flow = list.first; flow !== undefined; flow = flow.next) {
        if (flow.head === -1 || flow.deficit <= 0 || flow === this.#served) continue;
        if (this.#lengths[flow.head]! > largest) continue;
        const slot = this.#takeHead(flow);
        this.#leave(flow, slot, now);
        return slot;
      }
    }
    return -1;
  }

  /** The packet dequeued last has gone its way: from now on `dequeueSparse` may give one of the same flow. */
  forgetServed(): void {
    this.#served = undefined;
  }

  /** The octets of the packet in a slot that waits here or was dequeued from here last. */
  lengthOf(slot: number): number {
    return this.#lengths[slot]!;
  }

  /** Makes room: drops the oldest packet of the flow with most octets waiting. False when nothing waits. RFC 8290 §4.1 */
  dropFattest(): boolean {
    const fattest = this.#flows.fattest();
    if (fattest === undefined) return false;
    this.#pool.give(this.#takeHead(fattest));
    this.#stats.droppedLimit++;
    return true;
  }

  /** Drops everything: what waited for a link that went down is of no use when it comes up again. */
  clear(): void {
    for (const flow of this.#flows.all()) {
      while (flow.head !== -1) {
        this.#pool.give(this.#takeHead(flow));
        this.#stats.cleared++;
      }
      flow.codel.reset();
    }
  }

  /** Packets that wait. */
  get packets(): number {
    return this.#packets;
  }

  /** Octets that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Sets everything for another speed or MTU. */
  setRate(bytesPerSecond: number | undefined, mtu: number): void {
    this.#tuning = this.#tune(bytesPerSecond, mtu);
    this.#law.set(this.#tuning, this.#busy);
    while (this.#bytes > this.#tuning.limitBytes) this.dropFattest();
  }

  /** From now on packets that allow it are marked instead of dropped, or are not. */
  setEcn(ecn: boolean): void {
    this.#ecn = ecn;
  }

  /** Flows that have packets waiting. */
  get busyFlows(): number {
    return this.#busy;
  }

  /** How the queue is set now. */
  get tuning(): Tuning {
    return this.#tuning;
  }

  /** Its meter's. */
  get stats(): Readonly<QueueStats> {
    return this.#stats;
  }

  #tune(bytesPerSecond: number | undefined, mtu: number): Tuning {
    const tuning = tune(bytesPerSecond, mtu);
    return { ...tuning, limitBytes: Math.min(this.#fixedLimit ?? tuning.limitBytes, this.#pool.bytes.length) };
  }

  /**
   * A flow begins to send. If it was known, it goes on with the credit that it had and what has become its share since. Where
   * that is enough for its packet, it goes ahead: a keystroke every now and then would else each time wait for all others.
   */
  #letIn(flow: Flow, length: number): void {
    const { list } = flow;
    this.#setBusy(this.#busy + 1);
    flow.deficit = list === undefined ? this.#tuning.quantum : this.#creditOf(flow);
    if (list !== undefined && (list !== this.#oldFlows || length > flow.deficit)) return;
    if (list === undefined) this.#active++;
    else list.remove(flow);
    (length > flow.deficit ? this.#newFlows : this.#sparseFlows).push(flow);
  }

  #hasItsTurn(flow: Flow): boolean {
    if (flow.head === -1) return false;
    return flow.deficit > 0 && (flow.list !== this.#sparseFlows || this.#lengths[flow.head]! <= flow.deficit);
  }

  #endTurn(flow: Flow): void {
    flow.list?.remove(flow);
    if (flow.head === -1) {
      // It is new again when its share has made up for what it sent: else it could starve the others.
      if (this.#busy === 0 || this.#creditOf(flow) >= this.#tuning.quantum) {
        this.#active--;
        return;
      }
    } else if (flow.deficit <= 0) flow.deficit += this.#tuning.quantum;
    this.#oldFlows.push(flow);
  }

  /** What a flow without packets may send when it has some again, in octets. */
  #creditOf(flow: Flow): number {
    return Math.min(this.#tuning.quantum, flow.deficit + this.#share - flow.share);
  }

  /** Lets go of flows that have made up for what they sent, at once: as long as they count, the others get less. */
  #forgetIdle(): void {
    for (let flow = this.#oldFlows.first; flow !== undefined;) {
      const { next } = flow;
      if (flow.head === -1 && this.#creditOf(flow) >= this.#tuning.quantum) {
        this.#oldFlows.remove(flow);
        this.#active--;
      }
      flow = next;
    }
  }

  #setBusy(flows: number): void {
    this.#busy = flows;
    this.#law.set(this.#tuning, flows);
  }

  /** The first packet of a flow that CoDel lets pass, marked perhaps; -1 when there is none. */
  #takeByCodel(flow: Flow, now: Millis): number {
    while (flow.head !== -1) {
      const slot = this.#takeHead(flow);
      if (!flow.codel.judge(now - this.#arrivals[slot]!, flow.bytes, now, this.#law)) return slot;
      if (this.#ecn && markCongestion(this.#pool.bytes, slot * this.#pool.slotSize, this.#lengths[slot]!)) {
        this.#stats.marked++;
        return slot;
      }
      this.#pool.give(slot);
      this.#stats.droppedCodel++;
    }
    flow.codel.reset();
    return -1;
  }

  #leave(flow: Flow, slot: number, now: Millis): void {
    const length = this.#lengths[slot]!;
    flow.deficit -= length;
    // Those that wait for their next packet have had their part too: without them, a few that always do would have it all.
    this.#share += length / this.#active;
    if (flow.head === -1) flow.share = this.#share;
    if (this.#active > this.#busy) this.#forgetIdle();
    this.#meter.left(length, now - this.#arrivals[slot]!, now);
  }

  #takeHead(flow: Flow): number {
    const slot = flow.head;
    const length = this.#lengths[slot]!;
    flow.head = this.#behind[slot]!;
    flow.bytes -= length;
    this.#bytes -= length;
    this.#packets--;
    this.#waits[slot] = 0;
    if (flow.head === -1) {
      flow.share = this.#share;
      this.#setBusy(this.#busy - 1);
    }
    return slot;
  }
}
