/** The histogram of waits: exact to a fifth, over the last minute, and nothing is forgotten before half of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { delayQuantiles, DelayWindow, delayWindowMs } from '../../src/queue/delays.js';

function quantiles(delays: readonly number[], parts: readonly number[]): readonly number[] | undefined {
  const window = new DelayWindow();
  for (const delay of delays) window.add(delay, 0);
  return delayQuantiles([window], parts, 0);
}

describe('DelayWindow', () => {
  it('knows nothing without packets', () => {
    assert.equal(quantiles([], [0.5]), undefined);
  });

  it('gives what at least such a part of the packets stayed below, a fifth too long at most', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.125, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (delays, part) => {
          const exact = delays.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(part * delays.length)) - 1] ?? 0;
          const [told = 0] = quantiles(delays, [part]) ?? [];
          assert.ok(told >= exact * (1 - 1e-9) && told <= exact * 1.2, `${told} for ${exact}`);
        },
      ),
    );
  });

  it('takes any wait', () => {
    assert.deepEqual(quantiles([0, -1, 0.1], [1]), [0.125]);
    const [longest = 0] = quantiles([1e12], [1]) ?? [];
    assert.ok(longest > 100_000 && longest < 200_000);
  });

  it('counts several windows together', () => {
    const [fast, slow] = [new DelayWindow(), new DelayWindow()];
    for (let i = 0; i < 9; i++) fast.add(1, 0);
    slow.add(1000, 0);
    const [p50 = 0, p95 = 0] = delayQuantiles([fast, slow], [0.5, 0.95], 0) ?? [];
    assert.ok(p50 < 1.2 && p95 >= 1000);
  });

  it('forgets after a minute at most, and not before half of one', () => {
    const half = delayWindowMs / 2;
    for (const at of [0, 1, half - 1, half, 10 * half]) {
      const window = new DelayWindow();
      window.add(1, 0); // begins the first half
      window.add(1000, at);
      const long = (now: number): boolean => (delayQuantiles([window], [1], now)?.[0] ?? 0) >= 1000;
      assert.ok(long(at + half - 1), `put in at ${at}`);
      assert.ok(!long(at + delayWindowMs), `put in at ${at}`);
    }
  });
});
