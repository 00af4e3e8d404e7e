/** The queue's classes as the config has them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dscpNames, parseDscp } from '../../src/config/dscp.js';
import { goodLink } from './support.js';

const none = { match: [], share: 0.5 };
const noBulk = { match: [], share: 0.1 };

describe('queue', () => {
  it('is nothing where nothing is written', () => {
    for (const text of ['mtu: 1500', 'queue: off']) assert.equal(goodLink(text).queue, undefined);
    assert.deepEqual(goodLink('queue: {}').queue, { ecn: true, interactive: none, bulk: noBulk });
  });

  it('takes its classes: DSCP, and services in the words of the firewall', () => {
    const { queue } = goodLink(
      'queue: {ecn: off, interactive: {match: ["dscp ef, cs6", ssh, "tcp 8000-8010, udp 53", icmp], share: 30%}, bulk: dscp 1}',
    );
    assert.deepEqual(queue, {
      ecn: false,
      interactive: {
        match: [
          { kind: 'dscp', dscp: 46 },
          { kind: 'dscp', dscp: 48 },
          { kind: 'ports', protocol: 6, first: 22, last: 22 },
          { kind: 'ports', protocol: 6, first: 8000, last: 8010 },
          { kind: 'ports', protocol: 17, first: 53, last: 53 },
          { kind: 'protocol', protocol: 1 },
          { kind: 'protocol', protocol: 58 },
        ],
        share: 0.3,
      },
      bulk: { match: [{ kind: 'dscp', dscp: 1 }], share: 0.1 },
    });
  });

  it('takes whole protocols', () => {
    assert.deepEqual(goodLink('queue: {bulk: [tcp, protocol 47]}').queue?.bulk.match, [
      { kind: 'protocol', protocol: 6 },
      { kind: 'protocol', protocol: 47 },
    ]);
  });
});

describe('parseDscp', () => {
  for (const [name, value] of [
    ['ef', 46],
    ['EF', 46],
    ['cs0', 0],
    ['cs6', 48],
    ['af11', 10],
    ['af43', 38],
    ['le', 1],
    ['voice-admit', 44],
    ['63', 63],
    ['0', 0],
  ] as const)
    it(`knows ${name}`, () => {
      assert.equal(parseDscp(name), value);
    });
  for (const text of ['', '64', 'cs8', 'af14', 'af50', '-1', 'constructor', '4.5'])
    it(`refuses ${text === '' ? 'nothing' : text}`, () => {
      assert.equal(parseDscp(text), undefined);
    });

  it('has 8 class selectors, 12 of assured forwarding, and 3 of their own, none twice', () => {
    assert.equal(new Set(dscpNames.map(parseDscp)).size, 23);
  });
});
