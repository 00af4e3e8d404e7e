/** Destination Unreachable: whom it goes to, what it quotes, its checksums, and whom it must not go to. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { unreachable } from '../../src/link/unreachable.js';

const head4 = [0x45, 0, 0, 28, 0, 0, 0, 0, 64];
const ends4 = [0, 0, 10, 1, 0, 5, 10, 2, 0, 9];
const above = [1, 2, 3, 4, 5, 6, 7, 8];
const udp4 = Uint8Array.from([...head4, 17, ...ends4, ...above]);
const address6 = (last: number): number[] => [0x20, 1, 0x0d, 0xb8, ...Array<number>(11).fill(0), last];
const udp6 = Uint8Array.from([0x60, 0, 0, 0, 0, 8, 17, 64, ...address6(1), ...address6(2), ...above]);

/** The sum of all 16-bit words, folded: 0xffff where the checksum among them is right. RFC 1071 */
function folded(octets: readonly number[]): number {
  const sum = octets.reduce((total, octet, i) => total + (i % 2 === 0 ? octet << 8 : octet), 0);
  return (sum & 0xffff) + (sum >>> 16);
}

describe('unreachable', () => {
  it('answers a packet of IPv4 with its header and 8 octets', () => {
    const answer = [...(unreachable(udp4) ?? [])];
    assert.equal(answer.length, 56);
    assert.deepEqual(answer.slice(12, 22), [10, 2, 0, 9, 10, 1, 0, 5, 3, 1]);
    assert.deepEqual(answer.slice(28), [...udp4]);
    assert.deepEqual([folded(answer.slice(0, 20)), folded(answer.slice(20))], [0xffff, 0xffff]);
  });

  it('answers a packet of IPv6 with all of it, and the checksum of ICMPv6', () => {
    const answer = [...(unreachable(udp6) ?? [])];
    assert.deepEqual(answer.slice(8, 42), [...address6(2), ...address6(1), 1, 3]);
    assert.deepEqual(answer.slice(48), [...udp6]);
    const pseudo = [...answer.slice(8, 40), 0, answer.length - 40, 0, 58];
    assert.equal(folded([...pseudo, ...answer.slice(40)]), 0xffff);
  });

  it('answers no error, no later fragment, and nothing that is no packet', () => {
    const error4 = Uint8Array.from([...head4, 1, ...ends4, 3, 1, 0, 0, 0, 0, 0, 0]);
    const fragment = Uint8Array.from(udp4);
    fragment[7] = 1;
    const error6 = Uint8Array.from(udp6);
    error6.set([58], 6);
    for (const packet of [error4, fragment, error6, Uint8Array.of(), udp4.subarray(0, 19), udp6.subarray(0, 39)]) {
      assert.equal(unreachable(packet), undefined);
    }
  });

  it('answers a ping', () => {
    assert.ok(unreachable(Uint8Array.from([...head4, 1, ...ends4, 8, 0, 0, 0, 0, 0, 0, 0])));
  });

  it('takes any octets, and gives no more than the least MTU', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (octets) => {
        assert.ok((unreachable(octets)?.length ?? 0) <= 1280);
      }),
    );
  });
});
