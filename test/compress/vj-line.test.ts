/**
 * Van Jacobson's compression over a line: what goes in comes out, also with more connections than slots; after lost frames
 * nothing wrong comes out, and retransmissions mend it (RFC 1144 §4); garbage is counted and dropped; nothing is allocated.
 */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatHex, parseHex } from '../../src/base/bytes.js';
import { VjCompressor } from '../../src/compress/vj/compressor.js';
import { VjDecompressor } from '../../src/compress/vj/decompressor.js';
import { ALLOCATES_NOTHING, octetsPerRun } from '../support/allocation.js';
import { fractions, seededRandom } from '../support/random.js';
import { Flow, compress, decompress, flag, tcpChecksum, tcpPacket, type VjFrame } from './vj-packets.js';

const payloadOf = (length: number, random: () => number): Uint8Array =>
  Uint8Array.from({ length }, () => random() & 0xff);

/** A header field that can hold anything, most often little. */
const anyU16 = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffff }));
const anyStep = fc.record({
  flow: fc.nat({ max: 11 }),
  length: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 600 })),
  acknowledged: fc.oneof(fc.constant(0), anyU16, fc.integer({ min: -5000, max: 200_000 })),
  opened: fc.oneof(fc.constant(0), fc.integer({ min: -5000, max: 5000 })),
  flags: fc.oneof(fc.constant(flag.ack), fc.nat({ max: 255 })),
  urgent: fc.oneof(fc.constant(0), anyU16),
  tos: fc.constantFrom(0, 0, 0, 3),
  fragment: fc.constantFrom(0x4000, 0x4000, 0x4000, 0, 0x2000),
  again: fc.constantFrom(false, false, false, true),
});
const anyOptions = fc.record({ slots: fc.integer({ min: 1, max: 9 }), slotCompression: fc.boolean() });

describe('connections over a clean line', () => {
  it('come out as they went in, whatever they send, with more of them than slots', () => {
    fc.assert(
      fc.property(anyOptions, fc.array(anyStep, { maxLength: 120 }), fc.integer(), (options, steps, seed) => {
        const random = seededRandom(seed);
        const flows = Array.from({ length: 12 }, (_, i) => new Flow(i, random));
        const compressor = new VjCompressor(options);
        const decompressor = new VjDecompressor(options);
        for (const { flow, length, again, ...fields } of steps) {
          const from = flows[flow]!;
          const packet = again ? from.again() : from.next({ payload: payloadOf(length, random), ...fields });
          const sent = compress(compressor, packet);
          assert.ok(sent.packet.length <= packet.length);
          assert.equal(formatHex(decompress(decompressor, sent) ?? new Uint8Array(0)), formatHex(packet));
        }
        const { tossed, badSlot, badHeader, ipChecksum, tcpChecksum } = decompressor.counters;
        assert.deepEqual([tossed, badSlot, badHeader, ipChecksum, tcpChecksum], [0, 0, 0, 0, 0]);
      }),
    );
  });

  it('shrink: a transfer, its acknowledgments and a terminal to headers of 3 to 5 octets', () => {
    const random = seededRandom(1);
    const compressor = new VjCompressor({ slots: 16, slotCompression: true });
    const decompressor = new VjDecompressor({ slots: 16, slotCompression: true });
    const transfer = new Flow(1, random);
    const echo = new Flow(2, random);
    const backwards = new Flow(3, random);
    const saved: number[] = [];
    const carry = (packet: Uint8Array): void => {
      const sent = compress(compressor, packet);
      assert.deepEqual(decompress(decompressor, sent), packet);
      saved.push(packet.length - sent.packet.length);
    };
    const run = (what: () => Uint8Array): number[] => {
      saved.length = 0;
      for (let i = 0; i < 10; i++) carry(what());
      return [...new Set(saved.slice(2))];
    };
    // The first is uncompressed, the second names nothing because the first has.
    assert.deepEqual(
      run(() => transfer.next({ payload: payloadOf(500, random) })),
      [37],
    );
    assert.deepEqual(
      run(() => echo.next({ payload: payloadOf(1, random), acknowledged: 1 })),
      [37],
    );
    assert.deepEqual(
      run(() => backwards.next({ acknowledged: 1000 })),
      [34],
    );
  });
});

