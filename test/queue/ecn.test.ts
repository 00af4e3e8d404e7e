/** ECN marks, with the header checksums that they need. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { markCongestion } from '../../src/queue/ecn.js';
import { CE, ECT_0, ECT_1, NOT_ECT, internetChecksum, ip4, ip6 } from './packets.js';

describe('markCongestion', () => {
  for (const { ecn, marked } of [
    { ecn: NOT_ECT, marked: false },
    { ecn: ECT_0, marked: true },
    { ecn: ECT_1, marked: true },
    { ecn: CE, marked: true },
  ]) {
    it(`${marked ? 'marks' : 'leaves alone'} an IPv4 packet with ECN ${ecn}, and keeps its checksum right`, () => {
      fc.assert(
        fc.property(fc.nat(0xffff), fc.nat(0x3f), fc.nat(10), (identification, dscp, options) => {
          const packet = ip4({ identification, ecn: (dscp << 2) | ecn, options });
          const before = packet.slice();
          assert.equal(markCongestion(packet, 0, packet.length), marked);
          assert.equal(packet[1], (dscp << 2) | (marked ? CE : ecn));
          assert.equal(internetChecksum(packet.subarray(0, 20 + 4 * options)), 0);
          before[1] = packet[1]!;
          before.set(packet.subarray(10, 12), 10);
          assert.deepEqual(packet, before);
        }),
      );
    });

    it(`${marked ? 'marks' : 'leaves alone'} an IPv6 packet with ECN ${ecn}`, () => {
      for (const dscp of [0, 0x2e, 0x3f]) {
        const packet = ip6({ trafficClass: (dscp << 2) | ecn });
        assert.equal(markCongestion(packet, 0, packet.length), marked);
        assert.deepEqual(packet, ip6({ trafficClass: (dscp << 2) | (marked ? CE : ecn) }));
      }
    });
  }

  it('keeps every checksum right, those around 0 included (RFC 1624)', () => {
    for (const ecn of [ECT_0, ECT_1]) {
      for (let identification = 0; identification <= 0xffff; identification++) {
        const packet = ip4({ identification, ecn, length: 24 });
        markCongestion(packet, 0, packet.length);
        if (internetChecksum(packet.subarray(0, 20)) !== 0) assert.fail(`wrong with ${identification}, ECN ${ecn}`);
      }
    }
  });

  it('touches only the packet, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(9), fc.nat(0xff), (packet, at, first) => {
        if (packet.length > 0) packet[0] = first;
        const padded = new Uint8Array(at + packet.length + 9).fill(0xff);
        padded.set(packet, at);
        const marked = markCongestion(padded, at, packet.length);
        assert.equal(marked, markCongestion(packet, 0, packet.length));
        assert.deepEqual(padded.subarray(at, at + packet.length), packet);
        assert.ok(padded.subarray(0, at).every((octet) => octet === 0xff));
        assert.ok(padded.subarray(at + packet.length).every((octet) => octet === 0xff));
      }),
    );
  });
});
