/**
 * Packets for a link on demand, while there is no session that could carry them: they wait, in order, for the one that they ask
 * for. Beyond the limits it is the newest that are dropped, so that the first is not lost. Whoever waited in vain is told so.
 */
import type { Millis, Scheduler, Timer } from '../base/clock.js';
import type { TrafficRules } from '../schedule/options.js';
import { countsAsTraffic, describePacket, readPacket } from '../schedule/traffic.js';
import type { PacketPort } from '../tun/tun.js';
import { carries, type Attachment } from './attachment.js';
import { protocolOf } from './ip-packet.js';
import type { Tally } from './tally.js';
import { unreachable } from './unreachable.js';

export interface HeldPacketsHost {
  readonly scheduler: Scheduler;
  /** Runs what time asks for, so that an exception in it hits this link only. */
  guard(work: () => void): void;
  emit(message: { readonly type: 'wanted'; readonly packet: string | undefined }): void;
}

/** The longest wait: a call by a modem takes less, and who sent the packet has given up by then. */
export const longestHoldMs: Millis = 60_000;
export const mostHeld = 128;
const mostHeldBytes = 128 * 1024;
/** Packets read at a time, and the room for each: the largest MTU that the config allows. */
const batch = 4;
const slotSize = 16_384;

interface Held {
  readonly packet: Uint8Array;
  readonly since: Millis;
}

export class HeldPackets {
  readonly #port: PacketPort;
  readonly #tally: Tally;
  readonly #host: HeldPacketsHost;
  readonly #slots = Int32Array.from({ length: batch }, (_, i) => i);
  readonly #lengths = new Int32Array(batch);
  /** Made when it is needed. */
  #buffer: Uint8Array | undefined;
  /** Those by which packets are held; undefined: none are. */
  #rules: TrafficRules | undefined;
  #held: Held[] = [];
  #bytes = 0;
  #timer: Timer | undefined;

  constructor(port: PacketPort, tally: Tally, host: HeldPacketsHost) {
    this.#port = port;
    this.#tally = tally;
    this.#host = host;
  }

  /** Packets without a session are to be held, and not dropped. */
  get isOn(): boolean {
    return this.#rules !== undefined;
  }

  /** From now on packets that count by these rules are held, and those behind them; undefined: no longer, and none is left. */
  hold(rules: TrafficRules | undefined): void {
    this.#rules = rules;
    if (rules === undefined) this.#drop(Infinity);
  }

  /** Takes a batch off the TUN; true when there may be more. */
  take(now: Millis): boolean {
    const buffer = (this.#buffer ??= new Uint8Array(batch * slotSize));
    const count = Math.max(0, this.#port.readBatch(buffer, slotSize, this.#slots, this.#lengths));
    for (let i = 0; i < count; i++) this.#keep(buffer, i * slotSize, this.#lengths[i] ?? 0, now);
    return count === batch;
  }

  /** Puts what the session carries into its queue. */
  release({ session, pool, queue, mtu }: Attachment, now: Millis): void {
    const carried = this.#held.filter(({ packet }) => carries(session, protocolOf(packet, 0)));
    this.#held = this.#held.filter((one) => !carried.includes(one));
    for (const { packet } of carried) {
      this.#bytes -= packet.length;
      // Over the limit the queue would drop the oldest.
      const fits = packet.length <= mtu && queue.bytes + packet.length <= queue.tuning.limitBytes;
      const slot = fits ? pool.take() : -1;
      if (slot < 0) {
        this.#tally.notUp += 1;
        continue;
      }
      pool.bytes.set(packet, slot * pool.slotSize);
      queue.enqueue(slot, packet.length, now);
    }
    if (this.#held.length === 0) this.#stopTimer();
  }

  /** Lets go of everything without a word. */
  stop(): void {
    this.#held = [];
    this.#bytes = 0;
    this.#stopTimer();
  }

  #keep(buffer: Uint8Array, start: number, length: number, now: Millis): void {
    const read = readPacket(buffer, start, length);
    const isFirst = this.#held.length === 0;
    const wanted = read !== undefined && this.#rules !== undefined && (!isFirst || countsAsTraffic(this.#rules, read));
    if (!wanted || this.#held.length >= mostHeld || this.#bytes + length > mostHeldBytes) {
      this.#tally.notUp += 1;
      return;
    }
    this.#held.push({ packet: buffer.slice(start, start + length), since: now });
    this.#bytes += length;
    this.#timer ??= this.#wakeIn(longestHoldMs);
    if (isFirst) this.#host.emit({ type: 'wanted', packet: describePacket(read) });
  }

  /** Drops what was there before that time. */
  #drop(before: Millis): void {
    const old = this.#held.filter(({ since }) => since <= before);
    if (old.length > 0) {
      this.#held = this.#held.filter((one) => !old.includes(one));
      this.#tally.notUp += old.length;
      for (const { packet } of old) this.#refuse(packet);
      if (this.#held.length === 0) this.#host.emit({ type: 'wanted', packet: undefined });
    }
    this.#bytes = this.#held.reduce((sum, { packet }) => sum + packet.length, 0);
    this.#stopTimer();
    const [first] = this.#held;
    if (first !== undefined) this.#timer = this.#wakeIn(first.since + longestHoldMs - this.#host.scheduler.now());
  }

  #refuse(packet: Uint8Array): void {
    const answer = unreachable(packet);
    if (answer !== undefined) this.#port.write(answer, 0, answer.length);
  }

  #wakeIn(delay: Millis): Timer {
    return this.#host.scheduler.after(delay, () => {
      this.#timer = undefined;
      this.#host.guard(() => {
        this.#drop(this.#host.scheduler.now() - longestHoldMs);
      });
    });
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
