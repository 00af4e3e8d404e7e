/** What happens often is counted, and a night of flapping stays small. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Repeats } from '../../src/link/repeats.js';

const minute = 60_000;

describe('Repeats', () => {
  it('says a kind five times, then every ten minutes with its count', () => {
    const repeats = new Repeats();
    const said: (number | undefined)[] = [];
    for (let i = 0; i < 130; i++)
      said.push(repeats.admit('branch', `LCP opened: magic 0x${(i * 77).toString(16)}`, i * 10_000));
    assert.deepEqual(said.slice(0, 6), [0, 0, 0, 0, 0, undefined]);
    assert.deepEqual(
      said.filter((one) => one !== undefined),
      [0, 0, 0, 0, 0, 59, 59],
    );
  });

  it('takes other links and other messages for news, and a kind that was quiet for an hour as well', () => {
    const repeats = new Repeats();
    for (let i = 0; i < 6; i++) repeats.admit('a', 'up', i);
    assert.equal(repeats.admit('a', 'up', 10), undefined);
    assert.equal(repeats.admit('b', 'up', 10), 0);
    assert.equal(repeats.admit('a', 'down', 10), 0);
    assert.equal(repeats.admit('a', 'up', 10 + 61 * minute), 0);
  });

  it('a line that flaps all night writes under 1 MB', () => {
    const repeats = new Repeats();
    const messages = [
      'opening',
      'LCP opened: magic 0x12',
      'IPCP opened: we are 10.0.0.1',
      'up: 10.0.0.1 to 10.0.0.2',
      'closing: the carrier was lost',
    ];
    let octets = 0;
    for (let now = 0; now < 12 * 60 * minute; now += 2000) {
      for (const message of messages) if (repeats.admit('branch', message, now) !== undefined) octets += 400;
    }
    assert.ok(octets < 1_000_000, `${octets} octets`);
  });

  it('remembers a bounded number of kinds', () => {
    const repeats = new Repeats();
    for (let i = 0; i < 5; i++) repeats.admit('a', 'up', 0);
    const letters = (n: number): string =>
      n.toString(26).replace(/\d/g, (digit) => String.fromCharCode(113 + Number(digit)));
    for (let i = 0; i < 600; i++) repeats.admit('a', `message ${letters(i)}`, 1);
    assert.equal(repeats.admit('a', 'up', 2), 0);
  });
});
