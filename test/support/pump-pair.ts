/** Two pumps in virtual time, joined by a line in memory; their TUNs are arrays. */
import type { Scheduler } from '../../src/base/clock.js';
import type { StreamEnd } from '../../src/line/line.js';
import { Codecs } from '../../src/framing/codecs.js';
import type { ByteStream, StreamHandlers } from '../../src/line/stream.js';
import { Pump } from '../../src/link/pump.js';
import type { PumpMessage } from '../../src/link/pump-host.js';
import type { AttachOptions } from '../../src/link/messages.js';
import { loadKernel } from '../../src/native/kernel.js';
import type { SessionOptions } from '../../src/ppp/options.js';
import type { PacketPort } from '../../src/tun/tun.js';
import { sessionOptions } from './session-pair.js';
import { testConfig } from './link-rig.js';
import { VirtualScheduler } from './virtual-scheduler.js';
import { seededRandom } from './wire.js';

/** A TUN: what the test puts in, the pump reads; what the pump writes, the test finds. */
export class FakePort implements PacketPort {
  readonly delivered: Uint8Array[] = [];
  readonly #waiting: Uint8Array[] = [];
  #readable: (() => void) | undefined;
  /** Interface down: the kernel refuses packets. */
  down = false;

  /** The kernel routes packets into the TUN. */
  send(...packets: readonly Uint8Array[]): void {
    this.#waiting.push(...packets);
    this.#readable?.();
  }

  start(readable: () => void): void {
    this.#readable = readable;
  }

  readBatch(buffer: Uint8Array, slotSize: number, slots: Int32Array, lengths: Int32Array): number {
    const packets = this.#waiting.splice(0, slots.length);
    packets.forEach((packet, i) => {
      const part = packet.subarray(0, slotSize);
      buffer.set(part, slots[i]! * slotSize);
      lengths[i] = part.length;
    });
    return packets.length;
  }

  write(buffer: Uint8Array, offset: number, length: number): boolean {
    if (this.down) return false;
    this.delivered.push(buffer.slice(offset, offset + length));
    return true;
  }

  writeBatch(buffer: Uint8Array, starts: Int32Array, lengths: Int32Array, count: number): number {
    let taken = 0;
    for (let i = 0; i < count; i++) {
      if (this.write(buffer, starts[i]!, lengths[i]!)) taken++;
      else lengths[i] = 0;
    }
    return taken;
  }

  stop(): void {
    this.#readable = undefined;
  }
}

/** One end of a line in memory: octets travel at the rate, the kernel's buffer holds so many of them. */
export class MemoryStream implements ByteStream {
  /** Where what is written arrives. */
  peer: MemoryStream | undefined;
  /** Everything written, for those who want to look. */
  readonly written: number[] = [];
  /** What becomes of octets on the way to the peer. */
  harm: (octets: number[]) => readonly number[] = (octets) => octets;
  readonly #scheduler: Scheduler;
  readonly #bytesPerMs: number;
  readonly #capacity: number;
  #handlers: StreamHandlers | undefined;
  #sending: number[] = [];
  #received: number[] = [];
  #watchesWritable = false;
  #ticking = false;
  /** Octets, or a part of one, that may travel beyond those of whole ticks. */
  #credit = 0;

