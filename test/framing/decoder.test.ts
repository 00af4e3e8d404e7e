/** The frame decoder: vectors, any chunking, every kind of garbage, and what it counts. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { concatBytes, parseHex } from '../../src/base/bytes.js';
import { type DecoderCounters, FrameDecoder } from '../../src/framing/decoder.js';
import { FrameEncoder } from '../../src/framing/encoder.js';
import { fcs16 } from '../../src/framing/fcs.js';
import { type NaiveFrame, naiveDecode } from '../support/naive-hdlc.js';
import { field, readRecords } from '../support/vectors.js';
import {
  type DecodedFrame,
  anyAccm,
  anyChunking,
  anyFraming,
  anyOctet,
  anyPacket,
  anyProtocol,
  decodeAll as decodeFrom,
  encodeFrame,
} from './arbitraries.js';
import { bothCodecs, within } from './codecs.js';

const maxFrame = 120;

/** The content with its FCS behind it, escaped as little as possible, with both flags. */
function frameOf(content: Uint8Array): Uint8Array {
  const fcs = fcs16(content, 0, content.length) ^ 0xffff;
  const stuffed = [...content, fcs & 0xff, fcs >>> 8].flatMap((octet) =>
    octet === 0x7e || octet === 0x7d ? [0x7d, octet ^ 0x20] : [octet],
  );
  return Uint8Array.of(0x7e, ...stuffed, 0x7e);
}

const good = frameOf(parseHex('ff 03 00 21 45'));
const goodFrame: DecodedFrame = { protocol: 0x21, packet: [0x45] };

/** The counters that tell of errors, and only those that are not 0. */
function errorsOf({ fcs, runt, overrun, abort, badHeader }: Readonly<DecoderCounters>): Record<string, number> {
  return Object.fromEntries(
    Object.entries({ fcs, runt, overrun, abort, badHeader }).filter(([, count]) => count !== 0),
  );
}

const ascii = (octets: Uint8Array): string => String.fromCharCode(...octets);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

