/** The frame encoder: vectors, the escapes that each setting asks for, and what a caller may not do. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatHex, parseHex } from '../../src/base/bytes.js';
import { FrameEncoder, canEscape, maxFrameLength } from '../../src/framing/encoder.js';
import { naiveEncode } from '../support/naive-hdlc.js';
import { field, readRecords } from '../support/vectors.js';
import { anyFraming, anyPacket, anyProtocol, encodeFrame } from './arbitraries.js';
import { bothCodecs, within } from './codecs.js';

for (const { name, codec } of bothCodecs) {
  describe(`FrameEncoder (${name})`, () => {
    for (const vector of readRecords('hdlc-frames.txt')) {
      it(`writes ${field(vector, 'name')}`, () => {
        const encoder = new FrameEncoder({ codec });
        encoder.setFraming(Number.parseInt(field(vector, 'accm'), 16), false, false);
        const frame = encodeFrame(
          encoder,
          Number.parseInt(field(vector, 'protocol'), 16),
          parseHex(field(vector, 'packet')),
          codec,
        );
        assert.equal(formatHex(frame), formatHex(parseHex(field(vector, 'wire'))));
      });
    }

    // Each row: what is negotiated, what is sent, what must be on the line in front of the FCS.
    const headers = [
      { pfc: false, acfc: false, protocol: 0x0021, wire: '7e ff 03 00 21' },
      { pfc: true, acfc: false, protocol: 0x0021, wire: '7e ff 03 21' },
      { pfc: false, acfc: true, protocol: 0x0021, wire: '7e 00 21' },
      { pfc: true, acfc: true, protocol: 0x0021, wire: '7e 21' },
      { pfc: true, acfc: true, protocol: 0x8021, wire: '7e 80 21' },
      { pfc: true, acfc: true, protocol: 0xc021, wire: '7e ff 7d 23 c0 21' },
    ];
    for (const { pfc, acfc, protocol, wire } of headers) {
      it(`begins a frame of ${protocol.toString(16)} with ${wire} (PFC ${String(pfc)}, ACFC ${String(acfc)})`, () => {
        const encoder = new FrameEncoder({ codec });
        encoder.setFraming(0, pfc, acfc);
        const frame = encodeFrame(encoder, protocol, Uint8Array.of(0x45), codec);
        assert.equal(formatHex(frame.subarray(0, parseHex(wire).length + 1)), `${wire} 45`);
      });
    }

    it('shares the flag of the frame before when told to', () => {
      const encoder = new FrameEncoder({ codec });
      const packet = Uint8Array.of(1, 2, 3);
      const out = codec.octets(2 * maxFrameLength(3));
      const first = encoder.encode(0x21, packet, 0, 3, out, 0);
      const second = encoder.encode(0x21, packet, 0, 3, out, first, false);
      const whole = encodeFrame(encoder, 0x21, packet, codec);
      assert.equal(formatHex(out.subarray(0, second)), formatHex(Uint8Array.of(...whole, ...whole.subarray(1))));
    });

    it('escapes the extra characters in every frame, LCP included', () => {
      const encoder = new FrameEncoder({ codec, escape: [0x11, 0x91, 0xff] });
      encoder.setFraming(0, false, false);
      const packet = Uint8Array.of(0x11, 0x12, 0x91);
      assert.match(formatHex(encodeFrame(encoder, 0x0021, packet, codec)), /^7e 7d df 03 00 21 7d 31 12 7d b1 /);
      assert.match(formatHex(encodeFrame(encoder, 0xc021, packet, codec)), /^7e 7d df 7d 23 c0 21 7d 31 7d 32 7d b1 /);
    });

    it('reaches the worst-case length, and never goes beyond it', () => {
      // All of header and packet is escaped; of these packets, some have an FCS that is escaped as well.
      const encoder = new FrameEncoder({ codec, escape: [0xff] });
      const lengths = new Set<number>();
      for (let i = 0; i < 32 * 32; i++) {
        const frame = encodeFrame(encoder, 0x1e1f, Uint8Array.of(0x7e, i >>> 5, i & 31), codec);
        lengths.add(frame.length);
        assert.ok(frame.length <= maxFrameLength(3));
      }
      assert.ok(lengths.has(maxFrameLength(3)), 'no packet reached the worst case');
    });

    it('writes nothing outside its frame', () => {
      fc.assert(
        fc.property(anyPacket, fc.nat(20), fc.boolean(), (packet, at, openFlag) => {
          const out = codec.octets(at + maxFrameLength(packet.length) + 5).fill(0xa5);
          const end = new FrameEncoder({ codec }).encode(0x21, packet, 0, packet.length, out, at, openFlag);
          assert.ok(out.subarray(0, at).every((octet) => octet === 0xa5));
          assert.ok(out.subarray(end).every((octet) => octet === 0xa5));
          assert.equal(out[end - 1], 0x7e);
        }),
      );
    });

    it('writes what the naive encoder writes', () => {
      fc.assert(
        fc.property(anyProtocol, anyPacket, anyFraming, fc.nat(9), (protocol, packet, framing, from) => {
          const encoder = new FrameEncoder({ codec, escape: framing.escape });
          encoder.setFraming(framing.accm, framing.pfc, framing.acfc);
          const padded = within(codec, Uint8Array.of(...new Uint8Array(from).fill(0x55), ...packet, 0x55));
          const out = codec.octets(maxFrameLength(packet.length));
          const end = encoder.encode(protocol, padded, from, from + packet.length, out, 0);
          const expected = naiveEncode(protocol, [...packet], framing);
          assert.equal(formatHex(out.subarray(0, end)), formatHex(Uint8Array.from(expected)));
        }),
      );
    });

    it('sends flags only as flags, and no control character of the ACCM unescaped', () => {
      fc.assert(
        fc.property(anyProtocol, anyPacket, anyFraming, (protocol, packet, { accm, pfc, acfc, escape }) => {
          const encoder = new FrameEncoder({ codec, escape });
          encoder.setFraming(accm, pfc, acfc);
          const frame = encodeFrame(encoder, protocol, packet, codec);
          assert.equal(frame[0], 0x7e);
          assert.equal(frame.at(-1), 0x7e);
          const used = protocol === 0xc021 ? 0xffffffff : accm;
          const content = frame.subarray(1, -1);
          assert.ok(!content.includes(0x7e));
          for (let i = 0; i < content.length; i++) {
            const octet = content[i]!;
            if (octet === 0x7d) {
              i++; // an escape sequence: the octet behind it is fine, whatever it is
            } else {
              assert.ok(octet >= 0x20 || ((used >>> octet) & 1) === 0, `control character ${octet}`);
              assert.ok(!escape.includes(octet), `extra character ${octet}`);
            }
          }
        }),
      );
    });

    it("refuses a caller's mistake", () => {
      const encoder = new FrameEncoder({ codec });
      const packet = new Uint8Array(10);
      const fits = new Uint8Array(maxFrameLength(10));
      assert.equal(maxFrameLength(10), 34);
      assert.doesNotThrow(() => encoder.encode(0x21, packet, 0, 10, fits, 0));
      assert.throws(() => encoder.encode(0x21, packet, 0, 10, fits.subarray(1), 0), RangeError);
      assert.throws(() => encoder.encode(0x21, packet, 0, 10, fits, 1), RangeError);
      assert.throws(() => encoder.encode(0x21, packet, 0, 11, new Uint8Array(100), 0), RangeError);
      assert.throws(() => encoder.encode(0x21, packet, 5, 4, new Uint8Array(100), 0), RangeError);
      assert.throws(() => encoder.encode(0x21, packet, -1, 4, new Uint8Array(100), 0), RangeError);
    });

    it('refuses to escape what cannot be escaped', () => {
      for (const octet of [0x20, 0x3f, 0x5e, -1, 256, 1.5, Number.NaN]) {
        assert.equal(canEscape(octet), false, `${octet}`);
        assert.throws(() => new FrameEncoder({ codec, escape: [octet] }), RangeError, `${octet}`);
      }
      for (const octet of [0, 0x1f, 0x40, 0x5d, 0x5f, 0x7e, 0x91, 0xff])
        assert.equal(canEscape(octet), true, `${octet}`);
    });
  });
}
