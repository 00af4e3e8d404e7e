/**
 * Proxy ARP and proxy NDP under traffic: a host reaches the peer, which it takes for one of its own LAN, as it has no route
 * to it.
 *
 *     host eth0 ──── lan0 router tun0 ──── eth0 peer
 *     192.168.1.9/24        192.168.1.1           192.168.1.77
 *     2001:db8:1::9/64      2001:db8:1::1         2001:db8:1::77
 */
import { afterEach, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { wantedInterface } from '../../src/net/wanted.js';
import { eventually } from '../support/eventually.js';
import type { Namespace } from '../support/netns.js';
import { facts6, ip, NetRig, noOptions } from './support.js';

const wanted = wantedInterface(
  { ...facts6, local: ip('192.168.1.1'), remote: ip('192.168.1.77') },
  {
    ...noOptions,
    local6: '2001:db8::1',
    remote6: '2001:db8:1::77',
    proxyArp: [{ target: 'peer', interface: undefined }],
    proxyNdp: [{ target: 'peer', interface: undefined }],
    forward: { interfaces: ['lan0'] },
  },
);

describe('a host without a route', () => {
  let rig: NetRig;
  let host: Namespace;

  beforeEach(async () => {
    rig = await NetRig.create(() => Promise.resolve());
    const { lab, namespace: router } = rig;
    host = await lab.namespace('host');
    const peer = await lab.namespace('peer');
    await lab.connect(
      { in: host, name: 'eth0', address: '192.168.1.9/24' },
      { in: router, name: 'lan0', address: '192.168.1.1/24' },
    );
    await lab.connect({ in: router, name: 'tun0' }, { in: peer, name: 'eth0', address: '192.168.1.77/32' });
    await host.ip('-6 address add 2001:db8:1::9/64 dev eth0 nodad');
    await router.ip('-6 address add 2001:db8:1::1/64 dev lan0 nodad');
    for (const address of ['fe80::2/128', '2001:db8:1::77/128']) {
      await peer.ip(`-6 address add ${address} dev eth0 nodad`);
    }
    await peer.ip('route add default via 192.168.1.1 dev eth0 onlink');
    await peer.ip('-6 route add fe80::1 dev eth0');
    await peer.ip('-6 route add default via fe80::1 dev eth0');
  });
  afterEach(() => rig.close());

  for (const [how, address] of [
    ['proxy ARP', '192.168.1.77'],
    ['proxy NDP', '2001:db8:1::77'],
  ] as const) {
    it(`reaches the peer by ${how} while the link is up`, async () => {
      const reaches = async (): Promise<boolean> => {
        await host.ip('neighbour flush dev eth0');
        return (await rig.lab.ping(host, address, { count: 1, timeoutMs: 500 })).received === 1;
      };
      assert.equal(await reaches(), false);
      const driver = rig.driver();
      await driver.up(wanted);
      // Addresses of the veth become usable a moment after it is set up.
      await eventually(reaches, 20_000, `an answer from ${address}`);
      await driver.down('tun0');
      assert.equal(await reaches(), false);
    });
  }
});