/** Which of the octets TCP answers for: addresses and the segment; not what only IP's header holds. */
function answeredFor(packet: Uint8Array): string {
  return formatHex(packet.subarray(12, 20)) + formatHex(packet.subarray((packet[0]! & 0x0f) * 4));
}

/** Packets that a sender has under way before it learns that one is missing. */
const flight = 3;

/**
 * Connections that grow, so that a missed change can't cancel out in a checksum, over a line that loses one frame in ten. A
 * sender that misses an answer goes on for a flight, and then repeats a packet.
 */
function lossyRun(seed: number, slotCompression: boolean, signalled: boolean): Record<string, number> {
  const random = seededRandom(seed);
  const fraction = fractions(random);
  const options = { slots: 4, slotCompression };
  const compressor = new VjCompressor(options);
  const decompressor = new VjDecompressor(options);
  const flows = Array.from({ length: 6 }, (_, i) => new Flow(i, random));
  /** How much of the flight is still to come, for connections that miss something. */
  const missing = new Map<number, number>();
  const outcome = { delivered: 0, refused: 0, wrong: 0, mended: 0 };
  for (let step = 0; step < 400; step++) {
    const number = Math.floor(fraction() * flows.length);
    const flow = flows[number]!;
    const left = missing.get(number);
    const packet =
      left === 0
        ? flow.again()
        : flow.next({ payload: payloadOf(2 + Math.floor(fraction() * 90), random), acknowledged: random() & 0x3f });
    if (left !== undefined) missing.set(number, Math.max(0, left - 1));
    const sent = compress(compressor, packet);
    if (left === 0) assert.equal(sent.protocol, 0x002f, 'a retransmission has whole headers');
    if (fraction() < 0.1) {
      if (signalled) decompressor.lost();
      missing.set(number, left ?? flight);
      continue;
    }
    const received = decompress(decompressor, sent);
    if (received === undefined) {
      outcome.refused++;
      missing.set(number, left ?? flight);
    } else if (tcpChecksum(received) !== 0) {
      outcome.wrong++; // the receiving TCP drops it
    } else {
      assert.equal(answeredFor(received), answeredFor(packet));
      if (signalled) assert.equal(formatHex(received), formatHex(packet));
      if (left === 0) {
        missing.delete(number);
        outcome.mended++;
      }
      outcome.delivered++;
    }
  }
  return outcome;
}

