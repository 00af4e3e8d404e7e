/** The packet pool: every slot is in one hand at a time. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PacketPool } from '../../src/queue/packet-pool.js';

describe('PacketPool', () => {
  it('lends each slot once, and says when there is none left', () => {
    const pool = new PacketPool(3, 10);
    assert.equal(pool.bytes.length, 30);
    const slots = [pool.take(), pool.take(), pool.take()];
    assert.deepEqual([...slots].sort(), [0, 1, 2]);
    assert.equal(pool.free, 0);
    assert.equal(pool.take(), -1);
    pool.give(slots[1]!);
    assert.equal(pool.free, 1);
    assert.equal(pool.take(), slots[1]);
  });

  it('refuses a slot that is not taken', () => {
    const pool = new PacketPool(2, 10);
    const slot = pool.take();
    pool.give(slot);
    for (const wrong of [slot, 1 - slot, -1, 2, 0.5, Number.NaN]) {
      assert.throws(() => {
        pool.give(wrong);
      }, RangeError);
    }
    assert.equal(pool.free, 2);
  });

  it('never lends a slot twice at a time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 60 }), (steps) => {
        const pool = new PacketPool(5, 4);
        const taken: number[] = [];
        for (const step of steps) {
          if (step < 5) {
            const slot = pool.take();
            assert.equal(slot === -1, taken.length === 5);
            assert.ok(!taken.includes(slot));
            if (slot !== -1) taken.push(slot);
          } else if (taken.length > 0) {
            pool.give(taken.splice(step % taken.length, 1)[0]!);
          }
          assert.equal(pool.free + taken.length, 5);
        }
      }),
    );
  });
});
