/** Time windows by the clock on the wall: days, midnight, and the two nights of the year when the clock is set. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { isOpen, nextChange } from '../../src/schedule/hours.js';
import type { Hours } from '../../src/schedule/options.js';

const weekdays = [1, 2, 3, 4, 5];
const everyDay = [0, 1, 2, 3, 4, 5, 6];
const office: Hours = { days: weekdays, from: 8 * 60, to: 18 * 60 };
const night: Hours = { days: [5], from: 22 * 60, to: 6 * 60 };
const skipped: Hours = { days: everyDay, from: 2 * 60, to: 3 * 60 };

/** A test that lasts a day in Berlin, where the clock is set forward on 2026-03-29 and back on 2026-10-25. */
function inBerlin(): void {
  const { TZ } = process.env;
  before(() => {
    process.env['TZ'] = 'Europe/Berlin';
  });
  after(() => {
    if (TZ === undefined) delete process.env['TZ'];
    else process.env['TZ'] = TZ;
  });
}

describe('windows', () => {
  inBerlin();

  it('are reckoned in the zone of the test', () => {
    assert.equal(new Date('2026-07-01T12:00:00Z').getHours(), 14);
  });

  const cases: readonly (readonly [string, readonly Hours[], string, boolean, string | undefined])[] = [
    ['none are always open', [], '2026-03-02T12:00:00+01:00', true, undefined],
    ['before the office opens', [office], '2026-03-02T07:59:59.999+01:00', false, '2026-03-02T08:00:00+01:00'],
    ['as it opens', [office], '2026-03-02T08:00:00+01:00', true, '2026-03-02T18:00:00+01:00'],
    ['as it closes', [office], '2026-03-02T18:00:00+01:00', false, '2026-03-03T08:00:00+01:00'],
    ['over the week-end', [office], '2026-03-06T18:00:00+01:00', false, '2026-03-09T08:00:00+01:00'],
    [
      'over the week-end when the clock is set forward',
      [office],
      '2026-03-27T20:00:00+01:00',
      false,
      '2026-03-30T08:00:00+02:00',
    ],
    ['across midnight, on the first day', [night], '2026-03-06T23:00:00+01:00', true, '2026-03-07T06:00:00+01:00'],
    ['across midnight, on the second day', [night], '2026-03-07T05:59:00+01:00', true, '2026-03-07T06:00:00+01:00'],
    ['across midnight, of another day', [night], '2026-03-06T05:00:00+01:00', false, '2026-03-06T22:00:00+01:00'],
    [
      'two that touch are one',
      [office, { ...office, from: 18 * 60, to: 20 * 60 }],
      '2026-03-02T09:00:00+01:00',
      true,
      '2026-03-02T20:00:00+01:00',
    ],
    [
      'until midnight',
      [{ days: [1], from: 0, to: 1440 }],
      '2026-03-02T00:00:00+01:00',
      true,
      '2026-03-03T00:00:00+01:00',
    ],
    ['all week', [{ days: everyDay, from: 0, to: 1440 }], '2026-03-02T00:00:00+01:00', true, undefined],
    [
      'around the clock from eight',
      [{ days: [1], from: 480, to: 480 }],
      '2026-03-02T09:00:00+01:00',
      true,
      '2026-03-03T08:00:00+01:00',
    ],
    // 02:00 to 03:00 does not exist on 2026-03-29.
    ['in an hour that is skipped', [skipped], '2026-03-28T12:00:00+01:00', false, '2026-03-30T02:00:00+02:00'],
    [
      'that begins within the skipped hour',
      [{ ...skipped, from: 150, to: 240 }],
      '2026-03-29T01:00:00+01:00',
      false,
      '2026-03-29T03:00:00+02:00',
    ],
    // 02:00 to 03:00 comes twice on 2026-10-25, first in summer time.
    ['in an hour that comes twice', [skipped], '2026-10-25T02:30:00+02:00', true, '2026-10-25T03:00:00+01:00'],
    [
      'that ends within the hour that comes twice',
      [{ ...skipped, from: 0, to: 150 }],
      '2026-10-25T01:00:00+02:00',
      true,
      '2026-10-25T02:30:00+02:00',
    ],
    [
      'and then opens again for the second time',
      [{ ...skipped, from: 0, to: 150 }],
      '2026-10-25T02:45:00+02:00',
      false,
      '2026-10-25T02:00:00+01:00',
    ],
  ];
  for (const [name, windows, at, open, change] of cases) {
    it(name, () => {
      const time = new Date(at);
      assert.equal(isOpen(windows, time), open);
      assert.deepEqual(nextChange(windows, time)?.toISOString(), change && new Date(change).toISOString());
    });
  }

  it('change when they are said to, and not before', () => {
    const span = fc.record({
      days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
      from: fc.integer({ min: 0, max: 1439 }),
      to: fc.integer({ min: 1, max: 1440 }),
    });
    const year = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) });
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 3 }), year, (windows, time) => {
        const open = isOpen(windows, new Date(time));
        const change = nextChange(windows, new Date(time));
        const end = Math.min(change?.getTime() ?? Infinity, time + 3 * 86_400_000);
        for (let at = time; at < end; at += 60_000) assert.equal(isOpen(windows, new Date(at)), open);
        assert.equal(isOpen(windows, new Date(end - 1)), open);
        if (change !== undefined) assert.equal(isOpen(windows, change), !open);
      }),
      { numRuns: 60 },
    );
  });
});
