/**
 * A queue in front of a line with a speed, in virtual time: sources enqueue, and packets go to the line as the pump hands
 * them over, while a full frame fits.
 */
import { getU32, putU32 } from '../../src/base/bytes.js';
import { FqCodel, type FqCodelOptions } from '../../src/queue/fq-codel.js';
import { LineRoom } from '../../src/queue/line-room.js';
import { PacketPool } from '../../src/queue/packet-pool.js';
import { type Ip4Fields, ip4 } from './packets.js';

/** Sends a packet each `everyMs`, whether they arrive or not. */
export interface Source {
  readonly packet: Ip4Fields;
  readonly everyMs: number;
  readonly startMs?: number;
}

export interface Delivery {
  readonly source: number;
  readonly octets: number;
  /** From the source to the line's buffer, and to the end of its last octet on the wire. */
  readonly queuedMs: number;
  readonly totalMs: number;
  /** As it is on the line. */
  readonly packet: Uint8Array;
}

export interface Simulation {
  readonly sent: readonly number[];
  readonly deliveries: readonly Delivery[];
  readonly queue: FqCodel;
  readonly pool: PacketPool;
  /** The part of the time, after the first packet, in which the line sent. */
  readonly utilisation: number;
}

/** PPP's header, FCS and flags; the packets here need no escapes. */
const FRAMING_OCTETS = 8;

/** Where the tests' packets carry the number of their source: behind the ports. */
const SOURCE_AT = 24;

export function simulate(
  sources: readonly Source[],
  durationMs: number,
  options: Omit<FqCodelOptions, 'perturbation'> & { readonly bytesPerSecond: number; readonly slots?: number },
): Simulation {
  const { bytesPerSecond, mtu } = options;
  const pool = new PacketPool(options.slots ?? 512, 1500);
  const queue = new FqCodel(pool, { ...options, perturbation: 1 });
  const frameOctets = mtu + FRAMING_OCTETS;
  const room = new LineRoom(bytesPerSecond, { frameOctets });

  const templates = sources.map((source, i) => {
    const packet = ip4({ ...source.packet, source: 0x0a010000 + i });
    putU32(packet, SOURCE_AT, i);
    return packet;
  });
  const nextSend = sources.map(({ startMs }) => startMs ?? 0);
  const sent = sources.map(() => 0);
  const arrivals = new Float64Array(pool.slots);
  const deliveries: Delivery[] = [];
  let busyUntil = 0;
  let busyMs = 0;

  for (let now = 0; now < durationMs;) {
    sources.forEach(({ everyMs }, i) => {
      for (; nextSend[i]! <= now; nextSend[i]! += everyMs) {
        if (pool.free === 0) queue.dropFattest();
        const slot = pool.take();
        pool.bytes.set(templates[i]!, slot * pool.slotSize);
        arrivals[slot] = nextSend[i]!;
        queue.enqueue(slot, templates[i]!.length, now);
        sent[i]!++;
      }
    });
    while (room.room(0, now) >= frameOctets) {
      const slot = queue.dequeue(now);
      if (slot === -1) break;
      const octets = queue.lengthOf(slot);
      const packet = pool.bytes.slice(slot * pool.slotSize, slot * pool.slotSize + octets);
      pool.give(slot);
      const onWireMs = ((octets + FRAMING_OCTETS) * 1000) / bytesPerSecond;
      busyUntil = Math.max(busyUntil, now) + onWireMs;
      busyMs += onWireMs;
      room.handed(octets + FRAMING_OCTETS, now);
      deliveries.push({
        source: getU32(packet, SOURCE_AT),
        octets,
        queuedMs: now - arrivals[slot]!,
        totalMs: busyUntil - arrivals[slot]!,
        packet,
      });
    }
    now = Math.min(...nextSend, now + (room.wakeAfterMs(now) ?? Infinity));
  }
  return { sent, deliveries, queue, pool, utilisation: Math.min(1, busyMs / durationMs) };
}
