/** Right configs of what a link carries: addresses of IPv4 and where they come from, pools, IPv6. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config/parse.js';
import { good } from './support.js';

describe('addresses of IPv4', () => {
  const ranges = [{ address: 0x0a070000, length: 16 }];
  const any = [{ address: 0, length: 0 }];
  const cases: readonly (readonly [string, object])[] = [
    ['local: 10.0.0.1\nremote: 10.0.0.2', { local: 0x0a000001, remote: 0x0a000002 }],
    ['local: from-peer\nremote: from-peer', { local: 0, remote: 0 }],
    ['remote: 10.0.0.2', { local: 0, remote: 0x0a000002 }],
    [
      'remote: from-peer\nipcp: {accept-local: 10.7.0.0/16, accept-remote: any}',
      { acceptLocal: ranges, acceptRemote: any },
    ],
    ['remote: {host: branch.example.org}', { remote: 0, remoteFrom: { kind: 'host', host: 'branch.example.org' } }],
    ['remote: from-peer\nipcp: {dns: on}', { dns: { ask: true, offer: [] } }],
    ['remote: from-peer\nipcp: {dns: {ask: on, offer: 10.0.0.53}}', { dns: { ask: true, offer: [0x0a000035] } }],
    [
      'remote: from-peer\nipcp: {wins: {offer: [10.0.0.53, 10.0.0.54]}}',
      { wins: { ask: false, offer: [0x0a000035, 0x0a000036] } },
    ],
    ['remote: from-peer\nipcp: {vj: off}', { vj: undefined }],
    ['remote: from-peer\nipcp: {vj: on}', { vj: { slots: 16, slotCompression: true } }],
    ['remote: from-peer\nipcp: {vj: {slots: 4, slot-compression: off}}', { vj: { slots: 4, slotCompression: false } }],
  ];
  for (const [text, expected] of cases) {
    it(text.replaceAll('\n', '; '), () => {
      const [link] = good(linkOf(text)).links;
      assert.ok(link?.ipcp);
      const { local, remote, ipcp } = link;
      assert.deepEqual({ local, remote, ...ipcp, ...expected }, { local, remote, ...ipcp });
    });
  }

  it('come from a pool, which any file may hold', () => {
    const { links } = good(`pools:\n  clients: [10.9.0.0/30, 10.9.1.1]\n${linkOf('remote: {pool: clients}')}`);
    const first = { first: 0x0a090001, last: 0x0a090002 };
    const second = { first: 0x0a090101, last: 0x0a090101 };
    assert.deepEqual(links[0]?.ipcp?.remoteFrom, { kind: 'pool', pool: { name: 'clients', ranges: [first, second] } });
    const dropIn = parseConfig([
      { file: 'linkd.yaml', text: linkOf('remote: {pool: clients}') },
      { file: 'links.d/pools.yaml', text: 'pools:\n  clients: 10.9.0.0/31\n' },
    ]);
    assert.ok(dropIn.ok);
    assert.deepEqual(dropIn.config.links[0]?.ipcp?.remoteFrom, {
      kind: 'pool',
      pool: { name: 'clients', ranges: [{ first: 0x0a090000, last: 0x0a090001 }] },
    });
  });
});

describe('what a link carries', () => {
  const none = { local: undefined, remote: undefined };
  const cases: readonly (readonly [string, boolean, object | undefined])[] = [
    ['remote: from-peer', true, undefined],
    ['remote: from-peer\nipv6: off', true, undefined],
    ['remote: from-peer\nipv6: on', true, none],
    ['remote: from-peer\nnetworks: 2001:db8:2::/48', true, none],
    ['remote: from-peer\nlocal6: 2001:db8::1\nremote6: 2001:db8::2', true, none],
    ['ipv4: off\nipv6: {local: ::1}', false, { local: '0000000000000001', remote: undefined }],
    ['ipv4: off\nipv6: {remote: ::a00:20ff:fe12:3456}', false, { local: undefined, remote: '0a0020fffe123456' }],
  ];
  for (const [text, ip4, ipv6cp] of cases) {
    it(text.replaceAll('\n', '; '), () => {
      const [link] = good(linkOf(text)).links;
      assert.deepEqual([link?.ipcp !== undefined, link?.ipv6cp], [ip4, ipv6cp]);
    });
  }
});

/** A config of one link with these keys beside its line. */
function linkOf(keys: string): string {
  const lines = ['line: /dev/ttyS0', ...keys.split('\n')].map((line) => `    ${line}`);
  return ['links:', '  branch:', ...lines, ''].join('\n');
}
