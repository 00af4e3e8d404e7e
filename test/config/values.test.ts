/** The readers of single values beyond what the configs show, and the words of messages. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { endpoint, hostAddress, network } from '../../src/config/addresses.js';
import { amount, formatAmount } from '../../src/config/amounts.js';
import { formatDuration, readDuration } from '../../src/config/duration.js';
import { code, listed, nearest, printable, show } from '../../src/config/text.js';
import {
  absolutePath,
  character,
  characterMap,
  integer,
  interfaceName,
  percentage,
  userName,
} from '../../src/config/values.js';

describe('durations', () => {
  it('are read as they are shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 86_400_000 }), (millis) => {
        assert.deepEqual(readDuration(formatDuration(millis)), { ok: true, value: millis });
      }),
    );
  });

  const shown: readonly (readonly [number, string])[] = [
    [1, '1ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1500, '1500ms'],
    [90_000, '90s'],
    [120_000, '2m'],
    [7_200_000, '2h'],
  ];
  for (const [millis, text] of shown) {
    it(`${millis} ms is ${text}`, () => {
      assert.equal(formatDuration(millis), text);
    });
  }

  for (const text of [
    '',
    's',
    '-1s',
    '1 s',
    '1s ',
    '1.s',
    '.5s',
    '1e3s',
    '1m30s',
    '5',
    '5S',
    '5constructor',
    '9999999999s',
  ]) {
    it(`"${text}" is none`, () => {
      assert.ok(!readDuration(text).ok);
    });
  }
});

describe('amounts', () => {
  const any = amount(1, 1e15);

  it('are read as they are shown, to three digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999 }), fc.constantFrom(1e3, 1e6, 1e9, 1e12), (number, unit) => {
        assert.deepEqual(any.read(formatAmount(number * unit)), { ok: true, value: number * unit });
      }),
    );
  });

  for (const text of [
    '',
    'GB',
    '-1 GB',
    '1  GB',
    ' 1 GB',
    '1 GB ',
    '1. GB',
    '.5 GB',
    '1e3 GB',
    '5',
    '5 B',
    '5 Gb',
    '5 constructor',
  ]) {
    it(`"${text}" is none`, () => {
      assert.ok(!any.read(text).ok);
    });
  }
});

describe('percentages', () => {
  it('are read exactly when they are in range', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10, max: 300 }), (number) => {
        const reading = percentage.read(`${number}%`);
        assert.deepEqual(reading.ok && reading.value, number >= 1 && number <= 100 && number / 100);
      }),
    );
  });

  for (const text of ['', '%', '80', '0.8', '80.5%', '80  %', '080 %%']) {
    it(`"${text}" is none`, () => {
      assert.ok(!percentage.read(text).ok);
    });
  }
});

describe('numbers', () => {
  it('are read exactly when they are in range', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 100_000 }), (number) => {
        const reading = integer(64, 16384).read(String(number));
        assert.deepEqual(reading.ok && reading.value, number >= 64 && number <= 16384 && number);
      }),
    );
  });

  for (const text of [
    '',
    ' 100',
    '100 ',
    '+100',
    '1_00',
    '0x64',
    '0100',
    '100.0',
    '1e2',
    '１００',
    'NaN',
    '9'.repeat(400),
  ]) {
    it(`"${text.slice(0, 20)}" is none`, () => {
      assert.ok(!integer(64, 16384).read(text).ok);
    });
  }

  it('of characters are decimal or hexadecimal', () => {
    const any = character('any', (octet) => octet < 256);
    assert.deepEqual(
      ['0', '17', '0x11', '0X1F', '255'].map((text) => any.read(text)),
      [0, 17, 17, 31, 255].map((value) => ({ ok: true, value })),
    );
    for (const text of ['', '017', '11h', '-1', '256', '0x', '^Q']) assert.ok(!any.read(text).ok, text);
  });

  it('of maps are hexadecimal', () => {
    for (const text of ['', '1', '17', '0x', '0x1_0', 'ALL', '0x100000000'])
      assert.ok(!characterMap.read(text).ok, text);
  });
});

describe('addresses', () => {
  it('are read back from what they are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 126 }), fc.nat(255), fc.nat(255), fc.nat(255), (a, b, c, d) => {
        assert.deepEqual(hostAddress.read(`${a}.${b}.${c}.${d}`), {
          ok: true,
          value: ((a * 256 + b) * 256 + c) * 256 + d,
        });
      }),
    );
  });

  for (const text of [
    '',
    '10',
    '10.0.0',
    '10.0.0.0.1',
    '10.0.0.-1',
    ' 10.0.0.1',
    '10.0.0.1\n',
    '10.0.0.1%1',
    '0xa.0.0.1',
    '::ffff:10.0.0.1',
  ]) {
    it(`${JSON.stringify(text)} is none`, () => {
      assert.ok(!hostAddress.read(text).ok);
    });
  }

  for (const text of [
    '',
    '/',
    '10.0.0.0/',
    '/8',
    '10.0.0.0/-1',
    '10.0.0.0/8 ',
    '10.0.0.0/+8',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
  ]) {
    it(`${JSON.stringify(text)} is no network`, () => {
      assert.ok(!network.read(text).ok);
    });
  }

  for (const text of [
    ':',
    ':7000',
    'host:',
    'host:0',
    'host:65536',
    'host:7000:1',
    '-host:1',
    'ho st:1',
    'host..net:1',
    '[::1]',
    '[:1',
    '[host]:1',
    '::1:7000',
    `${'a.'.repeat(127)}a:1`,
  ]) {
    it(`${JSON.stringify(text.slice(0, 20))} is no endpoint`, () => {
      assert.ok(!endpoint.read(text).ok);
    });
  }
});

describe('names and paths', () => {
  for (const text of [
    '',
    '.',
    '..',
    '-a',
    '_a',
    'a b',
    'a/b',
    'a:b',
    'a%d',
    'ä',
    'a\n',
    'default',
    'lo',
    'abcdefghijklmnop',
  ]) {
    it(`${JSON.stringify(text)} names no interface`, () => {
      assert.ok(!interfaceName.read(text).ok);
    });
  }

  for (const text of ['', '.', '~/a', 'a/b', '/', '/a/', '/a\0b', '/a\nb', `/${'a'.repeat(5000)}`]) {
    it(`${JSON.stringify(text.slice(0, 20))} is no path`, () => {
      assert.ok(!absolutePath.read(text).ok);
    });
  }
});

describe('users', () => {
  for (const text of ['', '1000', '-a', '@a', '%a', 'a b', 'a:b', 'a/b', 'ä', 'a\n', 'a'.repeat(33)]) {
    it(`${JSON.stringify(text)} is none`, () => {
      assert.ok(!userName.read(text).ok);
    });
  }
});

describe('words of messages', () => {
  const keys = ['remote', 'networks', 'max-configure', 'mtu', 'log-level'];
  const meant: readonly (readonly [string, string | undefined])[] = [
    ['remot', 'remote'],
    ['remtoe', 'remote'],
    ['Remote', 'remote'],
    ['remote-address', 'remote'],
    ['remote_ip', 'remote'],
    ['network', 'networks'],
    ['maxConfigure', 'max-configure'],
    ['MAX_CONFIGURE', 'max-configure'],
    ['loglevel', 'log-level'],
    ['mtus', 'mtu'],
    ['xyz', undefined],
    ['', undefined],
    ['r'.repeat(100_000), undefined],
  ];
  for (const [typed, expected] of meant) {
    it(`"${typed.slice(0, 20)}" was meant to be ${expected ?? 'nothing known'}`, () => {
      assert.equal(nearest(typed, keys), expected);
    });
  }

  it('show values as they were written, unless that is hard to read', () => {
    assert.deepEqual(['64000', 'größe', 'a b', '', 'a\nb', '\x1b[2J', 'x'.repeat(41)].map(show), [
      '64000',
      'größe',
      '"a b"',
      '""',
      '"a\\nb"',
      '"\\u001b[2J"',
      `${'x'.repeat(39)}…`,
    ]);
    assert.equal(code('mru'), '`mru`');
  });

  it('list and clean', () => {
    assert.deepEqual([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listed), ['', 'a', 'a and b', 'a, b and c']);
    assert.equal(printable('a\x1b\u202e\ud800b'), 'a\ufffd\ufffd\ufffdb');
  });
});
