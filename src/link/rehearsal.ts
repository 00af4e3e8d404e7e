/**
 * A packet worker plays a session with itself before its first real one: two pumps on a line in memory, in a time of its own. What
 * runs for the first time is compiled while it runs, which on a line of 115200 baud takes longer than the negotiation; so it has
 * run by then. Nobody hears of such a session, and nothing is left of it.
 */
import type { Millis, Scheduler, Timer } from '../base/clock.js';
import { cause } from '../base/cause.js';
import type { ByteStream, StreamHandlers } from '../line/stream.js';
import type { SessionOptions } from '../ppp/options.js';
import type { PacketPort } from '../tun/tun.js';
import type { AttachOptions } from './messages.js';
import { Pump } from './pump.js';
import type { PumpHost, PumpMessage } from './pump-host.js';

/** How long one may take on the line's clock: as long as it takes to agree, and as many events as that needs. */
const longestMs: Millis = 2000;
const mostEvents = 5000;
/** What the line carries in a millisecond. */
const octetsPerMs = 48;

/**
 * Plays a session of these options, and gives whether packets went both ways. Both ends have the options but for the addresses, so
 * they have to be such as two ends with the same ones agree on. Throws what the session throws.
 */
export function rehearse(options: AttachOptions, host: Pick<PumpHost, 'codecs' | 'random'>): boolean {
  const time = new StageTime();
  const a = new End(options, time, host);
  const b = new End({ ...options, session: facing(options.session) }, time, host);
  a.stream.peer = b.stream;
  b.stream.peer = a.stream;
  const ends = [a, b];
  const packets = samplePackets(options.session);
  const arrived = (): boolean => ends.every(({ port }) => port.delivered >= packets.length);
  try {
    for (const { pump, stream, options: own } of ends) pump.attach(stream, own);
    time.run(() => ends.every(({ isUp }) => isUp));
    for (const { port } of ends) port.send(packets);
    time.run(arrived);
    for (const end of ends) end.report();
    a.pump.close(cause('requested'));
    time.run(() => ends.every(({ isOver }) => isOver));
  } finally {
    for (const { pump } of ends) pump.stop();
  }
  return arrived();
}

/** Pings of the families that there are. */
function samplePackets({ ipcp, ipv6cp }: SessionOptions): readonly Uint8Array[] {
  const ip4 = new Uint8Array(84);
  ip4.set([0x45, 0, 0, ip4.length, 0, 0, 0, 0, 64, 1]);
  const ip6 = new Uint8Array(104);
  ip6.set([0x60, 0, 0, 0, 0, ip6.length - 40, 58, 64]);
  return [...(ipcp ? [ip4] : []), ...(ipv6cp ? [ip6] : [])];
}

function facing({ ipcp, ...others }: SessionOptions): SessionOptions {
  return { ...others, ipcp: ipcp && { ...ipcp, local: ipcp.remote, remote: ipcp.local } };
}

class End {
  readonly port = new StagePort();
  readonly stream: StageStream;
  readonly pump: Pump;
  readonly options: AttachOptions;
  /** All its networks are. */
  isUp = false;
  isOver = false;

  constructor(options: AttachOptions, scheduler: Scheduler, { codecs, random }: Pick<PumpHost, 'codecs' | 'random'>) {
    this.options = options;
    this.stream = new StageStream(scheduler);
    this.pump = new Pump(this.port, {
      ...{ scheduler, codecs, random },
      guard: (work) => {
        work();
      },
      emit: (message) => {
        this.#hear(message);
      },
    });
  }

  /** What is told of a link each second. */
  report(): readonly unknown[] {
    const { session, quietMs, queue, lines } = this.pump;
    return [this.pump.counters(), session, quietMs, queue, lines];
  }

  #hear(message: PumpMessage): void {
    const { ipcp, ipv6cp } = this.options.session;
    if (message.type === 'network-up' || message.type === 'network-changed') {
      const { ip4, ip6 } = message.network;
      this.isUp = (ip4 !== undefined) === (ipcp !== undefined) && (ip6 !== undefined) === (ipv6cp !== undefined);
    }
    this.isOver ||= message.type === 'finished';
  }
}

interface Entry {
  readonly at: Millis;
  readonly callback: () => void;
}

/** Time that passes from one deadline to the next, and no further than the rehearsal may last. */
class StageTime implements Scheduler {
  #now: Millis = 0;
  #events = 0;
  readonly #entries = new Set<Entry>();

  now(): Millis {
    return this.#now;
  }

  date(): Date {
    return new Date(this.#now);
  }

  after(delay: Millis, callback: () => void): Timer {
    const entry = { at: this.#now + Math.max(0, delay), callback };
    this.#entries.add(entry);
    return { cancel: () => this.#entries.delete(entry) };
  }

  /** Lets time pass until `done`, or nothing more is to come. */
  run(done: () => boolean): void {
    while (!done() && this.#events++ < mostEvents) {
      let next: Entry | undefined;
      for (const entry of this.#entries) if (next === undefined || entry.at < next.at) next = entry;
      if (next === undefined || next.at > longestMs) return;
      this.#entries.delete(next);
      this.#now = next.at;
      next.callback();
    }
  }
}

/** One end of the line. */
class StageStream implements ByteStream {
  /** Where what is written arrives. */
  peer: StageStream | undefined;
  readonly #scheduler: Scheduler;
  #handlers: StreamHandlers | undefined;
  #sent: Uint8Array = new Uint8Array(0);
  #received: Uint8Array = new Uint8Array(0);

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
  }

  read(into: Uint8Array): number {
    const octets = this.#received.subarray(0, into.length);
    into.set(octets);
    this.#received = this.#received.subarray(octets.length);
    return octets.length;
  }

  write(from: Uint8Array, offset: number, length: number): number {
    if (this.#sent.length === 0) this.#carryOn();
    this.#sent = joined(this.#sent, from.subarray(offset, offset + length));
    return length;
  }

  unsent(): number {
    return this.#sent.length;
  }

  watchWritable(): void {
    // There is always room.
  }

  stop(): void {
    this.#handlers = undefined;
  }

  #carryOn(): void {
    this.#scheduler.after(1, () => {
      const octets = this.#sent.subarray(0, octetsPerMs);
      this.#sent = this.#sent.subarray(octets.length);
      if (this.#sent.length > 0) this.#carryOn();
      this.peer?.arrive(octets);
    });
  }

  arrive(octets: Uint8Array): void {
    this.#received = joined(this.#received, octets);
    this.#handlers?.readable();
  }
}

/** The kernel's side: it gives what it is told to, and takes everything. */
class StagePort implements PacketPort {
  /** Packets taken. */
  delivered = 0;
  #waiting: readonly Uint8Array[] = [];
  #readable: (() => void) | undefined;

  send(packets: readonly Uint8Array[]): void {
    this.#waiting = packets;
    this.#readable?.();
  }

  start(readable: () => void): void {
    this.#readable = readable;
  }

  readBatch(buffer: Uint8Array, slotSize: number, slots: Int32Array, lengths: Int32Array): number {
    const packets = this.#waiting.slice(0, slots.length);
    this.#waiting = this.#waiting.slice(packets.length);
    packets.forEach((packet, i) => {
      buffer.set(packet, (slots[i] ?? 0) * slotSize);
      lengths[i] = packet.length;
    });
    return packets.length;
  }

  write(): boolean {
    this.delivered += 1;
    return true;
  }

  writeBatch(_buffer: Uint8Array, _starts: Int32Array, _lengths: Int32Array, count: number): number {
    this.delivered += count;
    return count;
  }

  stop(): void {
    this.#readable = undefined;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
