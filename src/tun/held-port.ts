/**
 * A packet port that isn't read for a while: its packets wait in the kernel's queue instead of being dropped, until they
 * can go somewhere, or until the wait has been long enough.
 */
import type { Millis, Scheduler, Timer } from '../base/clock.js';
import type { PacketPort } from './tun.js';

export class HeldPort implements PacketPort {
  readonly #port: PacketPort;
  readonly #timer: Timer;
  #held = true;
  /** Starts the port, when somebody has asked for that. */
  #start: (() => void) | undefined;

  /** Holds the packets of this port for so long at most. */
  constructor(port: PacketPort, holdMs: Millis, scheduler: Scheduler) {
    this.#port = port;
    this.#timer = scheduler.after(holdMs, () => {
      this.release();
    });
  }

  /** From now on it is as the port that it holds. Safe to call twice. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#timer.cancel();
    this.#start?.();
  }

  start(readable: () => void, gone: (code: string) => void): void {
    this.#start = () => {
      this.#port.start(readable, gone);
    };
    if (!this.#held) this.#start();
  }

  readBatch(buffer: Uint8Array, slotSize: number, slots: Int32Array, lengths: Int32Array): number {
    return this.#held ? 0 : this.#port.readBatch(buffer, slotSize, slots, lengths);
  }

  write(buffer: Uint8Array, offset: number, length: number): boolean {
    // Whoever has a packet for the kernel can take one as well.
    this.release();
    return this.#port.write(buffer, offset, length);
  }

  writeBatch(buffer: Uint8Array, starts: Int32Array, lengths: Int32Array, count: number): number {
    this.release();
    return this.#port.writeBatch(buffer, starts, lengths, count);
  }

  stop(): void {
    this.#timer.cancel();
    this.#start = undefined;
    this.#port.stop();
  }
}
