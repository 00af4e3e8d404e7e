/** The wire in virtual time: never faster than the line, its disturbances counted. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { seededRandom, Wire } from './wire.js';

/** What a wire carries at most beyond its rate: what it makes up for after a late timer, or its FIFO. */
const slack = (baud: number): number => Math.max(16, (50 * baud) / 10_000);

describe('wire', () => {
  it('carries ten bits an octet', () => {
    const wire = new Wire(115_200, seededRandom(1));
    const buffer = new Uint8Array(4096);
    let carried = 0;
    for (let now = 0; now <= 10_000; now += 1) {
      const length = wire.budget(now);
      carried += wire.carry(buffer, length);
    }
    assert.ok(Math.abs(carried - 115_200) <= slack(115_200), `${carried} octets in ten seconds`);
  });

  it('is never faster than its rate, whenever it is served and however much is there', () => {
    const baud = fc.constantFrom(300, 9600, 115_200, 921_600);
    const turn = fc.record({ pause: fc.nat(200), offered: fc.nat(2000) });
    const turns = fc.array(turn, { maxLength: 200 });
    fc.assert(
      fc.property(baud, turns, (rate, list) => {
        const wire = new Wire(rate, seededRandom(1));
        const buffer = new Uint8Array(4096);
        let now = 0;
        let carried = 0;
        for (const { pause, offered } of list) {
          now += pause;
          const length = Math.min(wire.budget(now), offered);
          if (length === 0) wire.rest();
          else carried += wire.carry(buffer, length);
          assert.ok(carried <= (now * rate) / 10_000 + slack(rate), `${carried} octets in ${now} ms at ${rate} baud`);
        }
      }),
    );
  });

  it('saves nothing up while it rests', () => {
    const wire = new Wire(115_200, seededRandom(1));
    wire.budget(0);
    wire.rest();
    assert.equal(wire.budget(60_000), 16);
  });

  it('has no limit without a rate', () => {
    assert.equal(new Wire(undefined, seededRandom(1)).budget(0), Infinity);
  });

  it('swallows everything while it is pulled', () => {
    const wire = new Wire(undefined, seededRandom(1));
    wire.pull(true);
    assert.equal(wire.carry(new Uint8Array(100), 100), 0);
    wire.pull(false);
    assert.equal(wire.carry(new Uint8Array(100), 100), 100);
    assert.deepEqual([wire.counters().taken, wire.counters().swallowed], [200, 100]);
  });

  for (const share of [0, 0.001, 0.1, 1]) {
    it(`flips one bit in ${share} of the octets`, () => {
      const wire = new Wire(undefined, seededRandom(7));
      wire.disturb({ damage: share, loss: 0 });
      const octets = new Uint8Array(50_000);
      assert.equal(wire.carry(octets, octets.length), octets.length);
      const damaged = octets.filter((octet) => octet !== 0);
      assert.ok(
        damaged.every((octet) => Number.isInteger(Math.log2(octet))),
        'more than one bit is flipped',
      );
      assert.equal(damaged.length, wire.counters().damaged);
      assertNear(damaged.length / octets.length, share);
    });

    it(`loses ${share} of the octets and keeps the others in order`, () => {
      const wire = new Wire(undefined, seededRandom(7));
      wire.disturb({ damage: 0, loss: share });
      const octets = Uint8Array.from({ length: 250 }, (_, i) => i);
      let lost = 0;
      for (let round = 0; round < 200; round += 1) {
        const copy = octets.slice();
        const kept = copy.subarray(0, wire.carry(copy, copy.length));
        assert.ok(kept.every((octet, i) => i === 0 || octet > kept[i - 1]!));
        lost += octets.length - kept.length;
      }
      assert.equal(lost, wire.counters().lost);
      assertNear(lost / 50_000, share);
    });
  }
});

function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 0.2 * expected, `${actual} instead of ${expected}`);
}
