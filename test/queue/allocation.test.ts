/** The queue allocates nothing per packet in steady state. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { FqCodel } from '../../src/queue/fq-codel.js';
import { LineRoom } from '../../src/queue/line-room.js';
import { PacketPool } from '../../src/queue/packet-pool.js';
import { ALLOCATES_NOTHING, octetsPerRun } from '../support/allocation.js';
import { ECT_0, ip4, ip6 } from './packets.js';

describe('the queue in steady state', () => {
  it('allocates nothing per packet', () => {
    const pool = new PacketPool(64, 1500);
    const queue = new FqCodel(pool, { bytesPerSecond: 11_520, mtu: 1500, perturbation: 1 });
    const room = new LineRoom(11_520);
    const packets = [
      ...Array.from({ length: 20 }, (_, i) =>
        ip4({ length: 40 + 70 * i, ports: [i, i], ecn: i % 2 === 0 ? ECT_0 : 0 }),
      ),
      ip6({}),
    ];
    let now = 0;
    let next = 0;
    // Two in and one out, at the pace of the line: so CoDel and the limit have to drop and mark.
    const allocated = octetsPerRun(() => {
      now += 70;
      for (let i = 0; i < 2; i++) {
        if (pool.free === 0) queue.dropFattest();
        const slot = pool.take();
        const packet = packets[next++ % packets.length]!;
        pool.bytes.set(packet, slot * pool.slotSize);
        queue.enqueue(slot, packet.length, now);
      }
      const slot = queue.dequeue(now);
      if (slot === -1) return;
      if (room.room(0, now) > 0) room.handed(queue.lengthOf(slot), now);
      room.wakeAfterMs(now);
      pool.give(slot);
    });
    assert.ok(allocated < ALLOCATES_NOTHING, `${allocated} octets per packet`);
    const { dequeued, marked, droppedCodel, droppedLimit } = queue.stats;
    assert.ok(Math.min(dequeued, marked, droppedCodel, droppedLimit) > 0, 'not every way was taken');
  });
});
