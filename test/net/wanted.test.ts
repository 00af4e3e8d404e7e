/** From the config's words to what is wanted of the system. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { outlasting, wantedInterface } from '../../src/net/wanted.js';
import { address, testConfig } from '../support/link-rig.js';

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
    assert.deepEqual(sources({ metric: 0, supersede: false })?.at(-1), { address: 0, length: 0 });
  });

  it('has what PPP agreed on, and the routes of the config', () => {
    const { mtu, local, remote, routes } = wantedInterface(facts, net);
    assert.deepEqual([mtu, local, remote, routes], [1500, facts.local, facts.remote, net.networks]);
  });
});
