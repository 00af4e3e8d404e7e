/** A whole pump, both directions, allocates nothing per packet in steady state: more packets in a wake cost no more heap. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { copyOctets } from '../../src/base/bytes.js';
import { Codecs } from '../../src/framing/codecs.js';
import type { ByteStream, StreamHandlers } from '../../src/line/stream.js';
import { Pump } from '../../src/link/pump.js';
import { loadKernel } from '../../src/native/kernel.js';
import type { PacketPort } from '../../src/tun/tun.js';
import { octetsPerRun } from '../support/allocation.js';
import { testConfig } from '../support/link-rig.js';
import { udpPacket } from '../support/pump-pair.js';
import { seededRandom } from '../support/wire.js';
import { sessionOptions } from '../support/session-pair.js';
import { VirtualScheduler } from '../support/virtual-scheduler.js';

const many = 64;
const packet = udpPacket(200);
/** Packets that are measured by the heap of so many runs; a wake may allocate. */
const batches = 40;
const leastObject = 12;

/** Octets on their way to the other end, without an allocation. */
class Pipe implements ByteStream {
  peer: Pipe | undefined;
  #handlers: StreamHandlers | undefined;
  readonly #bytes = new Uint8Array(256 * 1024);
  #from = 0;
  #to = 0;

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
  }

  read(into: Uint8Array): number {
    const length = Math.min(into.length, this.#to - this.#from);
    copyOctets(this.#bytes, this.#from, this.#from + length, into, 0);
    this.#from += length;
    return length;
  }

  write(from: Uint8Array, offset: number, length: number): number {
    this.peer?.take(from, offset, length);
    return length;
  }

  take(from: Uint8Array, offset: number, length: number): void {
    if (this.#from === this.#to) this.#from = this.#to = 0;
    copyOctets(from, offset, offset + length, this.#bytes, this.#to);
    this.#to += length;
  }

  /** What was written to it is there to be read. */
  deliver(): void {
    if (this.#to > this.#from) this.#handlers?.readable();
  }

  unsent(): number {
    return 0;
  }

  watchWritable(): void {
    // There is always room.
  }

  stop(): void {
    this.#handlers = undefined;
  }
}

/** A TUN in which so many packets wait as `send` says. */
class Counter implements PacketPort {
  received = 0;
  #waiting = 0;
  #readable: (() => void) | undefined;

  start(readable: () => void): void {
    this.#readable = readable;
  }

  send(count: number): void {
    this.#waiting = count;
    this.#readable?.();
  }

  readBatch(buffer: Uint8Array, slotSize: number, slots: Int32Array, lengths: Int32Array): number {
    const count = Math.min(this.#waiting, slots.length);
    this.#waiting -= count;
    for (let i = 0; i < count; i++) {
      copyOctets(packet, 0, packet.length, buffer, slots[i]! * slotSize);
      lengths[i] = packet.length;
    }
    return count;
  }

  write(): boolean {
    this.received += 1;
    return true;
  }

  writeBatch(_buffer: Uint8Array, _starts: Int32Array, _lengths: Int32Array, count: number): number {
    this.received += count;
    return count;
  }

  stop(): void {
    this.#readable = undefined;
  }
}

const codecs = new Codecs({ load: loadKernel });

function end(scheduler: VirtualScheduler, side: 'a' | 'b'): { port: Counter; stream: Pipe; attach(): void } {
  const [port, stream, random] = [new Counter(), new Pipe(), seededRandom(side === 'a' ? 1 : 2)];
  const { lcp, local, remote } = testConfig;
  const { ipcp } = sessionOptions({}, side === 'a' ? { local, remote } : { local: remote, remote: local });
  const pump = new Pump(port, {
    scheduler,
    codecs,
    random: () => Math.floor(random() * 0x1_0000_0000),
    guard: (work) => {
      work();
    },
    emit: () => undefined,
  });
  return {
    port,
    stream,
    attach: () => {
      pump.attach(stream, { session: { lcp, ipcp, ipv6cp: undefined }, escape: [], mtu: 1500, speed: undefined });
    },
  };
}

describe('a pump in steady state', () => {
  it('allocates nothing per packet, in either direction', async () => {
    const scheduler = new VirtualScheduler();
    const [a, b] = [end(scheduler, 'a'), end(scheduler, 'b')];
    a.stream.peer = b.stream;
    b.stream.peer = a.stream;
    a.attach();
    b.attach();
    const exchange = (): void => {
      b.stream.deliver();
      a.stream.deliver();
    };
    for (let i = 0; i < 100; i++) {
      exchange();
      await scheduler.pass(10);
    }
    const wake = (count: number) => (): void => {
      a.port.send(count);
      b.port.send(count);
      exchange();
    };
    const allocated = (count: number): number => octetsPerRun(wake(count), batches);
    wake(many)();
    assert.deepEqual([a.port.received, b.port.received], [many, many]);
    const [few, most] = [allocated(1), allocated(many)];
    const perPacket = (most - few) / (2 * (many - 1));
    assert.ok(perPacket < leastObject, `${perPacket} octets per packet: ${few} in a wake for one, ${most} for ${many}`);
  });
});
