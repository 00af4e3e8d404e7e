/** IPv4 addresses and networks. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  formatIp4,
  formatPrefix,
  isNetwork,
  networkOf,
  overlaps,
  parseIp4,
  parsePrefix,
  type Prefix,
} from '../../src/base/ip.js';

const addresses = fc.integer({ min: 0, max: 0xffffffff });
const prefixes: fc.Arbitrary<Prefix> = fc.record(
  { address: addresses, length: fc.integer({ min: 0, max: 32 }) },
  { noNullPrototype: true },
);

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

describe('IPv4 addresses', () => {
  it('are read and written as dotted quads', () => {
    assert.equal(parseIp4('10.0.0.1'), 0x0a000001);
    assert.equal(parseIp4('255.255.255.255'), 0xffffffff);
    assert.equal(formatIp4(0xc0a80102), '192.168.1.2');
  });

  for (const text of [
    '',
    '10',
    '10.1',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.1.2',
    ' 10.0.0.1',
    '0x0a.0.0.1',
    '::1',
    '10.0.0.-1',
    '10.0.0.1/32',
  ]) {
    it(`does not take ${JSON.stringify(text)} for one`, () => {
      assert.equal(parseIp4(text), undefined);
    });
  }

  it('what is written is read again', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        assert.equal(parseIp4(formatIp4(address)), address);
      }),
    );
  });
});

describe('IPv4 networks', () => {
  it('are read with and without a length', () => {
    assert.deepEqual(prefix('10.2.0.0/16'), { address: 0x0a020000, length: 16 });
    assert.deepEqual(prefix('10.2.3.4'), { address: 0x0a020304, length: 32 });
    assert.deepEqual(prefix('0.0.0.0/0'), { address: 0, length: 0 });
  });

  for (const text of ['10.2.0.0/33', '10.2.0.0/', '10.2.0.0/a', '/16', '10.2.0.0/16/16', '10.2.0.0/-1', 'fd00::/8']) {
    it(`does not take ${JSON.stringify(text)} for one`, () => {
      assert.equal(parsePrefix(text), undefined);
    });
  }

  it('know their host bits', () => {
    assert.equal(isNetwork(prefix('10.2.0.0/16')), true);
    assert.equal(isNetwork(prefix('10.2.0.1/16')), false);
    assert.equal(formatPrefix(networkOf(prefix('10.2.3.4/20'))), '10.2.0.0/20');
    assert.equal(formatPrefix(networkOf(prefix('255.255.255.255/0'))), '0.0.0.0/0');
  });

  it('overlap when one holds the other', () => {
    assert.equal(overlaps(prefix('10.0.0.0/8'), prefix('10.2.0.0/16')), true);
    assert.equal(overlaps(prefix('10.2.0.0/16'), prefix('10.3.0.0/16')), false);
    assert.equal(overlaps(prefix('0.0.0.0/0'), prefix('192.168.1.1')), true);
  });

  it('overlap is symmetric, and every network overlaps itself', () => {
    fc.assert(
      fc.property(prefixes, prefixes, (a, b) => {
        assert.equal(overlaps(a, b), overlaps(b, a));
        assert.equal(overlaps(a, a), true);
        assert.deepEqual(prefix(formatPrefix(a)), a);
        assert.equal(isNetwork(networkOf(a)), true);
      }),
    );
  });
});
