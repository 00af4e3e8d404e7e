/** Every case of RFC 1144's encoding, octet by octet, as §3.2 has it; and what is never compressed. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { concatBytes, formatHex, parseHex } from '../../src/base/bytes.js';
import { VjCompressor } from '../../src/compress/vj/compressor.js';
import { VjDecompressor } from '../../src/compress/vj/decompressor.js';
import { compress, decompress, flag, tcpPacket, type TcpFields } from './vj-packets.js';

/** `before` goes first and fills the slot; the headers of `now` become `header`, or stay whole. */
interface Case {
  readonly name: string;
  readonly before?: TcpFields;
  readonly now: TcpFields;
  /** Hexadecimal, `abcd` is TCP's checksum; or `whole`. */
  readonly header: string;
}

const octets = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);
const hundred = octets(100);
const one = octets(1);
const timestamps = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2];
const recordRoute = [7, 3, 4, 0];
const ack = flag.ack;

// Unless a case says otherwise: sequence 1000, acknowledgment 5000, window 4096, id 100, ACK, no payload; and the id grows by 1.
const cases: readonly Case[] = [
  // The special cases, RFC 1144 §3.2.3.
  { name: 'a transfer', before: { payload: hundred }, now: { sequence: 1100, payload: hundred }, header: '0f abcd' },
  {
    name: 'a transfer, pushed',
    before: { payload: hundred },
    now: { sequence: 1100, flags: ack | flag.psh },
    header: '1f abcd',
  },
  {
    name: 'an echoed terminal',
    before: { payload: one },
    now: { sequence: 1001, acknowledgment: 5001, payload: one, flags: ack | flag.psh },
    header: '1b abcd',
  },
  {
    name: 'a transfer whose id jumps',
    before: { payload: hundred },
    now: { sequence: 1100, id: 107 },
    header: '2f abcd 07',
  },
  {
    name: 'both numbers grown by the same, but not by what was sent',
    before: { payload: one },
    now: { sequence: 1002, acknowledgment: 5002 },
    header: '0c abcd 02 02',
  },
  {
    name: 'both numbers grown, one by what was sent',
    before: { payload: one },
    now: { sequence: 1001, acknowledgment: 5003 },
    header: '0c abcd 03 01',
  },
  {
    name: 'a transfer behind urgent data: the reference would leave the urgent flag set',
    before: { payload: hundred, flags: ack | flag.urg, urgent: 3 },
    now: { sequence: 1100, urgent: 3 },
    header: '08 abcd 64',
  },
  {
    name: 'an echoed terminal behind urgent data',
    before: { payload: one, flags: ack | flag.urg },
    now: { sequence: 1001, acknowledgment: 5001 },
    header: '0c abcd 01 01',
  },
  // One field, and the forms of a number.
  { name: 'sequence by 1', now: { sequence: 1001 }, header: '08 abcd 01' },
  { name: 'sequence by 255', now: { sequence: 1255 }, header: '08 abcd ff' },
  { name: 'sequence by 256', now: { sequence: 1256 }, header: '08 abcd 00 01 00' },
  { name: 'sequence by 65535', now: { sequence: 66535 }, header: '08 abcd 00 ff ff' },
  { name: 'sequence by 65536', now: { sequence: 66536 }, header: 'whole' },
  { name: 'sequence back by 1', now: { sequence: 999 }, header: 'whole' },
  { name: 'sequence around', before: { sequence: 0xffffffff }, now: { sequence: 4 }, header: '08 abcd 05' },
  { name: 'acknowledgment by 1', now: { acknowledgment: 5001 }, header: '04 abcd 01' },
  { name: 'acknowledgment by 2920', now: { acknowledgment: 7920 }, header: '04 abcd 00 0b 68' },
  { name: 'acknowledgment by 65536', now: { acknowledgment: 70536 }, header: 'whole' },
  { name: 'acknowledgment back', now: { acknowledgment: 4999 }, header: 'whole' },
  {
    name: 'acknowledgment around',
    before: { acknowledgment: 0xfffffff0 },
    now: { acknowledgment: 0x10 },
    header: '04 abcd 20',
  },
  { name: 'window by 1', now: { window: 4097 }, header: '02 abcd 01' },
  { name: 'window by -1', now: { window: 4095 }, header: '02 abcd 00 ff ff' },
  { name: 'window shut', now: { window: 0 }, header: '02 abcd 00 f0 00' },
  { name: 'urgent', now: { flags: ack | flag.urg, urgent: 9 }, header: '01 abcd 09' },
  { name: 'urgent pointer 0', now: { flags: ack | flag.urg }, header: '01 abcd 00 00 00' },
  { name: 'urgent pointer 300', now: { flags: ack | flag.urg, urgent: 300 }, header: '01 abcd 00 01 2c' },
  {
    name: 'urgent as before: the pointer is told as it is, not by how it grew',
    before: { flags: ack | flag.urg, urgent: 9 },
    now: { flags: ack | flag.urg, urgent: 9, sequence: 1001 },
    header: '09 abcd 09 01',
  },
  {
    name: 'no longer urgent, the pointer left',
    before: { flags: ack | flag.urg, urgent: 9 },
    now: { urgent: 9, acknowledgment: 5001 },
    header: '04 abcd 01',
  },
  {
    name: 'no longer urgent, the pointer changed',
    before: { flags: ack | flag.urg, urgent: 9 },
    now: { acknowledgment: 5001 },
    header: 'whole',
  },
  { name: 'a pointer without urgency', now: { urgent: 1, acknowledgment: 5001 }, header: 'whole' },
  // IP's identification.
  { name: 'id by 0', now: { id: 100, sequence: 1001 }, header: '28 abcd 01 00 00 00' },
  { name: 'id by 2', now: { id: 102, sequence: 1001 }, header: '28 abcd 01 02' },
  { name: 'id by -1', now: { id: 99, sequence: 1001 }, header: '28 abcd 01 00 ff ff' },
  { name: 'id around', before: { id: 0xffff }, now: { id: 0, sequence: 1001 }, header: '08 abcd 01' },
  // Several fields, in the order U, W, A, S, I.
  { name: 'W A', now: { window: 4098, acknowledgment: 5003 }, header: '06 abcd 02 03' },
  { name: 'W S', now: { window: 4098, sequence: 1004 }, header: '0a abcd 02 04' },
  { name: 'W A S', now: { window: 4098, acknowledgment: 5003, sequence: 1004 }, header: '0e abcd 02 03 04' },
  { name: 'U W', now: { flags: ack | flag.urg, urgent: 1, window: 4098 }, header: '03 abcd 01 02' },
  { name: 'U A', now: { flags: ack | flag.urg, urgent: 1, acknowledgment: 5003 }, header: '05 abcd 01 03' },
  { name: 'U S', now: { flags: ack | flag.urg, urgent: 1, sequence: 1004 }, header: '09 abcd 01 04' },
  {
    name: 'U W A',
    now: { flags: ack | flag.urg, urgent: 1, window: 4098, acknowledgment: 5003 },
    header: '07 abcd 01 02 03',
  },
  {
    name: 'U A S',
    now: { flags: ack | flag.urg, urgent: 1, acknowledgment: 5003, sequence: 1004 },
    header: '0d abcd 01 03 04',
  },
  {
    name: 'W A S P I, each in three octets',
    now: { flags: ack | flag.psh, window: 5096, acknowledgment: 6000, sequence: 2000, id: 1100 },
    header: '3e abcd 00 03 e8 00 03 e8 00 03 e8 00 03 e8',
  },
  {
    name: 'U W S: its mask means an echoed terminal',
    now: { flags: ack | flag.urg, urgent: 1, window: 4098, sequence: 1004 },
    header: 'whole',
  },
  {
    name: 'U W A S: its mask means a transfer',
    now: { flags: ack | flag.urg, urgent: 1, window: 4098, acknowledgment: 5003, sequence: 1004 },
    header: 'whole',
  },
  // Nothing changed.
  { name: 'data behind an acknowledgment', now: { payload: hundred }, header: '00 abcd' },
  {
    name: 'data behind an acknowledgment, pushed',
    now: { payload: hundred, flags: ack | flag.psh },
    header: '10 abcd',
  },
  { name: 'an acknowledgment again', now: {}, header: 'whole' },
  { name: 'data again', before: { payload: hundred }, now: { payload: hundred }, header: 'whole' },
  { name: 'more data from the same place', before: { payload: one }, now: { payload: hundred }, header: 'whole' },
  { name: 'a window probe', before: { payload: hundred }, now: { payload: one }, header: 'whole' },
  { name: 'an acknowledgment behind data', before: { payload: hundred }, now: {}, header: 'whole' },
  // What must not change.
  { name: 'another type of service', now: { sequence: 1001, tos: 0x10 }, header: 'whole' },
  { name: 'a mark of congestion on IP', before: { tos: 2 }, now: { sequence: 1001, tos: 3 }, header: 'whole' },
  { name: 'another time to live', now: { sequence: 1001, ttl: 63 }, header: 'whole' },
  { name: "Don't Fragment gone", now: { sequence: 1001, fragment: 0 }, header: 'whole' },
  { name: 'the reserved flag of IP', now: { sequence: 1001, fragment: 0xc000 }, header: 'whole' },
  { name: 'ECN-Echo', now: { sequence: 1001, flags: ack | flag.ece }, header: 'whole' },
  {
    name: 'ECN-Echo as before',
    before: { flags: ack | flag.ece },
    now: { sequence: 1001, flags: ack | flag.ece },
    header: '08 abcd 01',
  },
  {
    name: 'Congestion Window Reduced',
    before: { flags: ack | flag.cwr },
    now: { sequence: 1001 },
    header: 'whole',
  },
  { name: 'a reserved bit of TCP', now: { sequence: 1001, reserved: 1 }, header: 'whole' },
  {
    name: 'options of TCP as before',
    before: { tcpOptions: timestamps },
    now: { tcpOptions: timestamps, sequence: 1001 },
    header: '08 abcd 01',
  },
  {
    name: 'a timestamp moved on',
    before: { tcpOptions: timestamps },
    now: { tcpOptions: timestamps.with(-1, 3), sequence: 1001 },
    header: 'whole',
  },
  { name: 'an option of TCP more', now: { tcpOptions: [1, 1, 1, 0], sequence: 1001 }, header: 'whole' },
  {
    name: 'options of IP as before',
    before: { ipOptions: recordRoute, tcpOptions: timestamps, payload: hundred },
    now: { ipOptions: recordRoute, tcpOptions: timestamps, sequence: 1100 },
    header: '0f abcd',
  },
  {
    name: 'an option of IP changed',
    before: { ipOptions: recordRoute },
    now: { ipOptions: recordRoute.with(-1, 1), sequence: 1001 },
    header: 'whole',
  },
  { name: 'an option of IP gone', before: { ipOptions: recordRoute }, now: { sequence: 1001 }, header: 'whole' },
];

