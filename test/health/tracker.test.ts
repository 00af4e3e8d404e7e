/** The law of failed and healthy: tables of rounds, and bounds that hold whatever happens. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { TrackOptions } from '../../src/health/options.js';
import { Tracker } from '../../src/health/tracker.js';
import { hostA, hostB, ip, Rounds, trackOptions } from './rounds.js';

const restart: TrackOptions = { ...trackOptions, action: { kind: 'restart' } };
const hourMs = 3_600_000;

describe('the verdict', () => {
  // `+` a round with an answer, `-` one without, `d` and `u` the link goes down and comes up. Three failures, two recoveries.
  const table: readonly [what: string, options: TrackOptions, script: string, told: string[], state: string][] = [
    ['is unknown at first', trackOptions, 'u+', [], 'unknown'],
    ['is healthy when proven, which is no change', trackOptions, 'u++++', [], 'healthy'],
    ['is failed after as many failures as asked for', trackOptions, 'u++---', ['failed'], 'failed'],
    ['is failed when nobody ever answered', trackOptions, 'u---', ['failed'], 'failed'],
    ['stays when a failure is missing', trackOptions, 'u++--', [], 'healthy'],
    ['counts failures in a row only', trackOptions, 'u++--+--+--+', [], 'healthy'],
    ['is not repeated', trackOptions, 'u++----------', ['failed'], 'failed'],
    ['is healthy after as many recoveries as asked for', trackOptions, 'u---++', ['failed', 'healthy'], 'healthy'],
    ['counts recoveries in a row only', trackOptions, 'u---+-+-+-', ['failed'], 'failed'],
    ['counts anew when the link comes up', trackOptions, 'u++--du--', [], 'healthy'],
    ['stays failed over a redial', trackOptions, 'u---du+', ['failed'], 'failed'],
    ['needs proof after a redial', trackOptions, 'u---du++', ['failed', 'healthy'], 'healthy'],
    ['does not count a recovery from before a redial', trackOptions, 'u---+du+', ['failed'], 'failed'],
    ['stays healthy over a redial', trackOptions, 'u++dudu', [], 'healthy'],
    ['is unknown again after the redial that a failure asked for', restart, 'u---du', ['failed'], 'unknown'],
    ['fails again after such a redial', restart, 'u---du---', ['failed', 'failed'], 'failed'],
    ['is healthy again after such a redial', restart, 'u---du++', ['failed', 'healthy'], 'healthy'],
  ];
  for (const [what, options, script, told, state] of table) {
    it(`${what}: ${script}`, () => {
      const rounds = new Rounds(options);
      rounds.play(script);
      assert.deepEqual([rounds.changes.map((change) => change.state), rounds.tracker.state], [told, state]);
    });
  }

  it('says why', () => {
    const rounds = new Rounds({ ...trackOptions, hosts: [hostA, hostB] });
    rounds.play('u---++');
    assert.deepEqual(
      rounds.changes.map(({ reason }) => reason),
      ['no answer from 10.2.0.5, 10.2.0.6, 3 times in a row', '10.2.0.5 answers'],
    );
  });

  it('comes with the last of the failures, when its time-out is over', () => {
    const rounds = new Rounds(trackOptions);
    const begin = rounds.now;
    rounds.play('u---');
    assert.equal(rounds.changes[0]?.at, begin + 2 * trackOptions.intervalMs + trackOptions.timeoutMs);
  });
});

describe('several hosts', () => {
  it('are healthy while one of them answers, whichever', () => {
    const rounds = new Rounds({ ...trackOptions, hosts: [hostA, hostB] });
    rounds.start();
    for (const host of [hostA, hostB, hostB, hostB, hostB, hostA, hostA, hostA]) rounds.round(host);
    assert.deepEqual(rounds.changes, []);
    rounds.play('---');
    assert.deepEqual(rounds.changes.length, 1);
  });

  it('are each shown with their last answer', () => {
    const rounds = new Rounds({ ...trackOptions, hosts: [hostA, hostB] });
    rounds.start();
    rounds.round(hostB);
    assert.deepEqual(rounds.tracker.hosts(rounds.now), [
      { host: hostA, rttMs: undefined, answeredAgoMs: undefined },
      { host: hostB, rttMs: 40, answeredAgoMs: trackOptions.intervalMs - 40 },
    ]);
  });

  it('must be at least one', () => {
    assert.throws(() => new Tracker({ ...trackOptions, hosts: [] }), /needs a host/);
  });
});

describe('an answer', () => {
  const cases: readonly [string, (rounds: Rounds) => void][] = [
    [
      'of a host that was not asked',
      (rounds) => {
        rounds.answer(ip('192.0.2.1'));
      },
    ],
    [
      'to an earlier round',
      (rounds) => {
        rounds.answer(hostA, ((rounds.sequence ?? 0) + 0xffff) & 0xffff);
      },
    ],
    [
      'while the link is down',
      (rounds) => {
        rounds.stop();
        rounds.answer(hostA);
        rounds.start();
      },
    ],
  ];
  for (const [what, answer] of cases) {
    it(`counts for nothing: ${what}`, () => {
      const rounds = new Rounds({ ...trackOptions, recoveries: 1 });
      rounds.start();
      answer(rounds);
      assert.equal(rounds.tracker.state, 'unknown');
      rounds.answer(hostA);
      assert.equal(rounds.tracker.state, 'healthy');
    });
  }

  it('comes too late after the time-out', () => {
    const rounds = new Rounds({ ...trackOptions, failures: 1 });
    rounds.start();
    rounds.passTo(rounds.now + trackOptions.timeoutMs);
    rounds.answer(hostA);
    assert.equal(rounds.tracker.state, 'failed');
  });

  it('may be repeated without counting twice', () => {
    const rounds = new Rounds(trackOptions);
    rounds.start();
    rounds.round(hostA, hostA, hostA);
    assert.equal(rounds.tracker.state, 'unknown');
  });
});

describe('rounds', () => {
  it('begin at once, then every interval, and numbers wrap at 16 bits', () => {
    const rounds = new Rounds(trackOptions);
    rounds.start();
    assert.deepEqual([rounds.probes, rounds.sequence], [1, 0]);
    rounds.passTo(rounds.now + 65_535 * trackOptions.intervalMs);
    assert.deepEqual([rounds.probes, rounds.sequence], [65_536, 65_535]);
    rounds.play('-');
    assert.equal(rounds.sequence, 0);
  });

  it('follow each other without a gap when the time-out is longer than the interval', () => {
    const rounds = new Rounds({ ...trackOptions, intervalMs: 1000, timeoutMs: 5000 });
    rounds.start();
    rounds.passTo(rounds.now + 20_000);
    assert.equal(rounds.probes, 5);
  });

  it('are not made up for after a long sleep', () => {
    const rounds = new Rounds(trackOptions);
    rounds.start();
    rounds.now += 10 * hourMs;
    rounds.tracker.timeout(rounds.now);
    rounds.drain();
    assert.deepEqual([rounds.probes, rounds.changes.length], [2, 0]);
  });

  it('end with the link: no deadline, and what was not drained is gone', () => {
    const rounds = new Rounds(trackOptions);
    rounds.tracker.start(rounds.now);
    rounds.tracker.stop(rounds.now);
    assert.deepEqual([rounds.tracker.nextTimeout(), rounds.tracker.poll()], [undefined, undefined]);
    rounds.tracker.timeout(rounds.now + hourMs);
    assert.equal(rounds.tracker.poll(), undefined);
  });
});

describe('the hold-down', () => {
  /** Fails and recovers as fast as the tracker believes it; the minutes between a failure and the recovery after it. */
  function outages(rounds: Rounds, count: number): number[] {
    const lasted: number[] = [];
    for (let i = 0; i < count; i++) {
      rounds.until('failed');
      const failedAt = rounds.changes.at(-1)?.at ?? 0;
      rounds.until('healthy');
      lasted.push(Math.round(((rounds.changes.at(-1)?.at ?? 0) - failedAt) / 6000) / 10);
    }
    return lasted;
  }

  it('doubles with every failure up to half an hour, and the first costs nothing', () => {
    const rounds = new Rounds(trackOptions);
    rounds.play('u++');
    assert.deepEqual(outages(rounds, 10), [0.3, 0.6, 1.1, 2.1, 4.1, 8.1, 16.1, 30.1, 30.1, 30.1]);
  });

  it('is taken back by good health', () => {
    const rounds = new Rounds(trackOptions);
    rounds.play('u++');
    outages(rounds, 4);
    rounds.play('+'.repeat((2 * 600_000) / trackOptions.intervalMs));
    assert.deepEqual(outages(rounds, 1), [1.1]);
    rounds.play('+'.repeat((6 * 600_000) / trackOptions.intervalMs));
    assert.deepEqual(outages(rounds, 1), [0.3]);
  });

  it('is not taken back by the time that the link is down', () => {
    const rounds = new Rounds(trackOptions);
    rounds.play('u++');
    outages(rounds, 4);
    rounds.stop();
    rounds.now += 10 * hourMs;
    rounds.start();
    assert.deepEqual(outages(rounds, 1), [4.1]);
  });

  it('restarts a link ever less often while its host stays away', () => {
    const rounds = new Rounds(restart);
    rounds.start();
    const end = rounds.now + 6 * hourMs;
    while (rounds.now < end) {
      const before = rounds.changes.length;
      rounds.play('-');
      if (rounds.changes.length > before) rounds.play('du');
    }
    const gaps = rounds.changes.slice(1).map(({ at }, i) => Math.round((at - (rounds.changes[i]?.at ?? 0)) / 60_000));
    assert.deepEqual(gaps.slice(0, 8), [1, 1, 1, 2, 4, 8, 16, 30]);
    assert.ok(gaps.slice(8).every((gap) => gap === 30));
  });

  it('is shown', () => {
    const rounds = new Rounds(trackOptions);
    rounds.play('u---++---');
    const held = rounds.tracker.heldMs(rounds.now);
    assert.ok(held > 20_000 && held <= 30_000, `${held}`);
    assert.equal(new Rounds(trackOptions).tracker.heldMs(0), 0);
  });

  it('bounds the changes in any hour, whatever the hosts and the link do', () => {
    const stretch = fc.tuple(fc.constantFrom('+', '-', 'd', '-+', '+-'), fc.integer({ min: 1, max: 400 }));
    fc.assert(
      fc.property(
        fc.array(stretch, { minLength: 1, maxLength: 40 }),
        fc.constantFrom<TrackOptions['action']>({ kind: 'restart' }, { kind: 'metric', add: 1 }, { kind: 'hook' }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        (stretches, action, failures, recoveries) => {
          const options = { ...trackOptions, action, failures, recoveries, intervalMs: 1000, timeoutMs: 500 };
          const rounds = new Rounds(options);
          rounds.start();
          for (const [steps, count] of stretches) {
            for (let i = 0; i < count; i++) {
              const before = rounds.changes.length;
              rounds.play(steps === 'd' ? 'd-u' : steps);
              if (rounds.changes.length > before && action.kind === 'restart') rounds.play('du');
            }
          }
          assertBounded(rounds);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('bounds them for a host that fails as soon as it is believed, and for one that waits until it is forgiven', () => {
    for (const calmMinutes of [0, 5, 10, 11, 20]) {
      const rounds = new Rounds({ ...trackOptions, failures: 1, recoveries: 1, intervalMs: 1000, timeoutMs: 500 });
      rounds.start();
      const end = rounds.now + 12 * hourMs;
      while (rounds.now < end) {
        rounds.until('failed');
        rounds.until('healthy');
        rounds.play('+'.repeat(calmMinutes * 60));
      }
      assert.ok(rounds.changes.length > 12);
      assertBounded(rounds);
    }
  });
});

/** Eight failures and their recoveries are the most that the first, patient hour allows; with one from the hour before. */
function assertBounded({ changes }: Rounds): void {
  for (const { at } of changes) {
    const inHour = changes.filter((change) => change.at >= at && change.at < at + hourMs).length;
    assert.ok(inHour <= 18, `${inHour} changes in an hour`);
  }
}