describe('connections over a line that loses frames (RFC 1144 §4)', () => {
  const seeds = Array.from({ length: 40 }, (_, i) => i + 1);
  for (const slotCompression of [false, true]) {
    it(`get nothing wrong when losses are told, slots ${slotCompression ? 'implied' : 'named'}`, () => {
      for (const seed of seeds) {
        const { delivered = 0, refused = 0, wrong, mended = 0 } = lossyRun(seed, slotCompression, true);
        assert.equal(wrong, 0);
        const usual = refused > 0 && mended > 10 && delivered > 200;
        assert.ok(usual, `seed ${seed}: ${delivered} delivered, ${refused} refused, ${mended} mended`);
      }
    });
  }

  it("get what TCP's checksum uncovers when losses are not told, slots named", () => {
    const outcomes = seeds.map((seed) => lossyRun(seed, false, false));
    assert.ok(outcomes.every(({ delivered = 0, mended = 0 }) => delivered > 200 && mended > 10));
    assert.ok(outcomes.every(({ wrong = 0 }) => wrong > 0));
  });

  const options = { slots: 4, slotCompression: true };
  const growing = (flow: Flow): Uint8Array => flow.next({ payload: Uint8Array.of(1, 2, 3) });

  it('toss packets without a slot until one names it, and count them', () => {
    const [compressor, decompressor] = [new VjCompressor(options), new VjDecompressor(options)];
    const random = seededRandom(5);
    const [one, two] = [new Flow(1, random), new Flow(2, random)];
    const carry = (packet: Uint8Array): boolean => decompress(decompressor, compress(compressor, packet)) !== undefined;
    assert.deepEqual([carry(growing(one)), carry(growing(two)), carry(growing(two))], [true, true, true]);
    decompressor.lost(); // another protocol's frame: the histories are whole
    assert.deepEqual([carry(growing(two)), carry(growing(two))], [false, false]);
    assert.deepEqual([carry(growing(one)), carry(growing(one))], [true, true]);
    assert.deepEqual([carry(growing(two)), carry(two.again()), carry(growing(two))], [false, true, true]);
    assert.deepEqual(decompressor.counters, {
      uncompressed: 3,
      compressed: 4,
      tossed: 2,
      badSlot: 0,
      badHeader: 0,
      ipChecksum: 0,
      tcpChecksum: 1,
    });
  });

  it('keep no changes that were meant for another slot: with what is missed they would come out even', () => {
    const [compressor, decompressor] = [new VjCompressor(options), new VjDecompressor(options)];
    const random = seededRandom(8);
    const [data, acks] = [new Flow(1, random), new Flow(2, random)];
    const segment = (): VjFrame => compress(compressor, data.next({ payload: payloadOf(256, random) }));
    const acknowledgment = (): VjFrame => compress(compressor, acks.next({ acknowledged: 256 }));
    const arrives = (frame: VjFrame): boolean => {
      decompressor.doubt(); // nothing tells of a frame that vanished
      return decompress(decompressor, frame) !== undefined;
    };
    assert.deepEqual([arrives(segment()), arrives(acknowledgment()), arrives(segment())], [true, true, true]);
    acknowledgment(); // vanishes, and with it the name of the slot for the next ones
    assert.deepEqual([arrives(acknowledgment()), arrives(acknowledgment())], [false, false]);
    segment(); // vanishes too, and the next one says no more than that it follows
    assert.equal(arrives(segment()), false);
  });

  it('take a retransmission at once, though it names its slot by being uncompressed', () => {
    const [compressor, decompressor] = [new VjCompressor(options), new VjDecompressor(options)];
    const flow = new Flow(1, seededRandom(6));
    assert.ok(decompress(decompressor, compress(compressor, growing(flow))));
    compress(compressor, growing(flow));
    decompressor.lost();
    assert.equal(decompress(decompressor, compress(compressor, growing(flow))), undefined);
    const again = flow.again();
    assert.deepEqual(decompress(decompressor, compress(compressor, again)), again);
    const next = growing(flow);
    assert.deepEqual(decompress(decompressor, compress(compressor, next)), next);
  });
});

