/** FCS-16 against RFC 1662 and against a bit-by-bit reckoning. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FCS_GOOD, FCS_INIT, fcs16 } from '../../src/framing/fcs.js';
import { naiveFcs } from '../support/naive-hdlc.js';
import { readVectors } from '../support/vectors.js';

describe('FCS-16', () => {
  it('has the table of RFC 1662', () => {
    const table = readVectors('rfc1662-fcs16.txt').trim().split(/\s+/);
    assert.equal(table.length, 256);
    table.forEach((expected, octet) => {
      assert.equal(fcs16(Uint8Array.of(octet), 0, 1, 0).toString(16).padStart(4, '0'), expected, `octet ${octet}`);
    });
  });

  it('gives the check value of CRC-16/X-25: 906e for "123456789"', () => {
    const digits = new TextEncoder().encode('123456789');
    assert.equal(fcs16(digits, 0, digits.length) ^ 0xffff, 0x906e);
  });

  it('is ffff of nothing', () => {
    assert.equal(fcs16(new Uint8Array(0), 0, 0), 0xffff);
  });

  it('is what the bitwise generator gives, of any part and in any number of steps', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(70), fc.nat(70), (bytes, a, b) => {
        const from = Math.min(a, b, bytes.length);
        const middle = Math.min(Math.max(a, b), bytes.length);
        const expected = naiveFcs([...bytes.subarray(from)]);
        assert.equal(fcs16(bytes, from, bytes.length), expected);
        assert.equal(fcs16(bytes, middle, bytes.length, fcs16(bytes, from, middle)), expected);
      }),
    );
  });

  it('ends at the good value when it runs over its own complement', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        const fcs = fcs16(bytes, 0, bytes.length, FCS_INIT) ^ 0xffff;
        const frame = Uint8Array.of(...bytes, fcs & 0xff, fcs >>> 8);
        assert.equal(fcs16(frame, 0, frame.length), FCS_GOOD);
      }),
    );
  });
});
