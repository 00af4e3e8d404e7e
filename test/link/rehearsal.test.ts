/** The packet worker's rehearsal: it ends, for each kind of link that a config can have, and nothing is left of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LinkConfig } from '../../src/config/types.js';
import { Codecs } from '../../src/framing/codecs.js';
import { rehearse } from '../../src/link/rehearsal.js';
import { repertoire } from '../../src/link/repertoire.js';
import { loadKernel } from '../../src/native/kernel.js';
import { seededRandom } from '../support/random.js';
import { good } from '../config/support.js';

const serial = ['line: /dev/ttyS0'];
const addresses = ['local: 10.1.0.1', 'remote: 10.1.0.2'];
const secrets = 'secret: {file: /etc/a}, peer-secret: {file: /etc/b}';

const kinds: readonly (readonly [string, readonly string[]])[] = [
  ['plain', ['line: {unix-listen: /run/line, speed: 115200}', ...addresses]],
  ['without a speed', ['line: {tcp: "192.0.2.1:7000"}', ...addresses]],
  ['serial, with Deflate', [...serial, ...addresses]],
  ['with BSD-Compress', [...serial, ...addresses, 'compression: bsd']],
  ['with IPv6', [...serial, ...addresses, 'ipv6: on']],
  ['that takes what the peer gives', [...serial, 'ipcp: {dns: {ask: on}}', 'remote: from-peer', 'local: from-peer']],
  ['with Multilink', ['lines: [/dev/ttyS0, /dev/ttyS1]', ...addresses]],
  ['with Multilink on one line', [...serial, ...addresses, 'multilink: on']],
  ['silent', [...serial, ...addresses, 'lcp: {silent: on}']],
  ['that reports its quality', [...serial, ...addresses, 'lcp: {lqr: on}']],
  ...['pap', 'chap', 'mschap', 'mschap-v2', 'eap-md5', 'eap-mschap-v2'].map(
    (method) =>
      [
        `with ${method}`,
        [...serial, ...addresses, `auth: {require: ${method}, accept: ${method}, ${secrets}}`],
      ] as const,
  ),
  [
    'that must be encrypted',
    [...serial, ...addresses, `auth: {require: mschap-v2, ${secrets}}`, 'compression: {mppe: required}'],
  ],
];

function linksOf(...links: readonly (readonly string[])[]): readonly LinkConfig[] {
  const lines = links.flatMap((keys, i) => [`  l${i}:`, ...keys.map((key) => `    ${key}`)]);
  return good(['links:', ...lines, ''].join('\n')).links;
}

function host() {
  return { codecs: new Codecs({ load: loadKernel }), random: seededRandom(1) };
}

describe('a rehearsal', () => {
  for (const [name, keys] of kinds) {
    it(`of a link ${name} comes up, carries packets and ends`, () => {
      const [options, ...more] = repertoire(linksOf(keys));
      assert(options !== undefined && more.length === 0);
      const { codecs, random } = host();
      assert.equal(rehearse(options, { codecs, random }), true);
      assert.equal(codecs.taken, 0, 'its memory is given back');
      assert.equal(rehearse(structuredClone(options), { codecs, random }), true, 'as it comes by a message');
    });
  }

  it('that does not come up ends all the same', () => {
    const [options] = repertoire(
      linksOf([...serial, ...addresses, 'compression: {mppe: required}', `auth: {require: mschap-v2, ${secrets}}`]),
    );
    assert(options !== undefined);
    const { codecs, random } = host();
    const { lcp, ipcp, ipv6cp, ccp } = options.session;
    assert(ccp?.mppe !== undefined);
    assert.equal(rehearse({ ...options, session: { lcp, ipcp, ipv6cp, ccp } }, { codecs, random }), false);
    assert.equal(codecs.taken, 0);
  });

  it('that fails gives its memory back', () => {
    const [options] = repertoire(linksOf([...serial, ...addresses, `auth: {require: chap, ${secrets}}`]));
    assert(options !== undefined);
    const { codecs, random } = host();
    let calls = 0;
    let last = Infinity;
    const numbers = (): number => {
      if (++calls >= last) throw new Error('no more numbers');
      return random();
    };
    rehearse(options, { codecs, random: numbers });
    last = 2 * calls; // the session is well under way by then
    assert.throws(() => rehearse(options, { codecs, random: numbers }), /no more numbers/);
    assert.equal(codecs.taken, 0);
  });
});

describe('the repertoire', () => {
  it('has each kind of link once, and no more than a few', () => {
    const line = (i: number): string => `line: /dev/ttyS${i}`;
    const remote = (i: number): string => `remote: 10.1.0.${i}`;
    const links = linksOf([line(1), remote(1)], [line(2), remote(2)], [line(3), remote(3), 'ipv6: on']);
    assert.equal(repertoire(links).length, 2);
    const methods = kinds.filter(([, keys]) => keys.some((key) => key.startsWith('auth')));
    assert(methods.length > 4);
    assert.equal(repertoire(methods.flatMap(([, keys]) => linksOf(keys))).length, 4);
    assert.equal(repertoire([]).length, 0);
  });

  it('holds no secret, name or address of a link', () => {
    for (const [, keys] of kinds)
      assert.doesNotMatch(JSON.stringify(repertoire(linksOf(keys))), /10\.1|\/etc|167837697|167837698/);
  });
});
