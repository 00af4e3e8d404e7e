/** The flow hash: what belongs to one flow, and headers that are cut off or forged. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { flowHash } from '../../src/queue/flow-hash.js';
import { TCP, UDP, ip4, ip6 } from './packets.js';

const hashOf = (packet: Uint8Array, perturbation = 0): number => flowHash(packet, 0, packet.length, perturbation);

const hopByHop = { type: 0, octets: [0, 0, 1, 4, 0, 0, 0, 0] };
const longOptions = { type: 60, octets: [0, 1, ...new Array<number>(14).fill(1)] };
const authentication = { type: 51, octets: [0, 1, ...new Array<number>(10).fill(9)] };
const fragment = (offsetAndMore: number): { type: number; octets: number[] } => ({
  type: 44,
  octets: [0, 0, offsetAndMore >>> 8, offsetAndMore & 0xff, 1, 2, 3, 4],
});

describe('flowHash', () => {
  const base4 = ip4({});
  const base6 = ip6({});

  // Each row: two packets, and whether they are of one flow.
  const pairs: { name: string; a: Uint8Array; b: Uint8Array; same: boolean }[] = [
    {
      name: 'the same header, other content',
      a: base4,
      b: ip4({ length: 900, identification: 7, ecn: 3 }),
      same: true,
    },
    { name: 'another source', a: base4, b: ip4({ source: 0x0a010002 }), same: false },
    { name: 'another destination', a: base4, b: ip4({ destination: 0x0a020002 }), same: false },
    { name: 'another protocol', a: base4, b: ip4({ protocol: TCP }), same: false },
    { name: 'another source port', a: base4, b: ip4({ ports: [1001, 2000] }), same: false },
    { name: 'another destination port', a: base4, b: ip4({ ports: [1000, 2001] }), same: false },
    { name: 'the way back', a: base4, b: ip4({ source: 0x0a020001, destination: 0x0a010001 }), same: false },
    { name: 'ports behind options', a: ip4({ options: 5 }), b: ip4({}), same: true },
    { name: 'other ports behind options', a: ip4({ options: 5 }), b: ip4({ options: 5, ports: [1, 2] }), same: false },
    {
      name: 'the first and a later fragment',
      a: ip4({ fragment: 0x2000 }),
      b: ip4({ fragment: 0x00b9, ports: [7, 8] }),
      same: true,
    },
    { name: "Don't Fragment", a: base4, b: ip4({ fragment: 0x4000 }), same: true },
    { name: 'ICMP has no ports', a: ip4({ protocol: 1 }), b: ip4({ protocol: 1, ports: [5, 6] }), same: true },
    { name: 'an IPv6 packet, other content', a: base6, b: ip6({ trafficClass: 0xff }), same: true },
    { name: 'another IPv6 source', a: base6, b: ip6({ source: 2 }), same: false },
    { name: 'another IPv6 port', a: base6, b: ip6({ ports: [1000, 2001] }), same: false },
    {
      name: 'another port behind extension headers',
      a: ip6({ extensions: [hopByHop, longOptions, authentication] }),
      b: ip6({ extensions: [hopByHop, longOptions, authentication], ports: [1, 2] }),
      same: false,
    },
    { name: 'the same port behind extension headers', a: base6, b: ip6({ extensions: [hopByHop] }), same: true },
    {
      name: 'IPv6 fragments',
      a: ip6({ extensions: [fragment(0x0001)] }),
      b: ip6({ extensions: [fragment(0x00b8)], ports: [7, 8] }),
      same: true,
    },
    {
      name: 'whole packets with a fragment header',
      a: ip6({ extensions: [fragment(0)] }),
      b: ip6({ extensions: [fragment(0)], ports: [7, 8] }),
      same: false,
    },
    { name: 'no IP at all', a: Uint8Array.of(0x10, 1, 2), b: Uint8Array.of(0xff), same: true },
    { name: 'nothing', a: new Uint8Array(0), b: Uint8Array.of(0x45), same: true },
  ];
  for (const { name, a, b, same } of pairs) {
    it(`${same ? 'does not tell apart' : 'tells apart'}: ${name}`, () => {
      assert.equal(hashOf(a) === hashOf(b), same);
    });
  }

  it('reads only the packet, wherever it is', () => {
    fc.assert(
      fc.property(
        anyPacket(),
        fc.nat(30),
        fc.nat(30),
        fc.nat(255),
        fc.integer(),
        (packet, before, after, fill, seed) => {
          const padded = new Uint8Array(before + packet.length + after).fill(fill);
          padded.set(packet, before);
          const hash = flowHash(padded, before, packet.length, seed);
          assert.equal(hash, flowHash(packet, 0, packet.length, seed));
          assert.ok(Number.isInteger(hash) && hash >= 0 && hash <= 0xffffffff);
        },
      ),
    );
  });

  it('spreads flows over the buckets, differently for each perturbation', () => {
    const buckets = (perturbation: number): number[] =>
      Array.from({ length: 256 }, (_, i) => hashOf(ip4({ ports: [1000 + i, 80], protocol: TCP }), perturbation) % 256);
    const [a, b] = [buckets(1), buckets(2)];
    // 256 balls in 256 bins: about 162 bins are hit. Fixed inputs, so this can't fail by chance.
    assert.ok(new Set(a).size > 140, `${new Set(a).size} buckets of 256`);
    assert.ok(a.filter((bucket, i) => bucket === b[i]).length < 16);
  });
});

/** Packets with their end cut off or some octets overwritten, and garbage. */
function anyPacket(): fc.Arbitrary<Uint8Array> {
  const whole = fc.constantFrom(
    ip4({}),
    ip4({ options: 10 }),
    ip4({ protocol: UDP, fragment: 0x2001 }),
    ip6({}),
    ip6({ extensions: [hopByHop, longOptions, authentication, fragment(0)] }),
  );
  const broken = fc
    .tuple(whole, fc.nat(120), fc.array(fc.tuple(fc.nat(119), fc.nat(255)), { maxLength: 4 }))
    .map(([packet, length, changes]) => {
      const copy = packet.slice(0, length);
      for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
      return copy;
    });
  return fc.oneof(broken, fc.uint8Array({ maxLength: 80 }));
}
