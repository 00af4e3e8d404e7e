/** Pauses between attempts, by cause. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { cause, causeCodes, causeFacts, type CauseCode } from '../../src/base/cause.js';
import { Backoff, type BackoffOptions } from '../../src/link/backoff.js';

const options: BackoffOptions = {
  quickMs: 1000,
  quickMaxMs: 8000,
  slowMs: 5000,
  slowMaxMs: 60_000,
  stableMs: 30_000,
  maxAttempts: 0,
};
const noJitter = (): number => 0;

function pauses(codes: readonly CauseCode[], changed: Partial<BackoffOptions> = {}): (number | undefined)[] {
  const backoff = new Backoff({ ...options, ...changed }, noJitter);
  return codes.map((code) => backoff.next(cause(code), 0));
}

describe('Backoff', () => {
  it('tries at once after a cable pull, then quickly', () => {
    assert.deepEqual(
      pauses(['carrier-lost', 'peer-dead', 'peer-dead', 'peer-dead', 'peer-dead', 'peer-dead']),
      [0, 1000, 2000, 4000, 8000, 8000],
    );
  });

  it('asks a silent peer at a steady pace, for its cable may be back; but calls nobody so often', () => {
    const silent: CauseCode[] = ['peer-dead', 'no-answer', 'no-answer', 'no-answer', 'no-answer'];
    assert.deepEqual(pauses(silent), [0, 1000, 1000, 1000, 1000]);
    assert.deepEqual(pauses(silent, { redial: {} }), [0, 1000, 2000, 4000, 8000]);
  });

  it('is slower after a refusal', () => {
    assert.deepEqual(
      pauses(['ipcp-failed', 'ipcp-failed', 'ipcp-failed', 'ipcp-failed', 'ipcp-failed']),
      [5000, 10_000, 20_000, 40_000, 60_000],
    );
  });

  it('keeps to a pause of its own where there is one', () => {
    const redial = { 'number-busy': 30_000, 'call-blacklisted': 'never' } as const;
    assert.deepEqual(
      pauses(['number-busy', 'number-busy', 'call-unanswered', 'number-busy'], { redial }),
      [30_000, 30_000, 20_000, 30_000],
    );
    assert.deepEqual(pauses(['call-blacklisted'], { redial }), [undefined]);
    assert.deepEqual(pauses(['number-busy'], { redial, maxAttempts: 1 }), [undefined]);
  });

  it('looks for a missing device at a steady pace', () => {
    assert.deepEqual(pauses(['device-missing', 'device-missing', 'device-missing']), [1000, 1000, 1000]);
  });

  it('gives up only when told to', () => {
    assert.deepEqual(pauses(['no-answer', 'no-answer', 'no-answer'], { maxAttempts: 3 }), [0, 1000, undefined]);
    const backoff = new Backoff(options, noJitter);
    for (let i = 0; i < 5000; i++) assert.notEqual(backoff.next(cause('no-answer'), i), undefined);
  });

  it('counts from zero after a stable time, and not before', () => {
    const backoff = new Backoff(options, noJitter);
    for (let i = 0; i < 4; i++) backoff.next(cause('no-answer'), 0);
    backoff.up(1000);
    assert.equal(backoff.next(cause('line-hangup'), 1000 + options.stableMs - 1), 8000);
    backoff.up(100_000);
    assert.equal(backoff.next(cause('line-hangup'), 100_000 + options.stableMs), 0);
  });

  it('takes something away, so that the two ends do not move in step', () => {
    const jittered = new Backoff(options, () => 0.5);
    const slow = [1, 2, 3].map(() => jittered.next(cause('ipcp-failed'), 0));
    assert.deepEqual(slow, [4375, 8750, 17_500]);
    assert.equal(new Backoff(options, () => 0.5).next(cause('device-missing'), 0), 875);
  });

  it('takes a quarter away at most, for any cause and any number of attempts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...causeCodes), { maxLength: 40 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (codes, random) => {
          const jittered = new Backoff(options, () => random);
          const even = new Backoff(options, noJitter);
          for (const code of codes) {
            const most = even.next(cause(code), 0);
            const pause = jittered.next(cause(code), 0);
            assert.equal(pause === undefined, causeFacts(code).retry === 'stay');
            if (pause === undefined || most === undefined) continue;
            assert.ok(pause <= most && pause >= most * 0.75, `${pause} of ${most}`);
          }
        },
      ),
    );
  });
});
