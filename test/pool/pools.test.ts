/** Address pools: who gets what, keeps it, and gets it again. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AddressPool } from '../../src/pool/options.js';
import { AddressPools, sizeOf } from '../../src/pool/pools.js';

function pool(...ranges: readonly (readonly [number, number])[]): AddressPool {
  return { name: 'clients', ranges: ranges.map(([first, last]) => ({ first, last })) };
}

describe('AddressPools', () => {
  it('gives the addresses in the order of the pool, and none twice', () => {
    const pools = new AddressPools();
    const clients = pool([10, 11], [20, 20]);
    const given = ['a', 'b', 'c', 'd'].map((link) => pools.claim(clients, link, link));
    assert.deepEqual(given, [10, 11, 20, undefined]);
    assert.equal(sizeOf(clients), 3);
  });

  it('lets a link hold one address: a new claim gives the old one back', () => {
    const pools = new AddressPools();
    const clients = pool([10, 10]);
    assert.equal(pools.claim(clients, 'a', 'ann'), 10);
    assert.equal(pools.claim(clients, 'a', 'bob'), 10);
    assert.equal(pools.claim(clients, 'b', 'ann'), undefined);
  });

  it('gives a peer that comes again what it had, on any link, and others what nobody had', () => {
    const pools = new AddressPools();
    const clients = pool([10, 13]);
    assert.equal(pools.claim(clients, 'a', 'ann'), 10);
    assert.equal(pools.claim(clients, 'b', 'bob'), 11);
    pools.release('a');
    pools.release('b');
    assert.equal(pools.claim(clients, 'a', 'cid'), 12);
    assert.equal(pools.claim(clients, 'b', 'ann'), 10);
    assert.equal(pools.claim(clients, 'c', 'bob'), 11);
  });

  it('gives the address that was free the longest when all were had', () => {
    const pools = new AddressPools();
    const clients = pool([10, 11]);
    pools.claim(clients, 'a', 'ann');
    pools.claim(clients, 'b', 'bob');
    pools.release('b');
    pools.release('a');
    assert.equal(pools.claim(clients, 'c', 'cid'), 10);
    assert.equal(pools.claim(clients, 'd', 'ann'), 11, 'what ann had is taken');
  });

  it('gives a peer what it had in the process before, whoever comes first', () => {
    const clients = pool([10, 12]);
    const before = new AddressPools();
    before.claim(clients, 'b', 'bob');
    before.claim(clients, 'a', 'ann');
    const pools = new AddressPools();
    for (const link of ['a', 'b', 'c']) {
      const held = before.heldBy(link);
      if (held !== undefined) pools.remember(held);
    }
    assert.deepEqual(
      ['c', 'a', 'b'].map((link) => pools.heldBy(link)),
      [undefined, undefined, undefined],
    );
    assert.equal(pools.claim(clients, 'c', 'cid'), 12);
    assert.equal(pools.claim(clients, 'a', 'ann'), 11);
    assert.equal(pools.claim(clients, 'b', 'bob'), 10);
  });

  it('gives an address of two pools that share it to one link only', () => {
    const pools = new AddressPools();
    assert.equal(pools.claim(pool([10, 10]), 'a', 'ann'), 10);
    assert.equal(pools.claim(pool([10, 11]), 'b', 'bob'), 11);
  });

  it('never gives one address to two links, whatever comes', () => {
    const step = fc.record({ link: fc.nat(4), peer: fc.nat(4), release: fc.boolean(), wide: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pools = new AddressPools();
        const held = new Map<number, number>();
        for (const { link, peer, release, wide } of steps) {
          held.delete(link);
          if (release) {
            pools.release(String(link));
            continue;
          }
          const address = pools.claim(wide ? pool([1, 4]) : pool([3, 5]), String(link), String(peer));
          if (address === undefined) continue;
          assert(![...held.values()].includes(address));
          assert(wide ? address >= 1 && address <= 4 : address >= 3 && address <= 5);
          held.set(link, address);
        }
      }),
    );
  });
});
