/** FQ-CoDel in virtual time: sparse flows first, fairness, delay on slow lines, and no slot lost. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FqCodel, type FqCodelOptions } from '../../src/queue/fq-codel.js';
import { PacketPool } from '../../src/queue/packet-pool.js';
import { tune } from '../../src/queue/tuning.js';
import { CE, ECT_0, internetChecksum, ip4 } from './packets.js';
import { type Source, simulate } from './simulated-line.js';

function makeQueue(options: Partial<FqCodelOptions> = {}, slots = 64): { pool: PacketPool; queue: FqCodel } {
  const pool = new PacketPool(slots, 1500);
  return { pool, queue: new FqCodel(pool, { bytesPerSecond: undefined, mtu: 1500, perturbation: 1, ...options }) };
}

/** Puts a packet of a flow (its source port) in; the slot that it is in. */
function put({ pool, queue }: { pool: PacketPool; queue: FqCodel }, flow: number, length = 100, now = 0): number {
  const slot = pool.take();
  assert.notEqual(slot, -1);
  pool.bytes.set(ip4({ length, ports: [flow, 9] }), slot * pool.slotSize);
  queue.enqueue(slot, length, now);
  return slot;
}

/** Takes everything out, and returns the slots in the order in which they left. */
function drain(queue: FqCodel, now = 0): number[] {
  const slots: number[] = [];
  for (let slot = queue.dequeue(now); slot !== -1; slot = queue.dequeue(now)) slots.push(slot);
  return slots;
}

