/** netlink's events, decoded: those of a kernel, and whatever else. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { concatBytes, parseHex } from '../../src/base/bytes.js';
import { decodeEvents } from '../../src/net/events.js';

/** As `ip monitor` gets them on a little-endian machine, captured with strace; the attributes shortened. */
const captured = {
  // ip route del 10.2.0.0/16 dev tun0 proto 108: rtmsg, RTA_TABLE, RTA_DST.
  route: parseHex(
    '2c000000 19000000 01000000 d2040000  02100000 fe6cfd01 00000000  08000f00 fe000000  08000100 0a020000',
  ),
  // ip address del 10.0.0.1 dev tun0: ifaddrmsg, IFA_LOCAL.
  address: parseHex('20000000 15000000 01000000 d3040000  02208000 05000000  08000200 0a000001'),
  // ip link set tun0 down: ifinfomsg, IFLA_IFNAME.
  link: parseHex(
    '2c000000 10000000 00000000 00000000  0000feff 05000000 90100000 01000000  09000300 74756e30 00000000',
  ),
  // sysctl -w net.ipv4.conf.lan0.forwarding=0: netconfmsg, NETCONFA_IFINDEX, NETCONFA_FORWARDING.
  forwarding: parseHex('24000000 50000000 00000000 00000000  02000000  08000100 04000000  08000200 00000000'),
};
const events = {
  route: { kind: 'route', port: 1234, gone: true, protocol: 108, prefix: { address: 0x0a020000, length: 16 } },
  address: { kind: 'address', port: 1235 },
  link: { kind: 'link', port: 0, index: 5, name: 'tun0' },
  forwarding: { kind: 'switch', port: 0, index: 4 },
};
const everything = concatBytes(Object.values(captured));

describe('decodeEvents', () => {
  for (const kind of ['route', 'address', 'link', 'forwarding'] as const) {
    it(`tells a change of: ${kind}`, () => {
      assert.deepEqual(decodeEvents(captured[kind]), [events[kind]]);
    });
  }

  it('tells all events of a datagram', () => {
    assert.deepEqual(decodeEvents(everything), Object.values(events));
  });

  it('tells those of IPv6', () => {
    // ip -6 route add 2001:db8:2::/48 proto 108; ip -6 address add fe80::1 peer fe80::2; sysctl, force_forwarding=1.
    const route =
      '30000000 18000000 01000000 d4040000  0a300000 fe6c0001 00000000  14000100 20010db8 00020000 00000000 00000000';
    const address =
      '2c000000 14000000 01000000 d5040000  0a8080fd 05000000  14000200 fe800000 00000000 00000000 00000001';
    const nameless = '1c000000 50000000 00000000 00000000  0a000000  08000100 04000000';
    assert.deepEqual(decodeEvents(concatBytes([route, address, nameless].map(parseHex))), [
      { kind: 'route', port: 1236, gone: false, protocol: 108, prefix: { address: '2001:db8:2::', length: 48 } },
      { kind: 'address', port: 1237 },
      { kind: 'switch', port: 0, index: 4 },
    ]);
  });

  it('leaves out what is not of IP, or of no interest', () => {
    const other = captured.route.slice();
    other[16] = 28; // AF_MPLS
    const unknown = captured.route.slice();
    unknown[4] = 0x30; // RTM_NEWACTION
    assert.deepEqual(decodeEvents(concatBytes([other, unknown, captured.link])), [events.link]);
  });

  it('never throws, whatever the octets', () => {
    const changed = fc
      .tuple(
        fc.nat(everything.length),
        fc.array(fc.tuple(fc.nat(everything.length - 1), fc.nat(255)), { maxLength: 8 }),
      )
      .map(([length, changes]) => {
        const octets = everything.slice();
        for (const [at, value] of changes) octets[at] = value;
        return octets.subarray(0, length);
      });
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 300 })), (octets) => {
        assert.ok(Array.isArray(decodeEvents(octets)));
      }),
      { numRuns: 5000 },
    );
  });
});
