/** IPv6 addresses, and networks of either family. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  covers,
  formatPrefix,
  isNetwork,
  networkOf,
  overlaps,
  parseIpPrefix,
  prefixOf,
  rangeOf,
} from '../../src/base/ip.js';
import { ip6Bytes, ip6FromBytes, ip6FromNumber, ip6Number, isLinkLocal, parseIp6 } from '../../src/base/ip6.js';

const numbers = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
const prefixes = fc
  .tuple(numbers, fc.integer({ min: 0, max: 128 }))
  .map(([number, length]) => prefixOf(ip6FromNumber(number), length));

describe('IPv6 addresses', () => {
  // RFC 5952 §4
  for (const [text, canonical] of [
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0000:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['FE80::1', 'fe80::1'],
  ] as const) {
    it(`${text} is ${canonical}`, () => {
      assert.equal(parseIp6(text), canonical);
    });
  }

  for (const text of [
    '',
    '1.2.3.4',
    'fe80::1%eth0',
    '2001:db8::1/64',
    '1:2:3:4:5:6:7',
    ':::',
    'branch',
    '2001:db8::g',
  ]) {
    it(`does not take ${JSON.stringify(text)} for one`, () => {
      assert.equal(parseIp6(text), undefined);
    });
  }

  it('are the same as octets, as a number and as text', () => {
    fc.assert(
      fc.property(numbers, (number) => {
        const address = ip6FromNumber(number);
        assert.equal(ip6Number(address), number);
        assert.equal(ip6FromBytes(ip6Bytes(address)), address);
        assert.equal(parseIp6(address), address);
      }),
    );
  });

  it('hold on the link alone in fe80::/10', () => {
    assert.deepEqual(['fe80::1', 'febf::1', 'fec0::1', '2001:db8::1'].map(isLinkLocal), [true, true, false, false]);
  });
});

describe('networks of either family', () => {
  it('are read and written', () => {
    for (const text of ['10.2.0.0/16', '2001:db8:2::/48', '::/0']) {
      const prefix = parseIpPrefix(text);
      assert.equal(prefix && formatPrefix(prefix), text);
    }
    assert.deepEqual(parseIpPrefix('2001:db8::1'), { address: '2001:db8::1', length: 128 });
    for (const text of ['10.2.0.0/33', '2001:db8::/129', '2001:db8::/', 'branch/8'])
      assert.equal(parseIpPrefix(text), undefined);
  });

  it('lie in each other as their numbers do', () => {
    fc.assert(
      fc.property(prefixes, prefixes, (a, b) => {
        const network = networkOf(a);
        assert.ok(isNetwork(network) && covers(network, a));
        const [one, other] = [rangeOf(a), rangeOf(b)];
        assert.equal(overlaps(a, b), one.first <= other.last && other.first <= one.last);
      }),
    );
    assert.equal(overlaps(prefixOf(0, 0), prefixOf('::', 0)), false);
  });
});
