/** The Endpoint Discriminator of RFC 1990 §5.1.3: its classes on the wire and in text, and when two are the same. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatHex, parseHex } from '../../src/base/bytes.js';
import {
  encodeEndpoint,
  formatEndpoint,
  ipEndpoint,
  localEndpoint,
  magicEndpoint,
  makeEndpoint,
  nullEndpoint,
  parseEndpoint,
  readEndpoint,
  sameEndpoint,
} from '../../src/multilink/endpoint.js';

describe('an endpoint', () => {
  const ours: readonly (readonly [string, string])[] = [
    ['null', '00'],
    ['local:6c696e6b64', '01 6c 69 6e 6b 64'],
    ['ip:10.1.0.1', '02 0a 01 00 01'],
    ['mac:00:1b:21:3a:4b:5c', '03 00 1b 21 3a 4b 5c'],
    ['magic:0123456789abcdef', '04 01 23 45 67 89 ab cd ef'],
    ['phone:4930123456', '05 34 39 33 30 31 32 33 34 35 36'],
  ];
  for (const [text, hex] of ours) {
    it(`${text} is ${hex}, and back`, () => {
      const endpoint = parseEndpoint(text);
      assert.ok(endpoint !== undefined);
      assert.equal(formatHex(encodeEndpoint(endpoint)), hex);
      const read = readEndpoint(parseHex(hex));
      assert.ok(read !== undefined && sameEndpoint(read, endpoint));
      assert.equal(formatEndpoint(read), text);
      assert.ok(sameEndpoint(parseEndpoint(text.toUpperCase()) ?? nullEndpoint, endpoint));
    });
  }

  it('is made of what a machine has', () => {
    assert.equal(formatEndpoint(localEndpoint(Uint8Array.of(1, 255))), 'local:01ff');
    assert.equal(formatEndpoint(ipEndpoint(0xc0a80101)), 'ip:192.168.1.1');
    assert.equal(formatEndpoint(magicEndpoint([0xffffffff, 1])), 'magic:ffffffff00000001');
  });

  const none = [
    '',
    'null:00',
    'local',
    'local:',
    'local:0',
    'local:xy',
    `local:${'00'.repeat(21)}`,
    'ip:10.1.0',
    'ip:300.1.1.1',
    'mac:00:1b:21:3a:4b',
    'mac:02:1b:21:3a:4b:5c', // locally administered
    'mac:01:1b:21:3a:4b:5c', // of a group
    'magic:010203',
    `magic:${'00'.repeat(24)}`,
    'phone:+49',
    'phone:1234567890123456',
    'class 7:0102',
    '0102',
  ];
  for (const text of none) {
    it(`is not "${text}"`, () => {
      assert.equal(parseEndpoint(text), undefined);
    });
  }

  it('of ours has what its class asks for', () => {
    assert.throws(() => makeEndpoint(6, Uint8Array.of(1)), RangeError);
    assert.throws(() => localEndpoint(new Uint8Array(0)), RangeError);
    assert.throws(() => magicEndpoint([1, 2, 3, 4, 5, 6]), RangeError);
    assert.throws(() => makeEndpoint(3, parseHex('02 00 00 00 00 01')), RangeError);
  });

  const fromPeers: readonly (readonly [string, string | undefined])[] = [
    ['', undefined],
    ['01', undefined],
    ['02 0a 01 00', undefined],
    ['03 00 1b 21 3a 4b', undefined],
    ['04 01 02 03', undefined],
    ['05', undefined],
    [`01 ${'00'.repeat(21)}`, undefined],
    ['02 0a 01 00 01 02', 'class 2:0a01000102'],
    ['03 02 1b 21 3a 4b 5c', 'mac:02:1b:21:3a:4b:5c'],
    ['00 01', 'class 0:01'],
    ['05 0b 0c', 'class 5:0b0c'],
    ['07 01 02', 'class 7:0102'],
    ['07', 'class 7:'],
  ];
  for (const [hex, text] of fromPeers) {
    it(`of a peer, ${hex === '' ? 'nothing' : hex}, is ${text ?? 'too short or too long'}`, () => {
      const endpoint = readEndpoint(parseHex(hex));
      assert.equal(endpoint && formatEndpoint(endpoint), text);
    });
  }

  it('is the same by class and address', () => {
    const local = localEndpoint(Uint8Array.of(10, 1, 0, 1));
    assert.ok(sameEndpoint(local, localEndpoint(Uint8Array.of(10, 1, 0, 1))));
    assert.ok(!sameEndpoint(local, ipEndpoint(0x0a010001)));
    assert.ok(!sameEndpoint(local, localEndpoint(Uint8Array.of(10, 1, 0, 2))));
    assert.ok(!sameEndpoint(local, localEndpoint(Uint8Array.of(10, 1, 0))));
    assert.ok(sameEndpoint(nullEndpoint, { class: 0, address: new Uint8Array(0) }));
  });

  it('may be any octets: what is read is written as it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (data) => {
        const endpoint = readEndpoint(data);
        if (endpoint === undefined) return;
        assert.deepEqual(encodeEndpoint(endpoint), data);
        assert.ok(formatEndpoint(endpoint).length < 60);
      }),
    );
  });
});
