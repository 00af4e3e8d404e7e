/** When a line may be opened and when it has to be hung up: every condition alone, at its edges, and together. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { callsOf, callsOfLastHour, openToday, recentCalls, type Call } from '../../src/schedule/calls.js';
import type { WhenOptions } from '../../src/schedule/options.js';
import { hindrances, judge, type Circumstances } from '../../src/schedule/policy.js';
import { always } from '../support/when.js';

const minute = 60_000;
/** A Monday, in local time. */
const noon = new Date(2026, 2, 2, 12, 0);
const idleLine: Circumstances = { now: noon, calls: [], line: undefined, other: undefined, overridden: false };

function at(hour: number, minutes = 0, day = 2, month = 2): Date {
  return new Date(2026, month, day, hour, minutes);
}

function call(begin: Date, forMinutes?: number): Call {
  return { begin, end: forMinutes === undefined ? undefined : new Date(begin.getTime() + forMinutes * minute) };
}

function open(openMs: number, quietMs: number | undefined = 0): Circumstances['line'] {
  return { openMs, quietMs };
}

/** In short: `go 60000`, `idle`, `calls-used-up 1800000`. */
function verdict(options: Partial<WhenOptions>, circumstances: Partial<Circumstances>): string {
  const judged = judge({ ...always, ...options }, { ...idleLine, ...circumstances });
  return [judged.may ? 'go' : judged.why, ...(judged.askInMs === undefined ? [] : [judged.askInMs])].join(' ');
}

