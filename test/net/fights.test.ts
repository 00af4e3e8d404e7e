/** How often what another program takes away is put back. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Fights } from '../../src/net/fights.js';

const limits = { times: 3, withinMs: 60_000, pauseMs: 30_000 };

describe('Fights', () => {
  it('restores a few times, gives up once, and takes it up again after the pause', () => {
    const fights = new Fights(limits);
    const verdicts = [0, 1000, 2000, 3000, 4000, 32_999, 33_000, 33_001].map((now) => fights.judge('tun0', now));
    assert.deepEqual(verdicts, ['restore', 'restore', 'restore', 'give-up', 'paused', 'paused', 'restore', 'restore']);
  });

  it('goes on for ever with what happens now and then', () => {
    const fights = new Fights(limits);
    for (let now = 0; now < 3_600_000; now += 20_001) assert.equal(fights.judge('tun0', now), 'restore');
  });

  it('counts each subject by itself, and forgets one', () => {
    const fights = new Fights({ ...limits, times: 1 });
    assert.equal(fights.judge('tun0', 0), 'restore');
    assert.equal(fights.judge('lan0', 1), 'restore');
    assert.equal(fights.judge('tun0', 2), 'give-up');
    fights.forget('tun0');
    assert.equal(fights.judge('tun0', 3), 'restore');
  });

  it('never restores more often than allowed within the time, however it is asked', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 }), (gaps) => {
        const fights = new Fights(limits);
        let now = 0;
        const restored: number[] = [];
        for (const gap of gaps) {
          now += gap;
          if (fights.judge('tun0', now) === 'restore') restored.push(now);
        }
        // After a pause the count starts anew, so that two such runs may meet within the time.
        const longest = restored.map(
          (at) => restored.filter((other) => other >= at && other < at + limits.pauseMs).length,
        );
        assert.ok(Math.max(0, ...longest) <= limits.times);
      }),
    );
  });
});