describe('the decompressor against garbage', () => {
  const options = { slots: 3, slotCompression: true };
  const fill = parseHex(formatHex(tcpPacket({ payload: Uint8Array.of(1, 2, 3) }).with(9, 2)));
  const whole = (change: (packet: Uint8Array) => Uint8Array): VjFrame => ({
    protocol: 0x002f,
    packet: change(fill.slice()),
  });
  const short = (hex: string): VjFrame => ({ protocol: 0x002d, packet: parseHex(hex) });
  const cases: readonly (readonly [string, VjFrame, string])[] = [
    ['nothing compressed', short(''), 'badHeader'],
    ['no checksum', short('0f 00'), 'badHeader'],
    ['a slot and no checksum', short('4f 02 00'), 'badHeader'],
    ['a change cut off', short('08 ab cd'), 'badHeader'],
    ['a long change cut off', short('08 ab cd 00 01'), 'badHeader'],
    ['the last of five changes cut off', short('2e ab cd 01 02 03'), 'badHeader'],
    ['a slot that there is not', short('4f 03 ab cd'), 'badSlot'],
    ['an empty slot', short('4f 01 ab cd'), 'badSlot'],
    ['more than IP can carry', { protocol: 0x002d, packet: new Uint8Array(65_600).fill(1, 0, 3) }, 'badHeader'],
    ['nothing uncompressed', whole(() => new Uint8Array(0)), 'badHeader'],
    ['headers cut off', whole((packet) => packet.subarray(0, 39)), 'badHeader'],
    ['a payload cut off', whole((packet) => packet.subarray(0, 42)), 'badHeader'],
    ['a length below that of the headers', whole((packet) => packet.with(3, 39)), 'badHeader'],
    ['IPv6', whole((packet) => packet.with(0, 0x65)), 'badHeader'],
    ['a short header of TCP', whole((packet) => packet.with(32, 0x40)), 'badHeader'],
    ['a wrong checksum of IP', whole((packet) => packet.with(8, 1)), 'ipChecksum'],
    ['whole headers for a slot that there is not', whole((packet) => packet.with(9, 3)), 'badSlot'],
  ];
  for (const [name, frame, counter] of cases) {
    it(`${name}: ${counter}, and what names no slot is tossed`, () => {
      const decompressor = new VjDecompressor(options);
      assert.ok(
        decompress(
          decompressor,
          whole((packet) => packet),
        ),
      );
      assert.equal(decompress(decompressor, frame), undefined);
      assert.equal(decompress(decompressor, short('0f ab cd')), undefined);
      const counts = Object.entries(decompressor.counters).filter(([, count]) => count > 0);
      assert.deepEqual(Object.fromEntries(counts), { uncompressed: 1, [counter]: 1, tossed: 1 });
    });
  }

  it('begins by tossing: no slot is meant before one was named', () => {
    const decompressor = new VjDecompressor(options);
    assert.equal(decompress(decompressor, short('0f ab cd')), undefined);
    assert.equal(decompressor.counters.tossed, 1);
  });

  it('takes padding off a packet of type uncompressed', () => {
    const padded = whole((packet) => Uint8Array.of(...packet, 0, 0, 0));
    assert.deepEqual(decompress(new VjDecompressor(options), padded), fill.with(9, 6));
  });

  it('never throws, gives views within their buffer, and counts every frame', () => {
    const anyHarm = fc.record({
      frame: fc.nat(),
      at: fc.nat(),
      octet: fc.nat({ max: 255 }),
      cut: fc.option(fc.nat()),
      swap: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(anyStep, { minLength: 1, maxLength: 40 }),
        fc.array(anyHarm),
        fc.integer(),
        (steps, harms, seed) => {
          const random = seededRandom(seed);
          const flows = Array.from({ length: 12 }, (_, i) => new Flow(i, random));
          const compressor = new VjCompressor(options);
          const decompressor = new VjDecompressor(options);
          const frames = steps.map(({ flow, length, acknowledged, opened, flags }) =>
            compress(
              compressor,
              flows[flow]!.next({ acknowledged, opened, flags, payload: payloadOf(length, random) }),
            ),
          );
          for (const { frame, at, octet, cut, swap } of harms) {
            const { protocol, packet } = frames[frame % frames.length]!;
            const harmed = packet.subarray(0, cut === null ? packet.length : cut % (packet.length + 1)).slice();
            if (harmed.length > 0) harmed[at % Math.min(harmed.length, 60)] = octet;
            frames[frame % frames.length] = {
              protocol: swap ? (protocol === 0x2d ? 0x2f : 0x2d) : protocol,
              packet: harmed,
            };
          }
          const fed = frames.filter(({ protocol }) => protocol !== 0x0021);
          for (const frame of fed) {
            const packet = decompress(decompressor, frame);
            if (packet !== undefined) assert.equal((packet[2]! << 8) | packet[3]!, packet.length);
          }
          const counted = Object.values(decompressor.counters).reduce((sum, count) => sum + count, 0);
          assert.equal(counted, fed.length);
        },
      ),
    );
  });
});

describe('in steady state', () => {
  it('neither end allocates anything per packet', () => {
    const options = { slots: 4, slotCompression: true };
    const [compressor, decompressor] = [new VjCompressor(options), new VjDecompressor(options)];
    const random = seededRandom(3);
    const flows = Array.from({ length: 5 }, (_, i) => new Flow(i, random));
    const packets = Array.from({ length: 200 }, (_, i) =>
      flows[(i >>> 3) % 5]!.next({ payload: payloadOf(i % 50, random), acknowledged: i % 3, opened: i % 2 }),
    );
    const buffer = new Uint8Array(200);
    let next = 0;
    let bad = 0;
    const allocated = octetsPerRun(() => {
      const packet = packets[next++ % packets.length]!;
      buffer.set(packet);
      const { protocol, start, end } = compressor.compress(buffer, 0, packet.length);
      const view =
        protocol === 0x002d
          ? decompressor.compressed(buffer, start, end)
          : decompressor.uncompressed(buffer, start, end);
      if (view === undefined || view.end - view.start !== packet.length) bad++;
    });
    assert.equal(bad, 0);
    assert.ok(allocated < ALLOCATES_NOTHING, `${allocated} octets per packet`);
    assert.ok(compressor.counters.compressed > 0 && compressor.counters.uncompressed > 0);
  });
});
