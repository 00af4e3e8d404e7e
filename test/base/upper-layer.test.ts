/** Where the protocol above IP begins: options, extension headers, fragments, and whatever else an array may hold. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concatBytes, parseHex } from '../../src/base/bytes.js';
import { UpperLayer } from '../../src/base/upper-layer.js';

const tcp = new Uint8Array(20);

/** A header of IPv4 of so many words; `fragment` is flags and offset. */
function ip4(words: number, fragment = 0): Uint8Array {
  const header = new Uint8Array(words * 4);
  header[0] = 0x40 | words;
  header[6] = fragment >>> 8;
  header[7] = fragment & 0xff;
  header[9] = 6;
  return header;
}

function ip6(next: number): Uint8Array {
  const header = new Uint8Array(40);
  header[0] = 0x60;
  header[6] = next;
  return header;
}

/** Read out of the middle of an array, told from its beginning. */
function read(...parts: readonly Uint8Array[]): object | undefined {
  const packet = concatBytes(parts);
  const upper = new UpperLayer();
  if (!upper.read(concatBytes([Uint8Array.of(0x45, 0x60), packet, tcp]), 2, packet.length)) return undefined;
  const { protocol, at, isFragment } = upper;
  return { protocol, at: at === -1 ? -1 : at - 2, isFragment };
}

describe('the protocol above IP', () => {
  const cases: readonly (readonly [string, readonly Uint8Array[], object | undefined])[] = [
    ['of IPv4', [ip4(5), tcp], { protocol: 6, at: 20, isFragment: false }],
    ['behind options', [ip4(15), tcp], { protocol: 6, at: 60, isFragment: false }],
    ['with Don’t Fragment', [ip4(5, 0x4000), tcp], { protocol: 6, at: 20, isFragment: false }],
    ['of a first fragment', [ip4(5, 0x2000), tcp], { protocol: 6, at: 20, isFragment: true }],
    ['of a later fragment', [ip4(5, 0x0001), tcp], { protocol: 6, at: -1, isFragment: true }],
    ['behind a header that is too short', [ip4(4), tcp], { protocol: 6, at: -1, isFragment: false }],
    ['behind a header that is cut off', [ip4(15).subarray(0, 20)], { protocol: 6, at: -1, isFragment: false }],
    ['of IPv6', [ip6(17), tcp], { protocol: 17, at: 40, isFragment: false }],
    [
      'behind Hop-by-Hop Options, Routing and Destination Options',
      [ip6(0), parseHex('2b00000000000000'), parseHex('3c01'), new Uint8Array(14), parseHex('0600000000000000'), tcp],
      { protocol: 6, at: 72, isFragment: false },
    ],
    [
      'behind an Authentication Header',
      [ip6(51), parseHex('0604'), new Uint8Array(22), tcp],
      { protocol: 6, at: 64, isFragment: false },
    ],
    [
      'of one that is no fragment',
      [ip6(44), parseHex('0600000000000000'), tcp],
      { protocol: 6, at: 48, isFragment: false },
    ],
    ['of the first of IPv6', [ip6(44), parseHex('0600000100000000'), tcp], { protocol: 6, at: 48, isFragment: true }],
    ['of a later one of IPv6', [ip6(44), parseHex('0600000900000000'), tcp], { protocol: 6, at: -1, isFragment: true }],
    ['of another version', [parseHex('50'), new Uint8Array(60)], undefined],
    ['of nothing', [], undefined],
    ['of less than a header of IPv4', [ip4(5).subarray(0, 19)], undefined],
    ['of less than a header of IPv6', [ip6(6).subarray(0, 39)], undefined],
  ];
  for (const [name, parts, expected] of cases)
    it(name, () => {
      assert.deepEqual(read(...parts), expected);
    });

  it('is sought in the packet alone, whatever that holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(0x45, 0x4f, 0x60), (packet, first) => {
        packet[0] = first;
        const behind = concatBytes([packet, new Uint8Array(300).fill(0xff)]);
        const [alone, amid] = [packet, behind].map((array) => {
          const upper = new UpperLayer();
          const isIp = upper.read(array, 0, packet.length);
          return { isIp, protocol: upper.protocol, at: upper.at, isFragment: upper.isFragment };
        });
        assert.deepEqual(amid, alone);
      }),
    );
  });
});
