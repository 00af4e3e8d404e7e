/** `compression`: short forms, defaults by line, and mistakes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compression } from '../../src/config/compression.js';
import type { CcpOptions } from '../../src/ppp/options.js';
import { goodLink } from './support.js';

const usualBoth: CcpOptions = { send: ['deflate'], receive: ['deflate', 'bsd'], mppe: undefined };
const mppe = { required: true, bits: [128], stateless: true } as const;

describe('compression', () => {
  const cases: [string, CcpOptions | undefined][] = [
    ['off', undefined],
    ['no', undefined],
    ['[]', undefined],
    ['bsd', { send: ['bsd'], receive: ['bsd'], mppe: undefined }],
    [
      '[bsd, deflate, predictor1]',
      { send: ['bsd', 'deflate', 'predictor1'], receive: ['bsd', 'deflate', 'predictor1'], mppe: undefined },
    ],
    ['{}', usualBoth],
    ['{receive: off}', { ...usualBoth, receive: [] }],
    ['{receive: predictor1}', { ...usualBoth, receive: ['predictor1'] }],
    ['{send: [deflate, bsd]}', { ...usualBoth, send: ['deflate', 'bsd'] }],
    ['{send: off, receive: bsd}', { send: [], receive: ['bsd'], mppe: undefined }],
    ['{send: off, receive: off}', undefined],
    ['{mppe: required}', { ...usualBoth, mppe }],
    [
      '{mppe: optional, mppe-bits: [40, 128], mppe-stateless: no}',
      { ...usualBoth, mppe: { required: false, bits: [40, 128], stateless: false } },
    ],
    [
      '{send: off, receive: off, mppe: required, mppe-bits: 56}',
      { send: [], receive: [], mppe: { ...mppe, bits: [56] } },
    ],
  ];
  for (const [text, expected] of cases) {
    it(text, () => {
      assert.deepEqual(
        goodLink(`compression: ${text}`, 'auth: {require: [mschap-v2], secrets: /etc/linkd/secrets}').ccp,
        expected,
      );
    });
  }

  it('is what pppd offers on a serial line, and nothing on any other', () => {
    assert.deepEqual(goodLink().ccp, usualBoth);
    assert.equal(goodLink('line: {tcp: "10.9.9.9:7000"}').ccp, undefined);
    assert.deepEqual(goodLink('line: {tcp: "10.9.9.9:7000"}', 'compression: deflate').ccp, {
      send: ['deflate'],
      receive: ['deflate'],
      mppe: undefined,
    });
  });

  for (const bad of [
    'lzs',
    ['deflate', 'zip'],
    { send: { deflate: 'yes' } },
    { mppe: 'yes' },
    { 'mppe-bits': '64' },
    { 'mppe-bits': [] },
    { bits: '40' },
  ]) {
    it(`does not know ${JSON.stringify(bad)}`, () => {
      assert.equal(compression.safeParse(bad).success, false);
    });
  }
});
