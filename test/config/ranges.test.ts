/** Sets of addresses, compared with looking at every address. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { networkOf, type Prefix } from '../../src/base/ip.js';
import { AddressRanges } from '../../src/config/ranges.js';

/** Networks within 64 addresses at the one or the other end of all. */
const someNetwork = fc
  .tuple(fc.constantFrom(0, 0xffffffc0), fc.nat(63), fc.integer({ min: 26, max: 32 }))
  .map(([base, offset, length]): Prefix => networkOf({ address: base + offset, length }));

function addressesOf({ address, length }: Prefix): readonly number[] {
  return Array.from({ length: 2 ** (32 - length) }, (_, i) => address + i);
}

describe('a set of addresses', () => {
  it('covers and touches what it should', () => {
    fc.assert(
      fc.property(fc.array(someNetwork, { maxLength: 8 }), someNetwork, (networks, asked) => {
        const ranges = new AddressRanges(networks);
        const all = new Set(networks.flatMap(addressesOf));
        assert.equal(
          ranges.covers(asked),
          addressesOf(asked).every((address) => all.has(address)),
        );
        assert.equal(
          ranges.touches(asked),
          addressesOf(asked).some((address) => all.has(address)),
        );
      }),
    );
  });

  it('of everything covers everything', () => {
    const everything = new AddressRanges([{ address: 0, length: 0 }]);
    assert.ok(everything.covers({ address: 0, length: 0 }) && everything.covers({ address: 0xffffffff, length: 32 }));
    assert.ok(!new AddressRanges([]).touches({ address: 0, length: 0 }));
  });
});
