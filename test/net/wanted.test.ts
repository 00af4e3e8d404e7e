/** From the config's words to what is wanted of the system. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anywhere, familyOf, formatPrefix } from '../../src/base/ip.js';
import type { Observed } from '../../src/net/observed.js';
import { describe as describeOperation } from '../../src/net/operation.js';
import { planSwitches } from '../../src/net/switches.js';
import {
  defaultsOf,
  outlasting,
  wantedInterface,
  type UnreachableRoute,
  type WantedRoute,
} from '../../src/net/wanted.js';
import { address, testConfig } from '../support/link-rig.js';
import { network } from './support.js';

const facts = {
  link: 'branch',
  name: 'tun-branch',
  mtu: 1500,
  local: address('10.0.0.1'),
  remote: address('10.0.0.2'),
};
const net = { ...testConfig.net, unreachable: true };

describe('what is wanted for a link', () => {
  it('lasts as an unreachable route where the config says so', () => {
    const prefixes = (unreachable: boolean) =>
      outlasting(facts, { ...net, unreachable }).unreachable?.map(({ prefix }) => prefix);
    assert.deepEqual(
      prefixes(true),
      net.networks.map(({ prefix }) => prefix),
    );
    assert.deepEqual(prefixes(false), []);
  });

  it('takes answers from everywhere for genuine behind a default route, and only there', () => {
    const sources = (defaultRoute: typeof net.defaultRoute) =>
      outlasting(facts, { ...net, antiSpoof: true, defaultRoute }).filter?.networks;
    assert.deepEqual(sources(undefined), [{ address: address('10.2.0.0'), length: 16 }]);
    assert.deepEqual(sources({ metric: 0, supersede: false })?.slice(-2), [anywhere[4], anywhere[6]]);
  });

  it('has what PPP agreed on, and the routes of the config', () => {
    const { mtu, local, remote, routes } = wantedInterface(facts, net);
    assert.deepEqual([mtu, local, remote, routes], [1500, facts.local, facts.remote, net.networks]);
  });
});

describe('what is wanted of IPv6', () => {
  it('is no address of the kernel’s own, from before IPv6 joins on', () => {
    const tun = { index: 3, mtu: 1500, up: false, loopback: false, addresses: [], routes: [], peers: [] };
    const paths = ['disable_ipv6', 'addr_gen_mode', 'accept_ra'].map((key) => `ipv6/conf/${facts.name}/${key}`);
    const observed: Observed = {
      ...{ interfaces: [{ ...tun, name: facts.name }], defaults: [], unreachable: [], proxies: [] },
      switches: new Map(paths.map((path) => [path, 0])),
    };
    const set = (awaitsIp6: boolean): string[] => {
      const wanted = wantedInterface({ ...facts, carries: [4], awaitsIp6 }, net);
      return planSwitches([wanted], [], observed, {}).operations.map(describeOperation);
    };
    assert.deepEqual(set(true), [`sysctl -w net.ipv6.conf.${facts.name}.addr_gen_mode=1`]);
    assert.deepEqual(set(false), []);
  });

  const networks = [...net.networks, network('2001:db8:2::/48')];
  const options = { ...net, networks, local6: '2001:db8::1', remote6: '2001:db8::2' };
  const families = (routes: readonly (UnreachableRoute | WantedRoute)[]): number[] =>
    routes.map(({ prefix }) => familyOf(prefix));

  it('is the addresses of the link itself and the global ones, and the routes of both families', () => {
    const both = { ...facts, linkLocal6: 'fe80::1', peerLinkLocal6: 'fe80::2', carries: [4, 6] } as const;
    const { addresses6, routes } = wantedInterface(both, options);
    assert.deepEqual(addresses6, [
      { local: 'fe80::1', remote: 'fe80::2' },
      { local: '2001:db8::1', remote: '2001:db8::2' },
    ]);
    assert.deepEqual(families(routes), [4, 6]);
  });

  it('is nothing where PPP agreed on IPv4 alone, and the other way round', () => {
    const four = wantedInterface({ ...facts, carries: [4] }, options);
    assert.deepEqual([four.addresses6, families(four.routes), defaultsOf(four)], [undefined, [4], []]);
    const six = wantedInterface({ ...facts, local: 0, remote: 0, carries: [6] }, options);
    assert.deepEqual([six.local, families(six.routes)], [0, [6]]);
  });

  it('is what the config has of it while there is no session', () => {
    assert.deepEqual(families(wantedInterface(facts, options).routes), [4, 6]);
    assert.equal(wantedInterface(facts, net).addresses6, undefined);
    assert.deepEqual(families(outlasting(facts, { ...options, unreachable: true }).unreachable ?? []), [4, 6]);
  });

  it('takes what comes from the peer itself for genuine', () => {
    const sources = outlasting(facts, { ...options, antiSpoof: true }).filter?.networks.map(formatPrefix);
    assert.deepEqual(sources, ['10.2.0.0/16', '2001:db8:2::/48', 'fe80::/10', '2001:db8::2/128']);
  });
});
