/** The control law of CoDel in virtual time. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { Codel, type CodelParameters } from '../../src/queue/codel.js';

const parameters: CodelParameters = { targetMs: 5, intervalMs: 100, mtu: 1500 };
const plenty = 100_000;

/** The times at which CoDel drops when a packet leaves each `stepMs`, after `sojourn` in a queue of `backlog`. */
function dropTimes(
  codel: Codel,
  from: number,
  to: number,
  sojourn: number,
  backlog = plenty,
  stepMs = 1 / 16,
): number[] {
  const times: number[] = [];
  for (let now = from; now < to; now += stepMs) if (codel.judge(sojourn, backlog, now, parameters)) times.push(now);
  return times;
}

describe('Codel', () => {
  it('drops nothing below target, nor at a backlog of one packet', () => {
    assert.deepEqual(dropTimes(new Codel(), 0, 2000, 4.99), []);
    assert.deepEqual(dropTimes(new Codel(), 0, 2000, 60_000, 1500), []);
  });

  it('drops when the wait was above target for an interval, and not before', () => {
    assert.equal(dropTimes(new Codel(), 0, 2000, 5)[0], 100);
  });

  it('starts over when the wait falls below target', () => {
    const codel = new Codel();
    assert.deepEqual(dropTimes(codel, 0, 99, 50), []);
    assert.deepEqual(dropTimes(codel, 99, 100, 1), []);
    assert.equal(dropTimes(codel, 100, 1000, 50)[0], 200);
  });

  it('drops by the control law: the next after interval / sqrt(count)', () => {
    const times = dropTimes(new Codel(), 0, 3000, 50);
    assert.ok(times.length > 50);
    let due = 100;
    times.forEach((time, i) => {
      assert.ok(time >= due && time - due <= 1 / 16, `drop ${i + 1} at ${time}, due at ${due}`);
      due += 100 / Math.sqrt(i + 1);
    });
  });

  it('goes on at about the pace it had when the queue soon stands again', () => {
    const codel = new Codel();
    const first = dropTimes(codel, 0, 1000, 50);
    assert.equal(codel.judge(1, plenty, 1000, parameters), false);
    const again = dropTimes(codel, 1000, 1300, 50);
    assert.equal(again[0], 1100);
    const pace = again[1]! - again[0];
    const before = first.at(-1)! - first.at(-2)!;
    assert.ok(Math.abs(pace - before) < 2, `${pace} ms, was ${before} ms`);
  });

  it('starts slowly when the queue was fine for long', () => {
    const codel = new Codel();
    dropTimes(codel, 0, 1000, 50);
    assert.equal(codel.judge(1, plenty, 1000, parameters), false);
    const again = dropTimes(codel, 5000, 5400, 50);
    assert.equal(again[1]! - again[0]!, 100);
  });
});