const options = { slots: 16, slotCompression: true };

describe('the change of headers (RFC 1144 §3.2)', () => {
  for (const { name, before = {}, now, header } of cases) {
    it(`${name}: ${header}`, () => {
      const compressor = new VjCompressor(options);
      const decompressor = new VjDecompressor(options);
      const first = tcpPacket(before);
      assert.deepEqual(decompress(decompressor, compress(compressor, first)), first);

      const packet = tcpPacket({ id: (before.id ?? 100) + 1, checksum: 0xabcd, ...now });
      const sent = compress(compressor, packet);
      const headers = packet.length - (now.payload?.length ?? 0);
      if (header === 'whole') {
        assert.equal(sent.protocol, 0x002f);
        assert.equal(formatHex(sent.packet), formatHex(packet.with(9, 0)));
      } else {
        assert.equal(sent.protocol, 0x002d);
        assert.equal(formatHex(sent.packet), formatHex(concatBytes([parseHex(header), packet.subarray(headers)])));
      }
      assert.deepEqual(decompress(decompressor, sent), packet);
    });
  }
});

describe('what is sent as type IP (RFC 1144 §3.2.3)', () => {
  const whole = tcpPacket({ payload: hundred });
  const untouched: readonly (readonly [string, Uint8Array])[] = [
    ['not TCP', tcpPacket({ protocol: 17 })],
    ['the first fragment', tcpPacket({ fragment: 0x2000, payload: hundred })],
    ['a later fragment', tcpPacket({ fragment: 0x0010, payload: hundred })],
    ['SYN', tcpPacket({ flags: flag.syn | ack })],
    ['FIN', tcpPacket({ flags: flag.fin | ack })],
    ['RST', tcpPacket({ flags: flag.rst | ack })],
    ['no ACK', tcpPacket({ flags: flag.psh })],
    ['nothing', new Uint8Array(0)],
    ['39 octets', whole.subarray(0, 39)],
    ['IPv6', whole.with(0, 0x65)],
    ['a header of IP shorter than it can be', whole.with(0, 0x44)],
    ['options of IP that leave no room for TCP', tcpPacket({}).with(0, 0x46)],
    ['a header of TCP shorter than it can be', whole.with(32, 0x40)],
    ['a header of TCP beyond the end', tcpPacket({}).with(32, 0x60)],
    ['more octets than IP says', concatBytes([whole, one])],
    ['fewer octets than IP says', whole.subarray(0, 139)],
  ];
  for (const [name, packet] of untouched) {
    it(name, () => {
      const compressor = new VjCompressor(options);
      assert.deepEqual(compress(compressor, packet), { protocol: 0x0021, packet: packet.slice() });
      assert.deepEqual(compressor.counters, { ip: 1, uncompressed: 0, compressed: 0 });
    });
  }
});

