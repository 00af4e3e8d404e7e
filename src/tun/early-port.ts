/**
 * A packet port for a link that comes up: the peer may send before the kernel has the addresses and routes of the interface.
 * What comes so early waits, instead of being refused.
 */
import type { Millis, Scheduler, Timer } from '../base/clock.js';
import type { PacketPort } from './tun.js';

/** What waits at most: a few round trips of a slow line, or one of a fast one. */
const mostPackets = 64;
/** The kernel has everything by then, or never will. */
const longestMs: Millis = 5000;

export class EarlyPort implements PacketPort {
  readonly #port: PacketPort;
  readonly #scheduler: Scheduler;
  #early: Uint8Array[] = [];
  /** Set while packets wait. */
  #timer: Timer | undefined;

  constructor(port: PacketPort, scheduler: Scheduler) {
    this.#port = port;
    this.#scheduler = scheduler;
  }

  /** From now on packets wait for `ready`. */
  wait(): void {
    this.#timer ??= this.#scheduler.after(longestMs, () => {
      this.ready();
    });
  }

  /** The kernel is ready for what waits, in order, and for what follows. */
  ready(): void {
    this.#stopTimer();
    for (const packet of this.#early.splice(0)) this.#port.write(packet, 0, packet.length);
  }

  /** The link is not up any more: what waits is of no use. */
  forget(): void {
    this.#stopTimer();
    this.#early = [];
  }

  start(readable: () => void, gone: (code: string) => void): void {
    this.#port.start(readable, gone);
  }

  readBatch(buffer: Uint8Array, slotSize: number, slots: Int32Array, lengths: Int32Array): number {
    return this.#port.readBatch(buffer, slotSize, slots, lengths);
  }

  write(buffer: Uint8Array, offset: number, length: number): boolean {
    if (this.#timer === undefined) return this.#port.write(buffer, offset, length);
    if (this.#early.length === mostPackets) return false;
    this.#early.push(buffer.slice(offset, offset + length));
    return true;
  }

  writeBatch(buffer: Uint8Array, starts: Int32Array, lengths: Int32Array, count: number): number {
    if (this.#timer === undefined) return this.#port.writeBatch(buffer, starts, lengths, count);
    let taken = 0;
    for (let i = 0; i < count; i++) {
      if (this.write(buffer, starts[i] ?? 0, lengths[i] ?? 0)) taken++;
      else lengths[i] = 0;
    }
    return taken;
  }

  stop(): void {
    this.forget();
    this.#port.stop();
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
