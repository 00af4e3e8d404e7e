/** Local time and its months, and what they mean for a quota. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatLocal, monthEnd, monthOf } from '../../src/accounting/calendar.js';
import { parseLine } from '../../src/accounting/lines.js';
import { judgeQuota } from '../../src/accounting/quota.js';
import { inZone } from './rig.js';

describe('local time', () => {
  const table: readonly [zone: string, utc: string, local: string, ends: string][] = [
    ['UTC', '2026-11-22T15:27:54.123Z', '2026-11-22T15:27:54.123+00:00', '2026-12-01T00:00:00.000Z'],
    ['Europe/Berlin', '2026-11-22T15:27:54.123Z', '2026-11-22T16:27:54.123+01:00', '2026-11-30T23:00:00.000Z'],
    ['Europe/Berlin', '2026-10-31T22:59:59.999Z', '2026-10-31T23:59:59.999+01:00', '2026-10-31T23:00:00.000Z'],
    ['Europe/Berlin', '2026-10-31T23:00:00.000Z', '2026-11-01T00:00:00.000+01:00', '2026-11-30T23:00:00.000Z'],
    ['Europe/Berlin', '2026-07-01T00:00:00.000Z', '2026-07-01T02:00:00.000+02:00', '2026-07-31T22:00:00.000Z'],
    ['Asia/Kolkata', '2026-12-31T18:30:00.000Z', '2027-01-01T00:00:00.000+05:30', '2027-01-31T18:30:00.000Z'],
    ['America/St_Johns', '2026-02-01T03:29:59.000Z', '2026-01-31T23:59:59.000-03:30', '2026-02-01T03:30:00.000Z'],
  ];
  for (const [zone, utc, local, ends] of table) {
    it(`${utc} in ${zone}`, () => {
      inZone(zone, () => {
        assert.equal(formatLocal(new Date(utc)), local);
        assert.equal(monthEnd(new Date(utc)).toISOString(), ends);
      });
    });
  }

  it('is the same moment when read again, and fit for the file, in any zone', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Kiritimati');
    const dates = fc.date({ min: new Date('1971-01-01'), max: new Date('2199-12-30'), noInvalidDate: true });
    fc.assert(
      fc.property(zones, dates, (zone, date) => {
        const local = inZone(zone, () => formatLocal(date));
        assert.equal(new Date(local).getTime(), date.getTime());
        assert.match(monthOf(local), /^\d{4}-\d\d$/);
        const line = { type: 'session', id: 1, link: 'a', begin: local, at: local, rxBytes: 0, txBytes: 0, seconds: 0 };
        assert.deepEqual(parseLine(JSON.stringify(line)), line);
        const end = inZone(zone, () => monthEnd(date));
        assert.ok(end > date && end.getTime() - date.getTime() <= 31 * 86_400_000 + 3_600_000);
      }),
    );
  });
});

describe('a quota', () => {
  const options = { monthlyBytes: 1000, warnAt: 0.8, cutOff: true };
  const table: readonly [used: number, state: string, cutOff: boolean][] = [
    [0, 'ok', false],
    [799, 'ok', false],
    [800, 'warn', false],
    [999, 'warn', false],
    [1000, 'used-up', true],
    [5000, 'used-up', true],
  ];
  for (const [used, state, cutOff] of table) {
    it(`of 1000 with ${used} used is ${state}`, () => {
      const verdict = judgeQuota(used, options, new Date('2026-11-22T12:00:00Z'));
      assert.deepEqual([verdict.state, verdict.cutOff, verdict.usedBytes], [state, cutOff, used]);
    });
  }

  it('does not cut off unless it is told to', () => {
    assert.equal(judgeQuota(1000, { ...options, cutOff: false }, new Date()).cutOff, false);
  });

  it('is whole again when the local month ends', () => {
    const renewsAt = inZone('Europe/Berlin', () => judgeQuota(0, options, new Date('2026-11-22T12:00:00Z')).renewsAt);
    assert.equal(renewsAt.toISOString(), '2026-11-30T23:00:00.000Z');
  });
});
