/**
 * Two sessions over lines that lose, corrupt, double, delay and reorder, for hundreds of seeds: they always end open at both
 * ends or with a cause, and what a session must keep to (`SessionStation`) holds at every step.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { defaultMru } from '../../src/ppp/numbers.js';
import type { LcpOptions } from '../../src/ppp/options.js';
import { cleanLine, LossyLine, type Faults } from '../support/lossy-line.js';
import { seededRandom } from '../support/random.js';
import { mirrored, SessionStation, sessionOptions, Wire } from '../support/session-pair.js';

const seed = fc.integer({ min: 1, max: 0x7fffffff });

const lcpOptions: fc.Arbitrary<Partial<LcpOptions>> = fc.record({
  mru: fc.constantFrom(128, 296, defaultMru, 4000),
  asyncmap: fc.constantFrom(0, 0xa0000, 0xffffffff),
  magic: fc.boolean(),
  pfc: fc.boolean(),
  acfc: fc.boolean(),
  passive: fc.boolean(),
  maxFailure: fc.integer({ min: 1, max: 10 }),
  lqr: fc.constantFrom(undefined, { intervalMs: 10_000, maxLoss: 1, keep: 1, of: 30 }),
});

function probability(percent: number): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: percent }).map((value) => value / 100);
}

const faults: fc.Arbitrary<Faults> = fc.record({
  lose: probability(40),
  corrupt: probability(20),
  corruptUnnoticed: probability(5),
  duplicate: probability(40),
  latencyMs: fc.integer({ min: 1, max: 600 }),
  jitterMs: fc.integer({ min: 0, max: 2000 }),
});

/** Gives up for nothing that a bad line does in two minutes. */
const patient: Partial<LcpOptions> = { maxConfigure: 100, maxFailure: 50, echoFailures: 50 };

const badMs = 120_000;
const healedMs = 600_000;

/** Runs two sessions on a bad line that heals after two minutes. */
function run(faulty: Faults, left: Partial<LcpOptions>, right: Partial<LcpOptions>, from: number) {
  const a = new SessionStation(sessionOptions(left), from);
  const b = new SessionStation(mirrored(right), from + 1);
  const line = new LossyLine(faulty, seededRandom(from + 2));
  const wire = new Wire(line, a, b);
  wire.start();
  wire.run(badMs);
  line.faults = cleanLine;
  wire.run(healedMs);
  return { a, b, wire };
}

/** Up, over, or (only when passive) waiting for the peer to begin. */
function restOf(station: SessionStation): 'up' | 'over' | 'waiting' | 'lost' {
  if (station.isUp) return 'up';
  if (station.finished !== undefined) return 'over';
  return station.nextTimeout() === undefined ? 'waiting' : 'lost';
}

describe('two sessions on a bad line', () => {
  it('always end open at both ends or with a cause', () => {
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(faults, lcpOptions, lcpOptions, seed, (faulty, left, right, from) => {
        const { a, b } = run(faulty, left, right, from);
        const rests = [restOf(a), restOf(b)];
        outcomes.add(rests.join(' '));
        if (rests.includes('up')) assert.deepEqual(rests, ['up', 'up']);
        assert(!rests.includes('lost'), rests.join(' '));
        if (left.passive !== true) assert.notEqual(rests[0], 'waiting');
        if (right.passive !== true) assert.notEqual(rests[1], 'waiting');
      }),
      { numRuns: 400 },
    );
    assert(outcomes.has('up up'), 'most come up');
  });

  it('come up, when it only loses some frames and is not given up early', () => {
    fc.assert(
      fc.property(seed, probability(30), probability(40), (from, lose, duplicate) => {
        const { a, b } = run({ ...cleanLine, lose, duplicate, jitterMs: 300 }, patient, patient, from);
        assert.deepEqual([restOf(a), restOf(b)], ['up', 'up']);
      }),
      { numRuns: 200 },
    );
  });

  it('one of them silent, come up as well', () => {
    fc.assert(
      fc.property(seed, probability(20), (from, lose) => {
        const { a, b } = run({ ...cleanLine, lose }, { ...patient, silent: true }, patient, from);
        assert.deepEqual([restOf(a), restOf(b)], ['up', 'up']);
      }),
      { numRuns: 100 },
    );
  });

  it('come up on a line that doubles every frame, at once and for good', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 0, max: 50 }), (from, jitterMs) => {
        const { a, b } = run({ ...cleanLine, duplicate: 1, jitterMs }, {}, {}, from);
        assert.deepEqual([restOf(a), restOf(b)], ['up', 'up']);
      }),
      { numRuns: 50 },
    );
  });

  it('exchange a bounded number of packets, also when every frame passes corrupted', () => {
    fc.assert(
      fc.property(seed, (from) => {
        const { wire } = run({ ...cleanLine, corruptUnnoticed: 1 }, {}, {}, from);
        assert(wire.sent < 5000, `${wire.sent} frames in ten minutes`);
      }),
      { numRuns: 50 },
    );
  });

  it('end with a cause when the line goes dead, and the line cut at any moment leaves nothing up', () => {
    fc.assert(
      fc.property(faults, seed, fc.integer({ min: 0, max: 30_000 }), (faulty, from, cutAt) => {
        const a = new SessionStation(sessionOptions(), from);
        const b = new SessionStation(mirrored(), from + 1);
        const line = new LossyLine(faulty, seededRandom(from + 2));
        const wire = new Wire(line, a, b);
        wire.start();
        wire.run(cutAt);
        line.faults = { ...cleanLine, lose: 1 };
        b.lineLost(wire.now);
        assert.equal(b.isUp, false);
        wire.run(cutAt + 120_000);
        assert.notEqual(a.finished, undefined);
      }),
      { numRuns: 100 },
    );
  });
});
