/** What counts as traffic: the rules of the firewall on single packets of both families, and packets in words. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseIp4 } from '../../src/base/ip.js';
import { parseAllowRule } from '../../src/net/nft/allow.js';
import { countsAsTraffic, describePacket, readPacket } from '../../src/schedule/traffic.js';

function rules(...texts: readonly string[]) {
  return texts.map((text) => {
    const parsed = parseAllowRule(text);
    assert.ok(parsed.ok, text);
    return parsed.rule;
  });
}

function octets4(text: string): number[] {
  const address = parseIp4(text);
  assert.ok(address !== undefined, text);
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff);
}

/** Behind the header: two ports, or an ICMP type and the rest of its word. */
function ip4(from: string, to: string, protocol: number, above: readonly number[], fragment = 0): Uint8Array {
  const head = [0x45, 0, 0, 20 + above.length, 0, 0, fragment >>> 8, fragment & 0xff, 64, protocol, 0, 0];
  return Uint8Array.from([...head, ...octets4(from), ...octets4(to), ...above]);
}

const ports = (from: number, to: number): number[] => [from >>> 8, from & 0xff, to >>> 8, to & 0xff];
const ssh = ip4('10.1.0.5', '10.2.0.9', 6, ports(49152, 22));
const sshAnswer = ip4('10.2.0.9', '10.1.0.5', 6, ports(22, 49152));
const ping = ip4('10.1.0.5', '10.2.0.9', 1, [8, 0, 0, 0]);
const unreachable = ip4('10.1.0.5', '10.2.0.9', 1, [3, 1, 0, 0]);
const laterFragment = ip4('10.1.0.5', '10.2.0.9', 17, ports(53, 53), 185);
const esp = ip4('10.1.0.5', '10.2.0.9', 50, []);
const multicast = ip4('10.1.0.5', '224.0.0.251', 17, ports(5353, 5353));

/** From 2001:db8::1 to 2001:db8::2. */
function ip6(next: number, above: readonly number[], to = 0x20): Uint8Array {
  const address = (last: number, first = 0x20): number[] => [first, 1, 0x0d, 0xb8, ...Array<number>(11).fill(0), last];
  return Uint8Array.from([0x60, 0, 0, 0, 0, above.length, next, 64, ...address(1), ...address(2, to), ...above]);
}
const tcp6 = ip6(6, ports(1024, 443));
const withOptions = ip6(0, [60, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, ...ports(1024, 443)]);
const fragment6 = ip6(44, [17, 0, 0, 8, 0, 0, 0, 1, ...ports(53, 53)]);
const solicitation = ip6(58, [133, 0, 0, 0], 0xff);

describe('what counts as traffic', () => {
  const cases: readonly (readonly [string, Uint8Array, { count?: string[]; ignore?: string[] }, boolean])[] = [
    ['all by default', ssh, {}, true],
    ['a service that is counted', ssh, { count: ['ssh'] }, true],
    ['its answers', sshAnswer, { count: ['ssh'] }, true],
    ['not another', ssh, { count: ['http', 'ntp'] }, false],
    ['what is not ignored', ssh, { ignore: ['ntp'] }, true],
    ['not what is ignored', ssh, { ignore: ['ssh'] }, false],
    ['not what is ignored, counted or not', ssh, { count: ['ssh'], ignore: ['everything from 10.1.0.0/16'] }, false],
    ['by the networks, in the direction of the rule', ssh, { count: ['ssh from 10.1.0.0/16 to 10.2.0.0/16'] }, true],
    ['answers by the networks turned round', sshAnswer, { count: ['ssh from 10.1.0.0/16 to 10.2.0.0/16'] }, true],
    ['not the other direction', ssh, { count: ['ssh from 10.2.0.0/16'] }, false],
    ['a range of ports', ssh, { count: ['tcp 20-22'] }, true],
    ['all of a protocol', ssh, { count: ['tcp'] }, true],
    ['not the other protocol', ssh, { count: ['udp 22'] }, false],
    ['a ping', ping, { count: ['ping'] }, true],
    ['no other ICMP as a ping', unreachable, { count: ['ping'] }, false],
    ['ICMP', unreachable, { count: ['icmp'] }, true],
    ['a later fragment by its protocol', laterFragment, { count: ['udp'] }, true],
    ['but not by ports that it does not have', laterFragment, { count: ['dns'] }, false],
    ['a protocol by its number', esp, { count: ['protocol 50'] }, true],
    ['no multicast', multicast, {}, false],
    ['no multicast, even if it is named', multicast, { count: ['udp'] }, false],
    ['IPv6', tcp6, { count: ['https'] }, true],
    ['IPv6 behind extension headers', withOptions, { count: ['https'] }, true],
    ['a later fragment of IPv6', fragment6, { count: ['dns'] }, false],
    ['no router solicitation', solicitation, {}, false],
    ['nothing that is no packet', Uint8Array.of(1, 2, 3), {}, false],
    ['nothing that is cut short', ssh.subarray(0, 19), {}, false],
  ];
  for (const [name, packet, { count = [], ignore = [] }, expected] of cases) {
    it(name, () => {
      const read = readPacket(packet, 0, packet.length);
      assert.equal(countsAsTraffic({ count: rules(...count), ignore: rules(...ignore) }, read), expected);
    });
  }

  for (const [packet, words] of [
    [ssh, 'tcp 10.1.0.5:49152 → 10.2.0.9:22'],
    [ping, 'ping 10.1.0.5 → 10.2.0.9'],
    [unreachable, 'icmp 10.1.0.5 → 10.2.0.9'],
    [laterFragment, 'udp 10.1.0.5 → 10.2.0.9'],
    [esp, 'protocol 50 10.1.0.5 → 10.2.0.9'],
    [withOptions, 'tcp [2001:db8::1]:1024 → [2001:db8::2]:443'],
  ] as const) {
    it(`is called ${words}`, () => {
      const read = readPacket(packet, 0, packet.length);
      assert.equal(read && describePacket(read), words);
    });
  }

  it('is read wherever it lies in a buffer, and garbage harms nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(20), (octets, start) => {
        const buffer = new Uint8Array(start + octets.length + 4).fill(0x45);
        buffer.set(octets, start);
        const read = readPacket(buffer, start, octets.length);
        assert.deepEqual(read, readPacket(octets, 0, octets.length));
        if (read !== undefined) assert.doesNotMatch(describePacket(read), /undefined|NaN/);
      }),
    );
  });
});