describe('FqCodel', () => {
  it('keeps the order within a flow', () => {
    const room = makeQueue();
    const slots = Array.from({ length: 20 }, () => put(room, 1));
    assert.deepEqual(drain(room.queue), slots);
    assert.equal(room.queue.dequeue(0), -1);
  });

  it('knows lengths, packets and octets', () => {
    const room = makeQueue();
    const [a, b] = [put(room, 1, 100), put(room, 2, 1500)];
    assert.deepEqual([room.queue.packets, room.queue.bytes], [2, 1600]);
    assert.deepEqual([room.queue.lengthOf(a), room.queue.lengthOf(b)], [100, 1500]);
    assert.equal(room.queue.dequeue(0), a);
    assert.equal(room.queue.lengthOf(a), 100);
    assert.deepEqual([room.queue.packets, room.queue.bytes], [1, 1500]);
  });

  it('serves a flow that has just begun before those that have packets waiting', () => {
    const room = makeQueue();
    for (let i = 0; i < 10; i++) put(room, 1, 1500);
    put(room, 2, 1500);
    assert.notEqual(room.queue.dequeue(0), -1);
    assert.notEqual(room.queue.dequeue(0), -1); // both have used up their first turn
    const sparse = put(room, 3);
    assert.equal(room.queue.dequeue(0), sparse);
  });

  it('lets a short packet of a sparse flow overtake, as often as its turn allows, and none of the flow that it overtakes', () => {
    const room = makeQueue({ bytesPerSecond: 1000 });
    for (let i = 0; i < 3; i++) put(room, 1, 100);
    put(room, 2, 1500);
    const first = room.queue.dequeue(0);
    assert.equal(room.queue.lengthOf(first), 100);
    assert.equal(room.queue.dequeueSparse(200, 0), -1, 'its own flow, and one that is too large');
    const sparse = Array.from({ length: 4 }, () => put(room, 3, 150));
    assert.equal(room.queue.dequeueSparse(149, 0), -1);
    assert.deepEqual([room.queue.dequeueSparse(150, 0), room.queue.dequeueSparse(150, 0)], sparse.slice(0, 2));
    assert.equal(room.queue.dequeueSparse(150, 0), -1, 'a turn is 300 octets');
    assert.equal(drain(room.queue).length, 5);
  });

  it('lets flows that keep coming back as new ones not starve the others (RFC 8290 §4.2)', () => {
    const bulk = 1;
    const room = makeQueue();
    const flowOf = new Map<number, number>();
    const send = (flow: number): void => {
      flowOf.set(put(room, flow, flow === bulk ? 1500 : 500), flow);
    };
    const octets = new Map<number, number>();
    for (let i = 0; i < 10; i++) send(bulk);
    for (const flow of [2, 3, 4]) send(flow);
    let before = bulk;
    for (let i = 0; i < 1000; i++) {
      const slot = room.queue.dequeue(0);
      const flow = flowOf.get(slot)!;
      octets.set(flow, (octets.get(flow) ?? 0) + room.queue.lengthOf(slot));
      room.pool.give(slot);
      send(before); // the trick: only when the queue has noticed that the flow was empty
      before = flow;
    }
    const total = [...octets.values()].reduce((a, b) => a + b);
    const share = octets.get(bulk)! / total;
    assert.ok(share > 0.25, `the full flow got ${share} of the line`);
  });

  for (const resting of [0, 5, 8, 9]) {
    it(`lets ten flows not starve a full one when ${resting} of them have no packet at any time`, () => {
      const bulk = 1;
      const room = makeQueue({ bytesPerSecond: 11_520, ecn: false });
      const flowOf = new Map<number, number>();
      const send = (flow: number): void => {
        flowOf.set(put(room, flow, flow === bulk ? 1500 : 60), flow);
      };
      for (let i = 0; i < 10; i++) send(bulk);
      const rest = Array.from({ length: 10 }, (_, i) => 2 + i);
      let octets = 0;
      let bulkOctets = 0;
      for (let i = 0; i < 2000; i++) {
        while (rest.length > resting) send(rest.shift()!);
        const slot = room.queue.dequeue(0);
        const flow = flowOf.get(slot)!;
        const length = room.queue.lengthOf(slot);
        octets += length;
        if (flow === bulk) bulkOctets += length;
        room.pool.give(slot);
        if (flow === bulk) send(bulk);
        else rest.push(flow);
      }
      assert.ok(bulkOctets / octets > 1 / 11, `the full flow got ${bulkOctets / octets} of the line`);
    });
  }

  it('gives each of many flows a queue of its own: a hash alone would put some together', () => {
    for (let perturbation = 0; perturbation < 200; perturbation++) {
      const room = makeQueue({ perturbation }, 128);
      for (let flow = 0; flow < 32; flow++) for (let i = 0; i < 3; i++) put(room, flow, 1500);
      assert.equal(room.queue.busyFlows, 32);
    }
  });

  it('lets a flow of large packets have no more than its share by being empty at times', () => {
    const bytesPerSecond = 11_520;
    const frameMs = (1500 * 1000) / bytesPerSecond;
    // It sends its next packet when the last one has left; eight others are always full.
    const room = makeQueue({ bytesPerSecond, ecn: false, limitBytes: 1e6 }, 64);
    const isOurs = new Set<number>();
    let ours = 0;
    let filled = 0;
    for (let step = 0; step < 900; step++) {
      const now = step * frameMs;
      for (; room.queue.packets < 40; filled++) put(room, 1 + (filled % 8), 1500, now);
      if (isOurs.size === 0) isOurs.add(put(room, 99, 1500, now));
      const slot = room.queue.dequeue(now);
      if (isOurs.delete(slot)) ours++;
      room.pool.give(slot);
    }
    assert.ok(ours >= 70 && ours <= 110, `${ours} of 900 packets, a ninth is 100`);
  });

  it('lets flows take turns by octets', () => {
    const room = makeQueue({ bytesPerSecond: 11_520 });
    assert.equal(room.queue.tuning.quantum, 300);
    for (let i = 0; i < 4; i++) put(room, 1, 1500);
    const small = Array.from({ length: 20 }, () => put(room, 2, 300));
    const order = drain(room.queue).map((slot) => (small.includes(slot) ? 's' : 'L'));
    assert.equal(order.join(''), 'sLsssssLsssssLsssssLssss');
  });

  it('drops from the flow with most octets when over its limit, the oldest first', () => {
    const room = makeQueue({ limitBytes: 4000 });
    const [first, second] = [put(room, 1, 1000), put(room, 1, 1000)];
    const sparse = [put(room, 2, 400), put(room, 3, 400), put(room, 3, 400)];
    const last = put(room, 1, 1000);
    assert.equal(room.queue.stats.droppedLimit, 1);
    assert.ok(room.queue.bytes <= 4000);
    assert.deepEqual(drain(room.queue).sort(), [second, last, ...sparse].sort());
    assert.equal(room.pool.take(), first, 'the dropped slot is free again');
  });

  it('is limited by its pool as well', () => {
    assert.equal(makeQueue({}, 64).queue.tuning.limitBytes, 64 * 1500);
    assert.equal(makeQueue({ limitBytes: 1e9 }, 64).queue.tuning.limitBytes, 64 * 1500);
    assert.equal(makeQueue({ limitBytes: 4000 }, 64).queue.tuning.limitBytes, 4000);
  });

  it('makes room in the pool when asked, until nothing waits', () => {
    const room = makeQueue({}, 3);
    for (const flow of [1, 1, 2]) put(room, flow, 500);
    assert.equal(room.pool.take(), -1);
    for (let left = 2; left >= 0; left--) {
      assert.equal(room.queue.dropFattest(), true);
      assert.equal(room.queue.packets, left);
    }
    assert.equal(room.queue.dropFattest(), false);
    assert.equal(room.pool.free, 3);
    assert.equal(room.queue.stats.droppedLimit, 3);
  });

  it('gives everything back when it is cleared, and goes on', () => {
    const room = makeQueue();
    for (let flow = 0; flow < 10; flow++) put(room, flow);
    room.queue.clear();
    assert.deepEqual([room.queue.packets, room.queue.bytes, room.pool.free], [0, 0, 64]);
    assert.equal(room.queue.stats.cleared, 10);
    assert.equal(room.queue.dequeue(0), -1);
    const slot = put(room, 3);
    assert.equal(room.queue.dequeue(0), slot);
  });

  it('never drops a lone packet, however long it waited', () => {
    const room = makeQueue({ bytesPerSecond: 960 });
    for (let now = 0; now < 500_000; now += 10_000) {
      const slot = put(room, 1, 1500, now);
      assert.equal(room.queue.dequeue(now + 9_000), slot);
      room.pool.give(slot);
    }
    assert.equal(room.queue.stats.droppedCodel, 0);
  });

  it('keeps within a new limit when the line becomes slower', () => {
    const room = makeQueue({ bytesPerSecond: 1_000_000 });
    for (let i = 0; i < 60; i++) put(room, 1, 1500);
    room.queue.setRate(960, 576);
    assert.equal(room.queue.tuning.limitBytes, 64 * 576);
    assert.ok(room.queue.bytes <= 64 * 576);
    assert.equal(room.pool.free + room.queue.packets, 64);
  });

  it("refuses a caller's mistake", () => {
    const room = makeQueue();
    const slot = put(room, 1);
    for (const wrong of [slot, -1, 64]) {
      assert.throws(() => {
        room.queue.enqueue(wrong, 100, 0);
      }, RangeError);
    }
    const other = room.pool.take();
    for (const length of [-1, 1501]) {
      assert.throws(() => {
        room.queue.enqueue(other, length, 0);
      }, RangeError);
    }
    assert.equal(room.queue.packets, 1);
  });

  it('loses no slot and doubles none, whatever happens', () => {
    const anyStep = fc.record({
      kind: fc.constantFrom('put', 'put', 'put', 'take', 'take', 'give', 'drop', 'rate', 'clear'),
      flow: fc.nat(5),
      length: fc.oneof(fc.constantFrom(0, 1, 40, 1500), fc.nat(1500)),
      afterMs: fc.oneof(fc.constant(0), fc.nat(400)),
    });
    const slots = 24;
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 200 }), fc.boolean(), (steps, ecn) => {
        const { pool, queue } = makeQueue({ bytesPerSecond: 11_520, ecn, flows: 4 }, slots);
        const held: number[] = [];
        const numbers = new Map<number, number>(); // the order in which packets came, by slot
        const lastOfFlow = new Map<number, number>();
        let now = 0;
        let number = 0;
        for (const { kind, flow, length, afterMs } of steps) {
          now += afterMs;
          if (kind === 'put') {
            if (pool.free === 0) queue.dropFattest();
            const slot = pool.take();
            if (slot === -1) continue;
            const packet = ip4({ length, ports: [flow, 9], ecn: flow % 2 === 0 ? ECT_0 : 0 });
            pool.bytes.set(packet.subarray(0, length), slot * pool.slotSize);
            numbers.set(slot, number++);
            queue.enqueue(slot, length, now);
          } else if (kind === 'take') {
            const slot = queue.dequeue(now);
            if (slot === -1) {
              assert.equal(queue.packets, 0);
              continue;
            }
            assert.ok(!held.includes(slot));
            held.push(slot);
            const port = queue.lengthOf(slot) >= 24 ? pool.bytes[slot * pool.slotSize + 21]! : -1;
            if (port >= 0) {
              assert.ok(numbers.get(slot)! > (lastOfFlow.get(port) ?? -1), 'out of order within its flow');
              lastOfFlow.set(port, numbers.get(slot)!);
            }
          } else if (kind === 'give') {
            const slot = held.pop();
            if (slot !== undefined) pool.give(slot);
          } else if (kind === 'drop') {
            queue.dropFattest();
          } else if (kind === 'rate') {
            queue.setRate(afterMs < 50 ? undefined : 960, 296 + length);
          } else {
            queue.clear();
          }
          const { enqueued, dequeued, marked, droppedCodel, droppedLimit, cleared } = queue.stats;
          assert.equal(pool.free + queue.packets + held.length, slots);
          assert.equal(enqueued, dequeued + droppedCodel + droppedLimit + cleared + queue.packets);
          assert.ok(marked <= dequeued && (ecn || marked === 0));
          assert.ok(queue.bytes <= queue.tuning.limitBytes && queue.bytes <= queue.packets * 1500);
        }
        for (const slot of [...held, ...drain(queue, now)]) pool.give(slot);
        assert.deepEqual([pool.free, queue.packets, queue.bytes], [slots, 0, 0]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('tune', () => {
  // Each row: octets per second and MTU, and what follows from them by RFC 8289 and RFC 8290.
  for (const { bytesPerSecond, mtu, expected } of [
    { bytesPerSecond: 960, mtu: 1500, expected: [2343.75, 4687.5, 300, 96_000] },
    { bytesPerSecond: 11_520, mtu: 1500, expected: [195.3125, 390.625, 300, 96_000] },
    { bytesPerSecond: 11_520, mtu: 296, expected: [38.541666, 133.541666, 296, 18_944] },
    { bytesPerSecond: 100_000, mtu: 1500, expected: [22.5, 117.5, 500, 100_000] },
    { bytesPerSecond: 1_000_000, mtu: 1500, expected: [5, 100, 1500, 1_000_000] },
    { bytesPerSecond: undefined, mtu: 1500, expected: [5, 100, 1500, Infinity] },
  ]) {
    it(`suits a line of ${bytesPerSecond ?? 'unknown'} octets a second and an MTU of ${mtu}`, () => {
      const { targetMs, intervalMs, quantum, limitBytes } = tune(bytesPerSecond, mtu);
      const values = [targetMs, intervalMs, quantum, limitBytes];
      values.forEach((value, i) => {
        assert.ok(value === expected[i] || Math.abs(value - expected[i]!) < 1e-5, `${value}, not ${expected[i]}`);
      });
    });
  }
});

describe('FqCodel in front of a line', () => {
  const mtu = 1500;
  const bulk = (bytesPerSecond: number, count: number, length = mtu): Source[] =>
    // Each sends a quarter of what the line carries, so that all are full from the start.
    Array.from({ length: count }, () => ({ packet: { length }, everyMs: (4 * length * 1000) / bytesPerSecond }));

  for (const { baud, minutes } of [
    { baud: 115_200, minutes: 4 },
    { baud: 9_600, minutes: 40 },
  ]) {
    const bytesPerSecond = baud / 10;
    const frameMs = ((mtu + 8) * 1000) / bytesPerSecond;

    it(`lets a sparse flow pass 16 full ones at ${baud} baud: it waits two frames' time at most`, () => {
      // It begins when the others are no longer new, and stays below its fair share (RFC 8290 §1.3): a small packet in the time that each of the others needs for a large one.
      const sparse = { packet: { length: 84 }, everyMs: 16.7 * frameMs, startMs: 40.3 * frameMs };
      const { sent, deliveries, queue } = simulate([...bulk(bytesPerSecond, 16), sparse], minutes * 60_000, {
        bytesPerSecond,
        mtu,
      });
      const ours = deliveries.filter(({ source }) => source === 16);
      assert.ok(ours.length > 50 && sent[16]! - ours.length <= 1, `${ours.length} of ${sent[16]!} arrived`);
      const longest = Math.max(...ours.map(({ queuedMs }) => queuedMs));
      assert.ok(longest <= 2 * frameMs, `${longest} ms in the queue, a frame takes ${frameMs}`);
      assert.ok(Math.max(...ours.map(({ totalMs }) => totalMs)) <= 3 * frameMs);
      assert.ok(queue.stats.droppedLimit > 0);
    });

    it(`lets a flow that stays within its share never wait for a turn at ${baud} baud, however often it sends`, () => {
      for (const part of [0.1, 0.4, 0.8]) {
        const often = {
          packet: { length: 84 },
          everyMs: (17 * 84 * 1000) / (bytesPerSecond * part),
          startMs: 40 * frameMs,
        };
        const { deliveries, sent } = simulate([...bulk(bytesPerSecond, 16), often], minutes * 60_000, {
          bytesPerSecond,
          mtu,
        });
        const ours = deliveries.filter(({ source }) => source === 16);
        assert.ok(ours.length > 100 && sent[16]! - ours.length <= 1, `${ours.length} of ${sent[16]!} arrived`);
        const longest = Math.max(...ours.map(({ queuedMs }) => queuedMs));
        assert.ok(longest <= 1.2 * frameMs, `at ${part} of its share: ${longest} ms, a frame takes ${frameMs}`);
      }
    });

    it(`lets it not wait for those that send something now and then at ${baud} baud`, () => {
      const often = {
        packet: { length: 84 },
        everyMs: (17 * 84 * 1000) / (bytesPerSecond * 0.8),
        startMs: 40 * frameMs,
      };
      const acknowledging = Array.from({ length: 16 }, (_, i) => ({
        packet: { length: 52 },
        everyMs: 30.1 * frameMs,
        startMs: 41.7 * frameMs * (1 + i / 16),
      }));
      const { deliveries } = simulate([...bulk(bytesPerSecond, 16), often, ...acknowledging], minutes * 60_000, {
        bytesPerSecond,
        mtu,
      });
      const ours = deliveries.filter(({ source }) => source === 16);
      const longest = Math.max(...ours.map(({ queuedMs }) => queuedMs));
      assert.ok(ours.length > 100 && longest <= 2 * frameMs, `${longest} ms, a frame takes ${frameMs}`);
    });

    it(`keeps the line busy at ${baud} baud`, () => {
      const { utilisation } = simulate(bulk(bytesPerSecond, 5), minutes * 60_000, { bytesPerSecond, mtu });
      assert.ok(utilisation > 0.99, `${utilisation}`);
    });

    it(`shares ${baud} baud evenly between flows with packets of different sizes`, () => {
      const lengths = [100, 300, 576, 1000, 1500];
      const sources = lengths.flatMap((length) => bulk(bytesPerSecond, 1, length));
      const { deliveries } = simulate(sources, minutes * 60_000, { bytesPerSecond, mtu });
      const octets = lengths.map((_, i) =>
        deliveries.reduce((sum, { source, octets: length }) => sum + (source === i ? length : 0), 0),
      );
      const mean = octets.reduce((a, b) => a + b) / octets.length;
      octets.forEach((sum, i) => {
        assert.ok(Math.abs(sum / mean - 1) < 0.1, `flow with ${lengths[i]!}: ${sum} octets, the mean is ${mean}`);
      });
    });
  }

  it('marks packets of flows that understand ECN instead of dropping them', () => {
    const bytesPerSecond = 11_520;
    // Slightly more than the line carries, so that CoDel acts and the limit doesn't.
    const source: Source = { packet: { length: 1000, ecn: ECT_0 }, everyMs: 84 };
    const run = (ecn: boolean): ReturnType<typeof simulate> =>
      simulate([source], 60_000, { bytesPerSecond, mtu, ecn, limitBytes: 400_000 });

    const { queue, deliveries, sent } = run(true);
    assert.ok(queue.stats.marked > 10, `${queue.stats.marked} marks`);
    assert.equal(queue.stats.droppedCodel + queue.stats.droppedLimit, 0);
    assert.equal(deliveries.length + queue.packets, sent[0]);
    const marked = deliveries.filter(({ packet }) => (packet[1]! & 3) === CE);
    assert.equal(marked.length, queue.stats.marked);
    for (const { packet } of deliveries) assert.equal(internetChecksum(packet.subarray(0, 20)), 0);

    const without = run(false).queue.stats;
    assert.equal(without.marked, 0);
    assert.ok(without.droppedCodel > 10);
  });

  it('keeps the wait of a flow that heeds drops near its target, and the line busy', () => {
    // A sender like TCP: a window that grows by a packet each round trip, and is halved when a packet is missing.
    const bytesPerSecond = 11_520;
    const { pool, queue } = makeQueue({ bytesPerSecond, ecn: false }, 512);
    const frameMs = (1500 * 1000) / bytesPerSecond;
    const steps = 6000;
    let window = 10;
    let drops = 0;
    const waits: number[] = [];
    const came = new Map<number, number>();
    for (let step = 0; step < steps; step++) {
      const now = step * frameMs;
      while (queue.packets < window) came.set(put({ pool, queue }, 1, 1500, now), now);
      const slot = queue.dequeue(now);
      if (slot !== -1) {
        waits.push(now - came.get(slot)!);
        pool.give(slot);
        window += 1 / window;
      }
      if (queue.stats.droppedCodel > drops) window = Math.max(1, window / 2);
      drops = queue.stats.droppedCodel;
    }
    const { targetMs } = queue.tuning;
    const median = waits.sort((a, b) => a - b)[waits.length >> 1]!;
    assert.ok(drops > 50 && queue.stats.droppedLimit === 0, `${drops} drops`);
    assert.ok(median <= 3 * targetMs, `median ${median} ms, target ${targetMs} ms`);
    assert.ok(waits.length > 0.99 * steps, `the line was idle in ${steps - waits.length} of ${steps} frames`);
  });

  it('holds no more than its limit in a flood of anything', () => {
    const flood = Array.from({ length: 300 }, (_, i) => ({
      packet: { length: 40 + ((i * 37) % 1400), ports: [i, i] as const },
      everyMs: 7,
    }));
    const { queue, pool } = simulate(flood, 2000, { bytesPerSecond: 11_520, mtu, slots: 128 });
    assert.ok(queue.bytes <= queue.tuning.limitBytes);
    assert.equal(pool.free + queue.packets, 128);
    assert.ok(queue.stats.droppedLimit > 10_000);
  });
});