describe('the policy', () => {
  const office = { hours: [{ days: [1], from: 8 * 60, to: 18 * 60 }] };
  const hourly = { callsPerHour: 2 };
  const daily = { minutesPerDay: 30 };
  const backup = { whileDown: { link: 'fast', forMs: 10_000 } };
  const up = (forMs: number) => ({ other: { isUp: true, forMs } });
  const down = (forMs: number) => ({ other: { isUp: false, forMs } });
  const cases: readonly (readonly [string, Partial<WhenOptions>, Partial<Circumstances>, string])[] = [
    ['has nothing against a line by default', {}, {}, 'go'],
    ['keeps it by default', {}, { line: open(1e9, 1e9) }, 'go'],
    ['asks again when the hours end', office, { line: open(0) }, `go ${360 * minute}`],
    [
      'hangs up when the hours end',
      office,
      { now: at(18), line: open(0) },
      `outside-hours ${(7 * 24 - 10) * 60 * minute}`,
    ],
    ['does not dial before the hours begin', office, { now: at(7, 59) }, `outside-hours ${minute}`],
    ['dials as they begin', office, { now: at(8) }, `go ${600 * minute}`],
    ['keeps a line that is used', { idleMs: 5000 }, { line: open(60_000, 2000) }, 'go 3000'],
    ['hangs up a line that is idle', { idleMs: 5000 }, { line: open(60_000, 5000) }, 'idle'],
    ['has patience while PPP is negotiated', { idleMs: 5000 }, { line: { openMs: 60_000, quietMs: undefined } }, 'go'],
    ['hangs up after the longest time', { longestMs: 7000 }, { line: open(7000) }, 'longest-reached'],
    ['asks again when that is due', { longestMs: 7000 }, { line: open(1000) }, 'go 6000'],
    ['counts the calls of an hour', hourly, { calls: [call(at(11, 0), 1), call(at(11, 30), 1)] }, 'go'],
    [
      'does not dial when they are used up',
      hourly,
      { calls: [call(at(11, 10), 1), call(at(11, 30), 1)] },
      `calls-used-up ${10 * minute}`,
    ],
    [
      'hangs up no call for their number',
      hourly,
      { calls: [call(at(11, 10), 1), call(at(11, 30))], line: open(0) },
      'go',
    ],
    [
      'counts calls of the day before',
      hourly,
      { now: at(0, 10), calls: [call(at(23, 30, 1), 1), call(at(23, 40, 1), 1)] },
      `calls-used-up ${20 * minute}`,
    ],
    ['counts the minutes of the day', daily, { calls: [call(at(9), 29)] }, 'go'],
    [
      'does not dial when they are used up',
      daily,
      { calls: [call(at(9), 20), call(at(10), 10)] },
      `minutes-used-up ${720 * minute}`,
    ],
    [
      'hangs up as they are used up',
      daily,
      { calls: [call(at(11, 30))], line: open(30 * minute) },
      `minutes-used-up ${720 * minute}`,
    ],
    [
      'says how many are left',
      daily,
      { calls: [call(at(9), 20), call(at(11, 55))], line: open(5 * minute) },
      `go ${5 * minute}`,
    ],
    [
      'forgets the minutes at midnight',
      daily,
      { now: at(0, 10), calls: [call(at(23, 0, 1))], line: open(70 * minute) },
      `go ${20 * minute}`,
    ],
    ['and at the end of the month', daily, { now: at(0, 0, 1, 3), calls: [call(at(12, 0, 31), 600)] }, 'go'],
    ['takes no place of a link that is up', backup, up(60_000), 'not-needed'],
    ['waits for a while when it goes down', backup, down(4000), 'not-needed 6000'],
    ['takes its place then', backup, down(10_000), 'go'],
    ['keeps it for a while when the other is up again', backup, { ...up(4000), line: open(0) }, 'go 6000'],
    ['and gives it back then', backup, { ...up(10_000), line: open(0) }, 'not-needed'],
    ['keeps it while the other flaps', backup, { ...down(1), line: open(0) }, 'go'],
    [
      'tells the most lasting of several',
      { ...daily, ...hourly },
      { calls: [call(at(11), 30), call(at(11, 40), 1)] },
      `minutes-used-up ${720 * minute}`,
    ],
    [
      'obeys whoever overrides it',
      { ...office, ...daily, ...backup },
      { now: at(3), calls: [call(at(0), 60)], ...up(60_000), overridden: true },
      'go',
    ],
    [
      'but ends also then what is idle',
      { ...office, idleMs: 5000 },
      { now: at(3), line: open(0, 5000), overridden: true },
      'idle',
    ],
  ];
  for (const [name, options, circumstances, expected] of cases) {
    it(name, () => {
      assert.equal(verdict(options, circumstances), expected);
    });
  }

  it('names what is overridden', () => {
    const options = { ...always, ...office, ...daily };
    const circumstances = { ...idleLine, now: at(3), calls: [call(at(1), 60)] };
    assert.deepEqual(
      hindrances(options, circumstances).map(({ why }) => why),
      ['outside-hours', 'minutes-used-up'],
    );
  });

  it('changes its mind by time alone only when it said so', () => {
    const arbitrary = fc.record({
      idleMs: fc.option(fc.integer({ min: 1, max: 3_600_000 }), { nil: undefined }),
      longestMs: fc.option(fc.integer({ min: 1, max: 3_600_000 }), { nil: undefined }),
      callsPerHour: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      minutesPerDay: fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined }),
      whileDown: fc.option(fc.constant({ link: 'fast', forMs: 10_000 }), { nil: undefined }),
      hours: fc.constantFrom([], office.hours),
    });
    const state = fc.record({
      minutes: fc.integer({ min: 0, max: 7 * 1440 }),
      isOpen: fc.boolean(),
      otherIsUp: fc.boolean(),
      ago: fc.array(fc.integer({ min: 1, max: 600 }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(arbitrary, state, (options, { minutes, isOpen, otherIsUp, ago }) => {
        const begin = new Date(2026, 2, 1, 0, minutes);
        const past = ago.map((one) => call(new Date(begin.getTime() - one * minute), 1));
        const calls = [...past, ...(isOpen ? [call(begin)] : [])];
        const judgedAfter = (ms: number) =>
          judge(
            { ...always, ...options },
            {
              now: new Date(begin.getTime() + ms),
              calls,
              line: isOpen ? open(ms, ms) : undefined,
              other: { isUp: otherIsUp, forMs: ms },
              overridden: false,
            },
          );
        const first = judgedAfter(0);
        const end = Math.min(first.askInMs ?? Infinity, 86_400_000);
        for (let i = 1; i < 50; i++) assert.equal(judgedAfter(Math.min((end * i) / 50, end - 1)).may, first.may);
      }),
    );
  });
});

describe('calls', () => {
  const session = (begin: Date, forMinutes: number, cause?: string) => ({ ...call(begin, forMinutes), cause });

  it('are the sessions of the ledger, oldest first', () => {
    assert.deepEqual(callsOf([session(at(11), 10, 'idle'), session(at(9), 5, 'crash')]), [
      call(at(9), 5),
      call(at(11), 10),
    ]);
  });

  it('that went on in a new linkd are one', () => {
    assert.deepEqual(callsOf([session(at(9, 5), 10, 'idle'), session(at(9), 5, 'handed-over')]), [call(at(9), 15)]);
  });

  it('count on the day that they reach into, and only for their part in it', () => {
    assert.equal(openToday([call(at(23, 50, 1), 20), call(at(11, 55))], noon), 15 * minute);
  });

  it('are of the last hour until it is over', () => {
    assert.equal(callsOfLastHour([call(at(11), 1), call(at(11, 1), 1)], noon).length, 1);
  });

  it('are forgotten when they count no more', () => {
    const kept = call(at(12, 0, 1), 1);
    assert.deepEqual(recentCalls([call(at(10, 30, 1), 10), kept], noon), [kept]);
  });
});