for (const { name, codec } of bothCodecs) {
  const makeDecoder = (accm = 0): FrameDecoder => {
    const decoder = new FrameDecoder({ codec, maxFrame });
    decoder.setAccm(accm);
    return decoder;
  };
  const decodeAll = (decoder: FrameDecoder, line: Uint8Array, chunking?: readonly number[]): DecodedFrame[] =>
    decodeFrom(decoder, within(codec, line), chunking);
  const encode = (encoder: FrameEncoder, protocol: number, packet: Uint8Array): Uint8Array =>
    encodeFrame(encoder, protocol, packet, codec);

  describe(`FrameDecoder (${name})`, () => {
    for (const vector of readRecords('hdlc-frames.txt')) {
      it(`reads ${field(vector, 'name')}`, () => {
        const decoder = makeDecoder(Number.parseInt(field(vector, 'accm'), 16));
        assert.deepEqual(decodeAll(decoder, parseHex(field(vector, 'wire'))), [
          { protocol: Number.parseInt(field(vector, 'protocol'), 16), packet: [...parseHex(field(vector, 'packet'))] },
        ]);
        assert.deepEqual(errorsOf(decoder.counters), {});
      });
    }

    // Contents between the flags, FCS not shown, and what is read from each; undefined is a bad header.
    const headers: { content: string; frame: DecodedFrame | undefined }[] = [
      { content: 'ff 03 00 21 45', frame: goodFrame },
      { content: 'ff 03 21 45', frame: goodFrame },
      { content: '00 21 45', frame: goodFrame },
      { content: '21 45', frame: goodFrame },
      { content: 'ff 03 c0 21', frame: { protocol: 0xc021, packet: [] } },
      { content: 'c0 21', frame: { protocol: 0xc021, packet: [] } },
      { content: 'ff 03 21', frame: { protocol: 0x21, packet: [] } },
      { content: '03 45', frame: { protocol: 0x03, packet: [0x45] } },
      { content: 'c0 22 01', frame: { protocol: 0xc022, packet: [1] } },
      { content: 'ff 03', frame: undefined },
      { content: 'ff 03 c0', frame: undefined },
      { content: 'ff 01 c0 21 01', frame: undefined },
      { content: 'ff 03 ff 03 00 21', frame: undefined },
      { content: '00 ff 03 45', frame: undefined },
    ];
    for (const { content, frame } of headers) {
      it(`takes a frame of ${content} for ${frame === undefined ? 'a bad header' : frame.protocol.toString(16)}`, () => {
        const decoder = makeDecoder();
        assert.deepEqual(decodeAll(decoder, frameOf(parseHex(content))), frame === undefined ? [] : [frame]);
        assert.deepEqual(errorsOf(decoder.counters), frame === undefined ? { badHeader: 1 } : {});
      });
    }

    // Each row: octets of the line, then a good frame; what is counted. The good frame must always come through.
    const errors: { name: string; line: Uint8Array; accm?: number; counted: Record<string, number> }[] = [
      { name: 'nothing', line: parseHex(''), counted: {} },
      { name: 'flags only', line: parseHex('7e 7e 7e 7e'), counted: {} },
      { name: 'a wrong FCS', line: parseHex('7e ff 03 00 21 45 00 00 7e'), counted: { fcs: 1 } },
      { name: 'one octet', line: parseHex('7e 45 7e'), counted: { runt: 1 } },
      { name: 'three octets', line: parseHex('7e 21 da ff 7e'), counted: { runt: 1 } },
      { name: 'an abort', line: parseHex('7e ff 03 00 21 7d 7e'), counted: { abort: 1 } },
      { name: 'an abort of nothing', line: parseHex('7e 7d 7e'), counted: { abort: 1 } },
      {
        name: 'an abort behind a dropped octet',
        line: parseHex('7e 45 7d 11 7e'),
        accm: 0xffffffff,
        counted: { abort: 1 },
      },
      { name: 'noise before the first flag', line: text('login: '), counted: { fcs: 1 } },
      { name: 'the longest frame and one octet', line: frameOf(new Uint8Array(121)), counted: { overrun: 1 } },
      { name: 'an endless frame', line: new Uint8Array(5000).fill(0x55), counted: { overrun: 1 } },
      { name: 'Control Escapes, each escaping the next', line: new Uint8Array(200).fill(0x7d), counted: { fcs: 1 } },
      { name: 'control characters between flags', line: parseHex('7e 11 13 7e'), accm: 0xffffffff, counted: {} },
    ];
    for (const { name, line, accm, counted } of errors) {
      it(`counts ${name}, and recovers`, () => {
        const decoder = makeDecoder(accm ?? 0);
        const lcp = encode(new FrameEncoder({ codec }), 0xc021, Uint8Array.of(9, 1, 0, 8, 0, 0, 0, 0));
        assert.deepEqual(decodeAll(decoder, concatBytes([line, lcp])), [
          { protocol: 0xc021, packet: [9, 1, 0, 8, 0, 0, 0, 0] },
        ]);
        assert.deepEqual(errorsOf(decoder.counters), counted);
      });
    }

    it('takes the longest frame', () => {
      const content = concatBytes([parseHex('ff 03 00 21'), new Uint8Array(maxFrame - 4)]);
      const decoder = makeDecoder();
      assert.equal(decodeAll(decoder, frameOf(content))[0]?.packet.length, maxFrame - 4);
      assert.deepEqual(errorsOf(decoder.counters), {});
    });

    it('counts an overrun when it happens, not when the frame ends', () => {
      const decoder = makeDecoder();
      decodeAll(decoder, new Uint8Array(1000).fill(0x55), [100]);
      assert.deepEqual(errorsOf(decoder.counters), { overrun: 1 });
      assert.equal(decoder.counters.flags, 0);
    });

    it('reads frames that share a flag, and frames with flags to spare', () => {
      const line = concatBytes([good, good.subarray(1), parseHex('7e 7e'), good]);
      const decoder = makeDecoder();
      assert.deepEqual(decodeAll(decoder, line), [goodFrame, goodFrame, goodFrame]);
      assert.deepEqual(errorsOf(decoder.counters), {});
    });

    it('drops control characters of its ACCM wherever the line inserts them, and only those', () => {
      const wire = [...parseHex('7e ff 7d 23 7d 20 21 7d 31 45')];
      const fcs = fcs16(parseHex('ff 03 00 21 11 45'), 0, 6) ^ 0xffff;
      const whole = [...wire, fcs & 0xff, fcs >>> 8, 0x7e];
      const noisy = Uint8Array.from(whole.flatMap((octet) => [0x13, octet, 0x11, 0x13]));
      const frame = { protocol: 0x21, packet: [0x11, 0x45] };
      assert.deepEqual(decodeAll(makeDecoder(0x000a0000), noisy), [frame]);
      const deaf = makeDecoder(0x00020000); // 11 only: each 13 is data
      assert.deepEqual(decodeAll(deaf, noisy), []);
      assert.equal(deaf.counters.fcs, 1);
    });

    it('drops all control characters until it is told otherwise (RFC 1662 §7.1)', () => {
      const noisy = Uint8Array.from(
        [...encode(new FrameEncoder({ codec }), 0x21, text('abc'))].flatMap((o) => [o, 0x0d]),
      );
      const decoder = new FrameDecoder({ codec, maxFrame });
      assert.deepEqual(decodeAll(decoder, noisy), [{ protocol: 0x21, packet: [0x61, 0x62, 0x63] }]);
    });

    it('uses a new ACCM for the very next frame of the same piece', () => {
      const line = concatBytes([
        encode(new FrameEncoder({ codec }), 0xc021, text('ack')),
        frameOf(parseHex('00 21 01 02')),
      ]);
      const decoder = new FrameDecoder({ codec, maxFrame });
      decoder.push(line, 0, line.length);
      assert.ok(decoder.next());
      assert.equal(decoder.protocol, 0xc021);
      decoder.setAccm(0);
      assert.ok(decoder.next());
      assert.equal(decoder.protocol, 0x21);
      assert.deepEqual([...decoder.buffer.subarray(decoder.start, decoder.end)], [1, 2]);
      assert.equal(decoder.next(), false);
    });

    it('counts octets, octets with bit 7 set, flags and good frames', () => {
      const decoder = makeDecoder();
      decodeAll(decoder, concatBytes([text('ab'), good, Uint8Array.of(0x80, 0xff)]), [3]);
      const high = good.filter((octet) => octet >= 0x80).length;
      assert.equal(decoder.counters.octets, good.length + 4);
      assert.equal(decoder.counters.octetsHigh, high + 2);
      assert.equal(decoder.counters.flags, 2);
      assert.equal(decoder.counters.frames, 1);
      assert.equal(decoder.counters.goodOctets, good.length - 1, 'unescaped, with its FCS and one flag');
    });

    describe('the sample', () => {
      it('shows what came instead of frames, as it came', () => {
        const decoder = new FrameDecoder({ codec, maxFrame });
        const lcp = encode(new FrameEncoder({ codec }), 0xc021, text('ok'));
        decodeAll(decoder, concatBytes([text('\r\nDebian 12 ttyS0\r\n\r\nbranch login: '), lcp, text('}!')]), [5]);
        assert.equal(ascii(decoder.sample), '\r\nDebian 12 ttyS0\r\n\r\nbranch login: }!');
      });

      it('leaves out good frames, flags and nothing else', () => {
        const decoder = makeDecoder();
        decodeAll(decoder, concatBytes([good, text('a'), good, text('bc~~d~'), good.subarray(1), good]), [4]);
        assert.equal(ascii(decoder.sample), 'abcd');
      });

      it('holds the first 64 octets', () => {
        const noise = text('0123456789abcdef'.repeat(20));
        for (const chunk of [1, 7, 64, 1000]) {
          const decoder = makeDecoder();
          decodeAll(decoder, noise, [chunk]);
          assert.equal(ascii(decoder.sample), '0123456789abcdef'.repeat(4));
        }
      });

      it('begins anew when it is reset', () => {
        const decoder = makeDecoder();
        decodeAll(decoder, text('before~be'));
        decoder.resetSample();
        decodeAll(decoder, text('after~'));
        assert.equal(ascii(decoder.sample), 'after');
      });

      it('is the same for any chunking', () => {
        fc.assert(
          fc.property(fc.array(anyOctet, { maxLength: 150 }), anyChunking, (octets, chunking) => {
            const stream = Uint8Array.from(octets);
            const whole = makeDecoder();
            const pieces = makeDecoder();
            decodeAll(whole, stream);
            decodeAll(pieces, stream, chunking);
            assert.deepEqual(pieces.sample, whole.sample);
            assert.deepEqual(pieces.counters, whole.counters);
          }),
        );
      });
    });

    it("refuses a caller's mistake", () => {
      const decoder = makeDecoder();
      assert.equal(decoder.next(), false);
      decoder.push(good, 0, good.length);
      assert.throws(() => {
        decoder.push(good, 0, good.length);
      }, /not drained/);
      assert.ok(decoder.next());
      assert.throws(() => {
        decoder.push(good, 0, good.length);
      }, /not drained/);
      assert.equal(decoder.next(), false);
      for (const [from, to] of [
        [-1, 2],
        [3, 2],
        [0, good.length + 1],
      ] as const) {
        assert.throws(() => {
          decoder.push(good, from, to);
        }, RangeError);
      }
      for (const wrong of [3, 1.5, Number.NaN])
        assert.throws(() => new FrameDecoder({ codec, maxFrame: wrong }), RangeError);
    });
  });

  describe(`encoder and decoder (${name})`, () => {
    it('give back any packets, whatever the framing and the chunking', () => {
      const anyFrames = fc.array(fc.tuple(anyProtocol, anyPacket, anyFraming, fc.boolean()), { maxLength: 6 });
      fc.assert(
        fc.property(anyFrames, anyChunking, (frames, chunking) => {
          const parts: Uint8Array[] = [];
          for (const [protocol, packet, { accm, pfc, acfc, escape }, openFlag] of frames) {
            const encoder = new FrameEncoder({ codec, escape });
            encoder.setFraming(accm, pfc, acfc);
            const frame = encode(encoder, protocol, packet);
            parts.push(openFlag || parts.length === 0 ? frame : frame.subarray(1));
          }
          // What each sender escapes differs, so the receiver may drop nothing.
          const decoder = makeDecoder(0);
          const expected = frames
            .filter(([protocol, packet, { pfc, acfc }]) => contentLength(protocol, packet, pfc, acfc) >= 2)
            .map(([protocol, packet]) => ({ protocol, packet: [...packet] }));
          assert.deepEqual(decodeAll(decoder, concatBytes(parts), chunking), expected);
          assert.equal(decoder.counters.frames, expected.length);
        }),
      );
    });

    it('agree with an ACCM although the line inserts its characters', () => {
      fc.assert(
        fc.property(
          anyProtocol,
          anyPacket,
          fc.array(fc.nat(31), { maxLength: 20 }),
          anyAccm,
          (protocol, packet, noise, map) => {
            const accm = noise.reduce((value, control) => (value | (1 << control)) >>> 0, map);
            const encoder = new FrameEncoder({ codec });
            encoder.setFraming(accm, false, false);
            const wire = [...encode(encoder, protocol, packet)];
            noise.forEach((control, i) => wire.splice((i * 7) % wire.length, 0, control));
            assert.deepEqual(decodeAll(makeDecoder(accm), Uint8Array.from(wire)), [{ protocol, packet: [...packet] }]);
          },
        ),
      );
    });
  });

  describe(`FrameDecoder on any input (${name})`, () => {
    it('reads and counts what the naive decoder does', () => {
      fc.assert(
        fc.property(anyLine(), anyAccm, anyChunking, (line, accm, chunking) => {
          const decoder = makeDecoder(accm);
          const ended = Uint8Array.of(...line, 0x7e);
          assertAgrees(decoder, decodeAll(decoder, ended, chunking), naiveDecode([...ended], accm, maxFrame));
        }),
        { numRuns: 1000 },
      );
    });

    it('takes a frame with one octet changed only if its FCS holds', () => {
      fc.assert(
        fc.property(
          anyPacket,
          fc.nat(),
          fc.integer({ min: 1, max: 255 }),
          anyChunking,
          (packet, where, change, chunking) => {
            const wire = encode(new FrameEncoder({ codec }), 0x0021, packet);
            wire[where % wire.length]! ^= change;
            const decoder = new FrameDecoder({ codec, maxFrame });
            const frames = decodeAll(decoder, wire, chunking);
            const expected = naiveDecode([...wire], 0xffffffff, maxFrame).filter((frame) => frame.kind === 'good');
            assert.deepEqual(
              frames,
              expected.map(({ protocol, packet: content }) => ({ protocol, packet: content })),
            );
          },
        ),
        { numRuns: 500 },
      );
    });

    it('receives the next good frame after any garbage and a flag', () => {
      fc.assert(
        fc.property(anyLine(), anyAccm, anyChunking, (garbage, accm, chunking) => {
          const decoder = makeDecoder(accm);
          const lcp = encode(new FrameEncoder({ codec }), 0xc021, text('good'));
          const frames = decodeAll(decoder, concatBytes([garbage, lcp]), chunking);
          assert.deepEqual(frames.at(-1), { protocol: 0xc021, packet: [...text('good')] });
        }),
      );
    });

    it('keeps every packet within its buffer', () => {
      fc.assert(
        fc.property(anyLine(), anyChunking, (line, chunking) => {
          const decoder = makeDecoder();
          for (const { packet } of decodeAll(decoder, line, chunking)) assert.ok(packet.length < maxFrame);
          assert.equal(decoder.buffer.length, maxFrame + 2);
        }),
      );
    });
  });
}