describe('slots', () => {
  const flow = (number: number, sequence: number): Uint8Array =>
    tcpPacket({ ports: [number, 80], sequence, id: 100 + sequence - 1000, checksum: 0xabcd });
  /** `u2` is uncompressed into slot 2, `c` compressed without a slot, `c2` compressed for slot 2. */
  const sentAs = (compressor: VjCompressor, packet: Uint8Array): string => {
    const { protocol, packet: sent } = compress(compressor, packet);
    if (protocol === 0x002f) return `u${sent[9] ?? ''}`;
    return (sent[0]! & 0x40) === 0 ? 'c' : `c${sent[1] ?? ''}`;
  };

  it('are told when another connection is meant, and only then', () => {
    const compressor = new VjCompressor(options);
    const sent = [
      [1, 1000],
      [1, 1001],
      [2, 1000],
      [2, 1001],
      [1, 1002],
      [1, 1003],
      [2, 1002],
    ].map(([number, sequence]) => sentAs(compressor, flow(number!, sequence!)));
    assert.deepEqual(sent, ['u0', 'c', 'u1', 'c', 'c0', 'c', 'c1']);
  });

  it('are told always when the peer wants it so (RFC 1332 §4.1)', () => {
    const compressor = new VjCompressor({ slots: 16, slotCompression: false });
    assert.equal(sentAs(compressor, flow(1, 1000)), 'u0');
    const { packet } = compress(compressor, flow(1, 1001));
    assert.equal(formatHex(packet), '48 00 ab cd 01');
    assert.equal(sentAs(compressor, flow(1, 1002)), 'c0');
  });

  it('pass from the connection that was quiet for longest', () => {
    const compressor = new VjCompressor({ slots: 3, slotCompression: true });
    const sent = [1, 2, 3, 1, 4, 1, 3, 2, 4].map((number, i) => sentAs(compressor, flow(number, 1000 + i)));
    assert.deepEqual(sent, ['u0', 'u1', 'u2', 'c0', 'u1', 'c0', 'c2', 'u1', 'u0']);
  });

  it('are of a direction, addresses and both ports', () => {
    const compressor = new VjCompressor(options);
    const others: readonly TcpFields[] = [
      {},
      { source: 1 },
      { destination: 1 },
      { ports: [1000, 2001] },
      { ports: [1001, 2000] },
      { ports: [2000, 1000] },
    ];
    assert.deepEqual(
      others.map((fields) => sentAs(compressor, tcpPacket(fields))),
      ['u0', 'u1', 'u2', 'u3', 'u4', 'u5'],
    );
  });

  for (const slots of [1, 256]) {
    it(`may be ${slots}`, () => {
      const compressor = new VjCompressor({ slots, slotCompression: true });
      const decompressor = new VjDecompressor({ slots, slotCompression: true });
      for (let round = 0; round < 2; round++) {
        for (let number = 1; number <= slots; number++) {
          const packet = flow(number, 1000 + round);
          const sent = compress(compressor, packet);
          assert.equal(sent.protocol, round === 0 ? 0x002f : 0x002d);
          assert.deepEqual(decompress(decompressor, sent), packet);
        }
      }
      assert.equal(compress(compressor, flow(slots + 1, 1000)).packet[9], 0);
    });
  }

  it('may not be 0, 257, or half', () => {
    for (const slots of [0, 257, 2.5, NaN]) {
      assert.throws(() => new VjCompressor({ slots, slotCompression: true }), RangeError);
      assert.throws(() => new VjDecompressor({ slots, slotCompression: true }), RangeError);
    }
  });
});
