/**
 * An hour of noise, in virtual time: bit errors and lost frames on a link with Van Jacobson's headers, Deflate and Multilink.
 * For 12 seconds of each minute TCP transfers run both ways, and a small packet goes out ten times a second.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { internetChecksum } from '../compress/vj-packets.js';
import { heapInUse } from '../support/allocation.js';
import { BundlePair } from '../support/bundle-pair.js';
import { FrameNoise } from '../support/frame-noise.js';
import type { PumpEnd } from '../support/pump-pair.js';
import { TcpTransfers, type TransferShape } from '../support/tcp-transfers.js';
import { seededRandom } from '../support/wire.js';

const MINUTE = 60_000;
const STEP = 100;
const shape = { octets: 5000, largest: 256, window: 2, timeoutMs: 500 } as const;

/** What goes one way, and what comes out. */
class Direction {
  /** Deliveries that nobody sent. */
  strange = 0;
  sent = 0;
  arrived = 0;
  longestSilence = 0;
  readonly #from: PumpEnd;
  readonly #to: PumpEnd;
  /** When each was sent; those of the last two minutes. */
  readonly #recent = new Map<string, number>();
  #lastDelivery: number | undefined;
  #beat = 0;

  constructor(from: PumpEnd, to: PumpEnd) {
    this.#from = from;
    this.#to = to;
  }

  send(packet: Uint8Array, now: number): void {
    this.#recent.set(keyOf(packet), now);
    this.sent += 1;
    this.#from.port.send(packet);
  }

  beat(now: number): void {
    this.send(beatPacket(this.#beat++), now);
  }

  /** Nothing is sent for a while: that is no silence. */
  pause(): void {
    this.#lastDelivery = undefined;
  }

  /** What has come out since the last time. */
  take(now: number): readonly Uint8Array[] {
    const packets = this.#to.port.delivered.splice(0);
    for (const packet of packets) if (!this.#recent.has(keyOf(packet))) this.strange += 1;
    if (packets.length > 0) {
      this.longestSilence = Math.max(this.longestSilence, now - (this.#lastDelivery ?? now));
      this.#lastDelivery = now;
      this.arrived += packets.length;
    }
    for (const [key, at] of this.#recent) {
      if (at > now - 2 * MINUTE) break;
      this.#recent.delete(key);
    }
    return packets;
  }
}

const cut = { isSingle: true, shortSequence: true, minFragment: 64, maxFragmentMs: 15 };
const cases = [
  { bitErrors: 1e-5, lines: [57_600, 38_400], multilink: {}, least: 0.9 },
  { bitErrors: 1e-4, lines: [57_600, 38_400], multilink: {}, least: 0.5 },
  { bitErrors: 1e-4, lines: [57_600], multilink: 'off', least: 0.5 },
  { bitErrors: 2e-5, lines: [57_600], multilink: cut, least: 0.8 },
] as const;

describe('an hour of noise', () => {
  for (const { bitErrors, lines, multilink, least } of cases) {
    const how = multilink === 'off' ? 'whole' : 'cut';
    it(
      `with bit errors of ${bitErrors} over ${lines.length} line(s), packets ${how}`,
      { timeout: 300_000 },
      async () => {
        const pair = new BundlePair(lines, {
          multilink,
          ccp: { send: ['deflate'], receive: ['deflate'], mppe: undefined },
          vj: { slots: 16, slotCompression: true },
        });
        await pair.up();
        const noises = lines.flatMap((_, line) =>
          pair.harm(line, (way) => new FrameNoise(seededRandom(7 + 2 * line + way))),
        );
        for (const noise of noises) {
          noise.bitErrors = bitErrors;
          noise.lostFrames = 0.002;
        }
        const { scheduler, a, b } = pair;
        const ways = [new Direction(a, b), new Direction(b, a)] as const;
        const transfers = shapes.map((one) => new TcpTransfers(one));
        const heap: number[] = [];
        for (let step = 0; step < (60 * MINUTE) / STEP; step++) {
          const now = scheduler.now();
          const isBusy = step % 600 < 120;
          if (isBusy) for (const way of ways) way.beat(now);
          else if (step % 600 === 140) for (const way of ways) way.pause();
          ways.forEach((way, i) => {
            for (const packet of way.take(now)) {
              const answer = transfers.find((one) => one.owns(packet))?.take(packet, now);
              if (answer !== undefined) ways[1 - i]?.send(answer, now);
            }
          });
          if (isBusy)
            transfers.forEach((one, i) => {
              for (const segment of one.send(now)) ways[i % 2]?.send(segment, now);
            });
          await scheduler.pass(STEP);
          if (step % 6000 === 5999) heap.push(heapInUse());
        }
        const counts = noises.map((noise) => noise.counts);
        const damaged = counts.reduce((sum, one) => sum + one.damaged, 0);
        const lost = counts.reduce((sum, one) => sum + one.lost, 0);
        assert.ok(damaged > 200 && lost > 50, `${damaged} frames damaged, ${lost} lost`);
        for (const { strange, sent, arrived, longestSilence } of ways) {
          assert.equal(strange, 0, 'packets that nobody sent');
          assert.ok(longestSilence <= 1000, `nothing arrived for ${longestSilence} ms`);
          assert.ok(arrived > least * sent, `${arrived} of ${sent} arrived`);
        }
        for (const { whole, broken } of transfers) {
          assert.equal(broken, 0, 'transfers with a wrong hash');
          assert.ok(whole > 50, `${whole} transfers`);
        }
        for (const { pump, messages } of [a, b]) {
          const { errors } = pump.counters();
          for (const name of ['fcs', 'decompress', 'vj-header', ...(multilink === 'off' ? [] : ['fragments-lost'])]) {
            assert.ok((errors[name] ?? 0) > 10, JSON.stringify(errors));
          }
          assert.equal(messages.filter(({ type }) => type === 'network-up').length, 1);
          assert.ok(!messages.some(({ type }) => type === 'network-down'), 'the link went down');
        }
        const [early = 0, ...later] = heap;
        assert.ok(Math.min(...later.slice(-3)) < early + 8_000_000, `the heap grew: ${heap.join(', ')}`);
      },
    );
  }
});

const shapes: readonly TransferShape[] = [
  { ...shape, number: 1, sender: 1, content: 'text' },
  { ...shape, number: 2, sender: 2, content: 'text' },
  { ...shape, number: 3, sender: 1, content: 'noise' },
  { ...shape, number: 4, sender: 2, content: 'noise' },
];

/**
 * The packet without IP's identification and checksum: a lost frame that changed nothing but the identification (a repeated
 * acknowledgment) leaves the next ones with one that is too small, and nothing in RFC 1144 tells so.
 */
function keyOf(packet: Uint8Array): string {
  const key = Buffer.from(packet);
  return key.fill(0, 4, 6).fill(0, 10, 12).toString('latin1');
}

/** An ICMP echo request with a number of its own. RFC 792 */
function beatPacket(number: number): Uint8Array {
  const packet = new Uint8Array(60);
  packet.set([0x45, 0, 0, packet.length, number >>> 8, number & 0xff, 0, 0, 64, 1, 0, 0, 10, 1, 0, 9, 10, 2, 0, 9]);
  packet.set([8, 0, 0, 0, 0, 1, number >>> 8, number & 0xff], 20);
  const sum = internetChecksum(packet.subarray(0, 20));
  packet.set([sum >>> 8, sum & 0xff], 10);
  return packet;
}