  constructor(scheduler: Scheduler, bytesPerMs: number, capacity: number) {
    this.#scheduler = scheduler;
    this.#bytesPerMs = bytesPerMs;
    this.#capacity = capacity;
  }

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
  }

  read(into: Uint8Array): number {
    const octets = this.#received.splice(0, into.length);
    into.set(octets);
    return octets.length;
  }

  write(from: Uint8Array, offset: number, length: number): number {
    const taken = Math.min(length, this.#capacity - this.#sending.length);
    const octets = from.subarray(offset, offset + taken);
    for (const octet of octets) {
      this.#sending.push(octet);
      this.written.push(octet);
    }
    this.#tick();
    return taken;
  }

  unsent(): number {
    return this.#sending.length;
  }

  watchWritable(on: boolean): void {
    this.#watchesWritable = on;
  }

  stop(): void {
    this.#handlers = undefined;
  }

  end(end: StreamEnd): void {
    this.#handlers?.ended(end);
  }

  /** Octets arrive from the line. */
  receive(octets: readonly number[]): void {
    this.#received.push(...octets);
    this.#handlers?.readable();
  }

  #tick(): void {
    if (this.#ticking || this.#sending.length === 0) return;
    this.#ticking = true;
    this.#scheduler.after(1, () => {
      this.#ticking = false;
      this.#credit += this.#bytesPerMs;
      const octets = Math.floor(this.#credit);
      this.#credit -= octets;
      this.peer?.receive(this.harm(this.#sending.splice(0, octets)));
      if (this.#watchesWritable) this.#handlers?.writable();
      this.#tick();
    });
  }
}

/** Of all pumps that a test makes, as of all in a worker. */
export const codecs = new Codecs({ load: loadKernel });

export class PumpEnd {
  readonly port = new FakePort();
  readonly messages: PumpMessage[] = [];
  readonly failures: unknown[] = [];
  readonly pump: Pump;
  readonly stream: MemoryStream;
  options: AttachOptions;

  constructor(
    scheduler: VirtualScheduler,
    side: 'a' | 'b',
    bytesPerMs: number,
    speed: number | undefined,
    ipv6: boolean,
  ) {
    const random = seededRandom(side === 'a' ? 1 : 2);
    this.stream = new MemoryStream(scheduler, bytesPerMs, 4096);
    const { lcp, local, remote } = testConfig;
    const { ipcp, ipv6cp } = sessionOptions(
      {},
      side === 'a' ? { local, remote } : { local: remote, remote: local },
      ipv6 ? {} : undefined,
    );
    this.options = { session: { lcp, ipcp, ipv6cp }, escape: [], mtu: 1500, speed };
    this.pump = new Pump(this.port, {
      scheduler,
      codecs,
      random: () => Math.floor(random() * 0x1_0000_0000),
      guard: (work) => {
        work();
      },
      emit: (message) => this.messages.push(message),
    });
  }

  /** The session is to have these options. */
  with(session: SessionOptions): this {
    this.options = { ...this.options, session };
    return this;
  }

  attach(): void {
    this.pump.attach(this.stream, this.options);
  }

  has(type: PumpMessage['type']): boolean {
    return this.messages.some((message) => message.type === type);
  }
}

export class PumpPair {
  readonly scheduler = new VirtualScheduler();
  readonly a: PumpEnd;
  readonly b: PumpEnd;

  /** A line of so many octets per ms; `speed` is what the pumps believe of it, in baud. */
  constructor(bytesPerMs = 12, speed: number | undefined = 115_200, ipv6 = false) {
    this.a = new PumpEnd(this.scheduler, 'a', bytesPerMs, speed, ipv6);
    this.b = new PumpEnd(this.scheduler, 'b', bytesPerMs, speed, ipv6);
    this.a.stream.peer = this.b.stream;
    this.b.stream.peer = this.a.stream;
  }

  async up(): Promise<void> {
    this.a.attach();
    this.b.attach();
    await this.scheduler.pass(1000);
  }
}

/** An IPv4/UDP packet of that length; `flow` tells flows apart, `mark` is its last octet. */
export function udpPacket(length: number, flow = 1, mark = 0): Uint8Array {
  const packet = new Uint8Array(length);
  packet.set([0x45, 0, length >>> 8, length & 0xff, 0, 0, 0, 0, 64, 17, 0, 0, 10, 1, 0, 2, 10, 2, 0, 2]);
  packet.set([flow >>> 8, flow & 0xff, 0, 53], 20);
  packet[length - 1] = mark;
  return packet;
}
