/** Octets, errors and causes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concatBytes, formatHex, getU16, getU32, parseHex, putU16, putU32, sameBytes } from '../../src/base/bytes.js';
import { cause, causeCodes, causeFacts, describeCause } from '../../src/base/cause.js';
import { codeOf, messageOf, OpError } from '../../src/base/errors.js';

describe('octets', () => {
  it('fields are big-endian and unsigned', () => {
    const bytes = new Uint8Array(6);
    putU16(bytes, 0, 0xc021);
    putU32(bytes, 2, 0xfedcba98);
    assert.equal(formatHex(bytes), 'c0 21 fe dc ba 98');
    assert.equal(getU16(bytes, 0), 0xc021);
    assert.equal(getU32(bytes, 2), 0xfedcba98);
  });

  it('hexadecimal text is read back, and nothing else is', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        assert.deepEqual(parseHex(formatHex(a)), a);
        const whole = concatBytes([a, b]);
        assert.ok(sameBytes(whole.subarray(0, a.length), a) && sameBytes(whole.subarray(a.length), b));
      }),
    );
    for (const text of ['7', '7g', '0x7e', '7e f']) assert.throws(() => parseHex(text), /not hexadecimal/);
  });
});

describe('OpError', () => {
  it('says what failed, on what, why, and what to do', () => {
    const refused = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    const error = new OpError('open', '/dev/ttyS0', refused, 'Join the group dialout.');
    assert.equal(error.message, 'cannot open /dev/ttyS0: EACCES: permission denied. Join the group dialout.');
    assert.equal(error.code, 'EACCES');
    assert.equal(error.cause, refused);
  });

  it('takes whatever is thrown', () => {
    assert.equal(messageOf('a string'), 'a string');
    assert.equal(codeOf(undefined), undefined);
    assert.equal(new OpError('read', 'x', 42).message, 'cannot read x: 42');
  });
});

describe('causes', () => {
  for (const code of causeCodes) {
    it(`${code} has a summary and a remedy that read as sentences`, () => {
      const { summary, remedy } = causeFacts(code);
      assert.match(summary, /^[a-z][^.]*$/i);
      assert.match(remedy, /^[A-Za-z].*\.$/);
    });
  }

  it('are described with their particulars', () => {
    assert.equal(describeCause(cause('device-missing', '/dev/ttyUSB0')), 'the device does not exist (/dev/ttyUSB0)');
    assert.equal(describeCause(cause('shutdown')), 'linkd is shutting down');
  });
});
