/** Which class a packet belongs to, by its headers; whatever it is, nothing beyond it is read. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Classifier } from '../../src/queue/classifier.js';
import { usualQueue, type ClassName, type PacketMatch } from '../../src/queue/options.js';
import { ip4, ip6, TCP, UDP } from './packets.js';

const ssh: PacketMatch = { kind: 'ports', protocol: TCP, first: 22, last: 22 };
const voice: PacketMatch = { kind: 'ports', protocol: UDP, first: 16384, last: 16484 };
const rsync: PacketMatch = { kind: 'ports', protocol: TCP, first: 873, last: 873 };
const icmp: PacketMatch = { kind: 'protocol', protocol: 1 };
const ospf: PacketMatch = { kind: 'protocol', protocol: 89 };
const ef: PacketMatch = { kind: 'dscp', dscp: 46 };
const le: PacketMatch = { kind: 'dscp', dscp: 1 };

const classifier = new Classifier({
  ...usualQueue,
  interactive: { match: [ef, ssh, voice, icmp, ospf], share: 0.5 },
  bulk: { match: [le, rsync, { kind: 'protocol', protocol: 89 }], share: 0.1 },
});

function ports(from: number, to: number): { readonly ports: readonly [number, number] } {
  return { ports: [from, to] };
}
const traffic = (dscp: number): number => dscp << 2;
/** An extension header of one unit; the first octet is the next header's. */
const fragment = (offset: number, more: boolean): { type: number; octets: number[] } => ({
  type: 44,
  octets: [0, 0, offset >>> 5, ((offset & 0x1f) << 3) | Number(more), 0, 0, 0, 1],
});
const options = { type: 0, octets: [0, 0, 1, 4, 0, 0, 0, 0] };
const authentication = { type: 51, octets: [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] };

const cases: readonly (readonly [what: string, packet: Uint8Array, is: ClassName])[] = [
  ['to a port', ip4({ protocol: TCP, ...ports(40000, 22) }), 'interactive'],
  ['from a port', ip4({ protocol: TCP, ...ports(22, 40000) }), 'interactive'],
  ['to the port of another protocol', ip4({ protocol: UDP, ...ports(40000, 22) }), 'normal'],
  ['to the first of a range', ip4({ protocol: UDP, ...ports(1, 16384) }), 'interactive'],
  ['to the last of a range', ip4({ protocol: UDP, ...ports(1, 16484) }), 'interactive'],
  ['to one behind a range', ip4({ protocol: UDP, ...ports(1, 16485) }), 'normal'],
  ['to a port of bulk', ip4({ protocol: TCP, ...ports(40000, 873) }), 'bulk'],
  ['between a port of either class', ip4({ protocol: TCP, ...ports(873, 22) }), 'interactive'],
  ['behind options of IPv4', ip4({ protocol: TCP, options: 3, ...ports(1, 22) }), 'interactive'],
  ['by its protocol', ip4({ protocol: 1 }), 'interactive'],
  ['by a protocol that both classes name', ip4({ protocol: 89 }), 'interactive'],
  ['by its DSCP', ip4({ ecn: traffic(46) }), 'interactive'],
  ['by its DSCP, ECN aside', ip4({ ecn: traffic(46) | 3 }), 'interactive'],
  ['by its DSCP before its port', ip4({ ecn: traffic(1), protocol: TCP, ...ports(1, 22) }), 'bulk'],
  ['by its port where its DSCP says nothing', ip4({ ecn: traffic(10), protocol: TCP, ...ports(1, 22) }), 'interactive'],
  ['the first fragment', ip4({ protocol: TCP, fragment: 0x2000, ...ports(1, 22) }), 'interactive'],
  ['a later fragment', ip4({ protocol: TCP, fragment: 0x2001, ...ports(1, 22) }), 'normal'],
  ['a later fragment, by its protocol', ip4({ protocol: 1, fragment: 0x0001 }), 'interactive'],
  ['IPv6 to a port', ip6({ protocol: TCP, ...ports(1, 22) }), 'interactive'],
  ['IPv6 by its DSCP', ip6({ trafficClass: traffic(46) | 1 }), 'interactive'],
  ['IPv6 behind options', ip6({ protocol: TCP, extensions: [options], ...ports(1, 22) }), 'interactive'],
  ['IPv6 behind AH', ip6({ protocol: TCP, extensions: [authentication], ...ports(1, 22) }), 'interactive'],
  [
    'the first fragment of IPv6',
    ip6({ protocol: TCP, extensions: [fragment(0, true)], ...ports(1, 22) }),
    'interactive',
  ],
  ['a later fragment of IPv6', ip6({ protocol: TCP, extensions: [fragment(9, false)], ...ports(1, 22) }), 'normal'],
  ['nothing', new Uint8Array(0), 'normal'],
  ['another version', Uint8Array.of(0x50, ...new Uint8Array(60)), 'normal'],
  ['cut off before its ports', ip4({ protocol: TCP, ...ports(1, 22) }).subarray(0, 22), 'normal'],
];

describe('Classifier', () => {
  for (const [what, packet, is] of cases) {
    it(`finds a packet ${what} to be ${is}`, () => {
      assert.equal(classifier.classOf(packet, 0, packet.length), is);
    });
  }

  it('reads nothing outside of the packet', () => {
    const start = fc.constantFrom(
      ip4({}),
      ip4({ options: 10 }),
      ip6({}),
      ip6({ extensions: [options, fragment(0, true)] }),
    );
    fc.assert(
      fc.property(start, fc.array(fc.nat(255), { maxLength: 40 }), fc.nat(80), fc.nat(), (packet, patch, cut, at) => {
        const bytes = packet.slice(0, Math.max(0, packet.length - cut));
        for (const octet of patch) if (bytes.length > 0) bytes[at % bytes.length] = octet;
        // The same packet among others' octets, of two kinds: what is around it must not matter.
        const inside = (filler: number): string => {
          const buffer = new Uint8Array(bytes.length + 200).fill(filler);
          buffer.set(bytes, 100);
          return classifier.classOf(buffer, 100, bytes.length);
        };
        assert.equal(inside(0), inside(22));
        assert.equal(inside(0), inside(0xff));
      }),
      { numRuns: 2000 },
    );
  });
});
