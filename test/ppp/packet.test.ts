/** The codecs of packets and option lists: known octets, round trips, and whatever a hostile peer may send. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatHex, parseHex } from '../../src/base/bytes.js';
import { flag, raw, u16, u32 } from '../../src/ppp/option.js';
import { buildOptions, buildPacket, parseOptions, parsePacket } from '../../src/ppp/packet.js';
import { printable } from '../../src/ppp/printable.js';

const octet = fc.integer({ min: 0, max: 255 });
const options = fc.array(
  fc.record({ type: octet, data: fc.uint8Array({ maxLength: 253 }) }, { noNullPrototype: true }),
  { maxLength: 20 },
);

describe('packets', () => {
  const cases: [string, string, string | undefined][] = [
    ['a packet without data', '05 01 00 04', '5 1 '],
    ['padding beyond Length is ignored', '01 02 00 06 aa bb cc dd', '1 2 aabb'],
    ['nothing', '', undefined],
    ['a header cut short', '01 02 00', undefined],
    ['a Length below the header', '01 02 00 03', undefined],
    ['a Length of zero', '01 02 00 00 00', undefined],
    ['a Length beyond the end', '01 02 00 07 aa bb', undefined],
  ];
  for (const [name, hex, expected] of cases) {
    it(`reads ${name}`, () => {
      const packet = parsePacket(parseHex(hex));
      const text = packet === undefined ? undefined : `${packet.code} ${packet.id} ${formatHex(packet.data, '')}`;
      assert.equal(text, expected);
    });
  }

  it('gives back what it built, with any padding behind', () => {
    const packets = fc.record(
      { code: octet, id: octet, data: fc.uint8Array({ maxLength: 2000 }) },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(packets, fc.uint8Array({ maxLength: 20 }), (packet, padding) => {
        assert.deepEqual(parsePacket(Uint8Array.from([...buildPacket(packet), ...padding])), packet);
      }),
    );
  });

  it('never reads beyond the octets that it was given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 64 }), fc.nat(80), (bytes, length) => {
        bytes.set([0, length], 2);
        const packet = parsePacket(bytes);
        assert.equal(packet !== undefined, length >= 4 && length <= bytes.length);
        if (packet !== undefined) assert.deepEqual(buildPacket(packet), bytes.slice(0, length));
      }),
    );
  });

  it('refuses to build what has no place in the header', () => {
    const data = new Uint8Array(0);
    assert.throws(() => buildPacket({ code: 256, id: 0, data }), /no such packet/);
    assert.throws(() => buildPacket({ code: 1, id: -1, data }), /no such packet/);
    assert.throws(() => buildPacket({ code: 1, id: 1, data: new Uint8Array(65532) }), /no such packet/);
  });
});

describe('option lists', () => {
  const cases: [string, string, number[] | undefined][] = [
    ['no options', '', []],
    ['options of several lengths', '07 02 01 04 05 dc', [7, 1]],
    ['a Length of 0', '07 00', undefined],
    ['a Length of 1', '07 01 08 02', undefined],
    ['a lone Type', '07 02 08', undefined],
    ['a Length beyond the end', '05 06 00 00 00', undefined],
  ];
  for (const [name, hex, types] of cases) {
    it(`reads ${name}`, () => {
      assert.deepEqual(
        parseOptions(parseHex(hex))?.map(({ type }) => type),
        types,
      );
    });
  }

  it('gives back what it built', () => {
    fc.assert(
      fc.property(options, (list) => {
        assert.deepEqual(parseOptions(buildOptions(list)), list);
      }),
    );
  });

  it('takes or refuses any octets, and what it takes is all there', () => {
    fc.assert(
      fc.property(fc.uint8Array({ max: 5, maxLength: 12 }), (bytes) => {
        const list = parseOptions(bytes);
        if (list !== undefined) assert.deepEqual(buildOptions(list), bytes);
        else assert(bytes.length > 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses to build an option that is too long', () => {
    assert.throws(() => buildOptions([{ type: 1, data: new Uint8Array(254) }]), /too long/);
  });
});

describe('option values', () => {
  it('are read only from data of their length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), (data) => {
        assert.equal(u16.decode(data) === undefined, data.length !== 2);
        assert.equal(u32.decode(data) === undefined, data.length !== 4);
        assert.equal(flag.decode(data) === undefined, data.length !== 0);
        assert.deepEqual(raw.decode(data), data);
      }),
    );
  });

  it('come back from the octets that they were made', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (value) => {
        assert.equal(u32.decode(u32.encode(value)), value);
        assert.equal(u16.decode(u16.encode(value & 0xffff)), value & 0xffff);
      }),
    );
    assert.equal(flag.decode(flag.encode(true)), true);
  });
});

describe('text of the peer', () => {
  it('is printable and bounded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const text = printable(bytes);
        assert.match(text, /^[ -~]*…?$/);
        assert(text.length <= 129);
      }),
    );
    assert.equal(printable(new TextEncoder().encode('  \u001b[31mred\n')), '.[31mred.');
  });
});
