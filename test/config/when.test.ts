/** When a link is to dial, in right configs: every key, short form and default. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WhenOptions } from '../../src/schedule/options.js';
import { good, goodLink } from './support.js';
import { always } from '../support/when.js';

describe('when', () => {
  const cases: readonly (readonly [string, WhenOptions | undefined])[] = [
    ['always', undefined],
    ['demand', { ...always, demand: true }],
    ['{}', always],
    ['{demand: on, idle: 10m}', { ...always, demand: true, idleMs: 600_000 }],
    ['{longest: 2h, calls-per-hour: 6}', { ...always, longestMs: 7_200_000, callsPerHour: 6 }],
    ['{minutes-per-day: 120}', { ...always, minutesPerDay: 120 }],
  ];
  for (const [text, expected] of cases) {
    it(text, () => {
      assert.deepEqual(goodLink(`when: ${text}`).when, expected);
    });
  }

  it('is always by default', () => {
    assert.equal(goodLink().when, undefined);
  });

  const everyDay = [0, 1, 2, 3, 4, 5, 6];
  const hours: readonly (readonly [string, readonly number[], number, number])[] = [
    ['Mon-Fri 08:00-18:00', [1, 2, 3, 4, 5], 480, 1080],
    ['Sat Sun', [0, 6], 0, 1440],
    ['fri-mon 8:30-9:00', [0, 1, 5, 6], 510, 540],
    ['Mon Wed-Thu 00:00-24:00', [1, 3, 4], 0, 1440],
    ['22:00-06:00', everyDay, 1320, 360],
    ['18:00-00:00', everyDay, 1080, 1440],
  ];
  for (const [text, days, from, to] of hours) {
    it(`in the hours ${text}`, () => {
      assert.deepEqual(goodLink(`when: {hours: ${text}}`).when?.hours, [{ days, from, to }]);
    });
  }

  it('counts and ignores in the words of the firewall', () => {
    const { count, ignore } =
      goodLink('when: {idle: 5m, count: [ssh, tcp 8000-8100], ignore: ping}').when?.traffic ?? always.traffic;
    assert.deepEqual(
      [count, ignore].map((rules) => rules.map(({ text }) => text)),
      [['ssh', 'tcp 8000-8100'], ['ping']],
    );
  });

  it('may be while another link is down, in two ways of writing', () => {
    const { links } = good(`links:
  fast: {line: /dev/ttyS0, local: 10.0.0.1, remote: 10.0.0.2}
  slow: {line: /dev/ttyS1, local: 10.0.0.1, remote: 10.0.0.3, when: {while-down: fast}}
  last: {line: /dev/ttyS2, local: 10.0.0.1, remote: 10.0.0.4, when: {while-down: {link: slow, for: 1m}}}
`);
    assert.deepEqual(
      links.map(({ when }) => when?.whileDown),
      [undefined, { link: 'fast', forMs: 10_000 }, { link: 'slow', forMs: 60_000 }],
    );
  });
});
