/** The RFCs' own numbers: 1320, 1994 (worked by hand), 2433 appendix B, 2759 §9, 3079 §2.5 and §3.5 as far as start keys go. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { formatHex, parseHex } from '../../src/base/bytes.js';
import { md4 } from '../../src/base/md4.js';
import { encodeText } from '../../src/base/text.js';
import { md5Response } from '../../src/ppp/auth/algorithm.js';
import { authenticatorResponse, challengeHash, ntResponse } from '../../src/ppp/auth/ms-chap-v2.js';
import {
  getAsymmetricStartKey,
  getMasterKey,
  getStartKey,
  keysFromMsChap,
  keysFromMsChapV2,
} from '../../src/ppp/auth/mppe-keys.js';
import { challengeResponse, lmPasswordHash, ntPasswordHash } from '../../src/ppp/auth/nt-hash.js';
import { field, readRecords } from '../support/vectors.js';

const hex = (bytes: Uint8Array): string => formatHex(bytes, '');

describe('MD4', () => {
  for (const record of readRecords('rfc1320-md4.txt')) {
    const text = record.get('text') ?? '';
    it(`of "${text.slice(0, 20)}" (${text.length} characters)`, () => {
      assert.equal(hex(md4(encodeText(text))), field(record, 'digest'));
    });
  }

  it('pads messages of every length around a block: 55 to 65 octets differ all', () => {
    const digests = Array.from({ length: 11 }, (_, i) => hex(md4(new Uint8Array(55 + i))));
    assert.equal(new Set(digests).size, 11);
  });
});

describe('CHAP with MD5 (RFC 1994 §4.1)', () => {
  it('digests Identifier, secret and challenge', () => {
    const response = md5Response({
      id: 0x2a,
      challenge: parseHex('00 11 22 33 44 55 66 77'),
      name: encodeText('peer'),
      secret: encodeText('s3cret'),
    });
    const whole = Buffer.concat([Uint8Array.of(0x2a), Buffer.from('s3cret'), parseHex('0011223344556677')]);
    assert.equal(hex(response), createHash('md5').update(whole).digest('hex'));
    assert.equal(hex(response), '81d56444ea53b0e4b6f7e5e7a010098c');
  });
});

describe('MS-CHAP (RFC 2433, RFC 2759, RFC 3079)', () => {
  const vectors = new Map(readRecords('ms-chap.txt').map((record) => [field(record, 'source'), record]));
  const of = (source: string) => {
    const record = vectors.get(source);
    assert.ok(record);
    return {
      text: (key: string) => encodeText(field(record, key)),
      octets: (key: string) => parseHex(field(record, key)),
      digits: (key: string) => field(record, key).toLowerCase().replace(/\s/g, ''),
    };
  };

  it('RFC 2433 B.2: the hash of a password and the answer to a challenge', () => {
    const { text, octets, digits } = of('2433-B.2');
    const hash = ntPasswordHash(text('password'));
    assert.equal(hex(hash), digits('hash'));
    assert.equal(hex(challengeResponse(octets('challenge'), hash)), digits('response'));
  });

  it("RFC 2759 9.2: challenge, answer, and the authenticator's own proof", () => {
    const { text, octets, digits } = of('2759-9.2');
    const question = {
      id: 0,
      challenge: octets('authenticator-challenge'),
      name: text('name'),
      secret: text('password'),
    };
    const peer = octets('peer-challenge');
    const hash = ntPasswordHash(question.secret);
    assert.equal(hex(challengeHash(question, peer)), digits('challenge'));
    assert.equal(hex(hash), digits('hash'));
    assert.equal(hex(md4(hash)), digits('hash-hash'));
    const nt = ntResponse(question, peer);
    assert.equal(hex(nt), digits('response'));
    assert.deepEqual(authenticatorResponse(question, peer, nt), text('authenticator-response'));
    assert.deepEqual(ntResponse({ ...question, name: encodeText('DOMAIN\\User') }, peer), nt);
  });

  it('RFC 3079 2.5: start keys of MS-CHAP', () => {
    const { text, octets, digits } = of('3079-2.5');
    const password = text('password');
    assert.equal(hex(lmPasswordHash(password)), digits('lm-hash'));
    assert.equal(hex(getStartKey(octets('challenge'), md4(ntPasswordHash(password)))), digits('start-key-128'));
    const { send, receive } = keysFromMsChap(password, octets('challenge'));
    assert.deepEqual(send, receive);
    assert.deepEqual([hex(send[40]), hex(send[56])], [digits('start-key-40'), digits('start-key-40')]);
    assert.equal(hex(send[128]), digits('start-key-128'));
  });

  it('RFC 3079 3.5: start keys of MS-CHAPv2, each end sending what the other receives', () => {
    const { text, octets, digits } = of('3079-3.5');
    const master = getMasterKey(md4(ntPasswordHash(text('password'))), octets('response'));
    assert.equal(hex(master), digits('master-key'));
    assert.equal(hex(getAsymmetricStartKey(master, true, true)), digits('send-start-key-128'));
    const server = keysFromMsChapV2(text('password'), octets('response'), 'authenticator');
    const client = keysFromMsChapV2(text('password'), octets('response'), 'peer');
    assert.equal(hex(server.send[40]), digits('send-start-key-40'));
    assert.equal(hex(server.send[56]), digits('send-start-key-40'));
    assert.equal(hex(server.send[128]), digits('send-start-key-128'));
    assert.deepEqual(client.receive, server.send);
    assert.deepEqual(client.send, server.receive);
    assert.notDeepEqual(client.send, client.receive);
  });
});