/** Good frames, broken frames, long frames and noise, one after the other. */
function anyLine(): fc.Arbitrary<Uint8Array> {
  const noise = fc.array(anyOctet, { maxLength: 60 }).map((octets) => Uint8Array.from(octets));
  const frame = fc.array(anyOctet, { maxLength: 140 }).map((octets) => frameOf(Uint8Array.from(octets)));
  const shortFrame = fc.array(anyOctet, { maxLength: 6 }).map((octets) => frameOf(Uint8Array.from(octets)));
  return fc.array(fc.oneof(noise, frame, shortFrame), { maxLength: 6 }).map(concatBytes);
}

/** The same good frames, and the same counters. */
function assertAgrees(decoder: FrameDecoder, frames: DecodedFrame[], expected: readonly NaiveFrame[]): void {
  const good = expected.filter((frame) => frame.kind === 'good');
  assert.deepEqual(
    frames,
    good.map(({ protocol, packet }) => ({ protocol, packet })),
  );
  const count = (kind: NaiveFrame['kind']): number => expected.filter((frame) => frame.kind === kind).length;
  const { octets, octetsHigh, goodOctets, ...counted } = decoder.counters;
  assert.ok(octetsHigh <= octets);
  assert.ok(goodOctets <= octets);
  assert.deepEqual(counted, {
    frames: good.length,
    flags: expected.length,
    fcs: count('fcs'),
    runt: count('runt'),
    overrun: count('overrun'),
    abort: count('abort'),
    badHeader: count('badHeader'),
  });
}

/** The octets between flags and FCS: with less than two, the frame is a runt by RFC 1662 §4.3. */
function contentLength(protocol: number, packet: Uint8Array, pfc: boolean, acfc: boolean): number {
  if (protocol === 0xc021) return 4 + packet.length;
  return (acfc ? 0 : 2) + (pfc && protocol < 0x100 ? 1 : 2) + packet.length;
}
