/** A link of both families: what the pump carries of each, and what the link does when one joins or leaves while it is up. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LinkConfig } from '../../src/config/types.js';
import { agreedNetwork, LinkRig, testConfig } from '../support/link-rig.js';
import { PumpPair, udpPacket } from '../support/pump-pair.js';

/** An IPv6/UDP packet of that length. RFC 8200 §3 */
function udp6Packet(length: number): Uint8Array {
  const packet = new Uint8Array(length);
  packet.set([0x60, 0, 0, 0, (length - 40) >>> 8, (length - 40) & 0xff, 17, 64]);
  packet[length - 1] = 0x66;
  return packet;
}

describe('the pump', () => {
  it('carries IPv6 beside IPv4 where both are agreed on, and drops what is no IP', async () => {
    const pair = new PumpPair(12, 115_200, true);
    await pair.up();
    const [four, six] = [udpPacket(100), udp6Packet(200)];
    pair.a.port.send(four, six, new Uint8Array(50), udp6Packet(1501));
    await pair.scheduler.pass(500);
    assert.deepEqual(pair.b.port.delivered, [four, six]);
    assert.equal(pair.a.pump.counters().errors['too-large'], 1);
    assert.match(pair.a.pump.session?.localIp6 ?? '', /^fe80::/);
    assert.equal(pair.a.pump.session?.localIp6, pair.b.pump.session?.remoteIp6);
  });

  it('carries no IPv6 where only IPv4 is', async () => {
    const pair = new PumpPair();
    await pair.up();
    pair.a.port.send(udp6Packet(200), udpPacket(100));
    await pair.scheduler.pass(500);
    assert.deepEqual(pair.b.port.delivered, [udpPacket(100)]);
  });
});

describe('the link', () => {
  const hook = { command: ['/bin/true'], user: undefined, timeoutMs: 1000, pppd: false } as const;
  const { hooks } = testConfig;
  const config: LinkConfig = {
    ...testConfig,
    hooks: { ...hooks, hooks: { ...hooks.hooks, up: [hook], 'address-changed': [hook] } },
  };
  const four = agreedNetwork('10.0.0.1', '10.0.0.2');
  const ip6 = { local: 'fe80::1', remote: 'fe80::2' };
  const installs = (rig: LinkRig): number => rig.acts.filter((act) => act === 'install').length;

  it('installs a family that joins while it is up, and tells the hooks', async () => {
    const rig = new LinkRig(config);
    await rig.comeUp();
    rig.hear({ type: 'network-changed', network: { ...four, ip6 } });
    await rig.scheduler.pass(1);
    assert.equal(rig.link.state, 'up');
    assert.equal(installs(rig), 2);
    const last = rig.hooked.at(-1);
    assert.deepEqual(
      [last?.moment, last?.facts.local6, last?.facts.remote6, last?.facts.previous?.remote],
      ['address-changed', 'fe80::1', 'fe80::2', four.ip4?.remote],
    );
    rig.hear({ type: 'network-changed', network: { mtu: 1500, ip4: undefined, ip6 } });
    await rig.scheduler.pass(1);
    assert.equal(rig.link.state, 'up');
    assert.equal(installs(rig), 3);
    assert.equal(rig.hooked.at(-1)?.facts.local, undefined);
  });

  it('comes up when a family joins before the first is installed', async () => {
    const rig = new LinkRig(config);
    rig.link.command('up');
    await rig.scheduler.pass(1);
    rig.networkUp();
    rig.hear({ type: 'network-changed', network: { ...four, ip6 } });
    await rig.scheduler.pass(1);
    assert.equal(rig.link.state, 'up');
    const last = rig.hooked.findLast(({ moment }) => moment === 'up');
    assert.equal(last?.facts.local6, 'fe80::1');
  });

  it('comes up with IPv6 alone', async () => {
    const rig = new LinkRig(config);
    rig.link.command('up');
    await rig.scheduler.pass(1);
    rig.hear({ type: 'network-up', network: { mtu: 1500, ip4: undefined, ip6 } });
    await rig.scheduler.pass(1);
    assert.equal(rig.link.state, 'up');
    assert.match(rig.events.at(-1)?.message ?? '', /^up: fe80::1 to fe80::2 on branch/);
  });

  it('gives the name servers to the hooks', async () => {
    const rig = new LinkRig(config);
    rig.link.command('up');
    await rig.scheduler.pass(1);
    const ip4 = four.ip4 && { ...four.ip4, dns: [0x0a000035], wins: [] };
    rig.hear({ type: 'network-up', network: { ...four, ip4 } });
    await rig.scheduler.pass(1);
    assert.deepEqual(rig.hooked.findLast(({ moment }) => moment === 'up')?.facts.dns, [0x0a000035]);
  });

  it('sends a peer away whose families come and go without end', async () => {
    const rig = new LinkRig(config);
    await rig.comeUp();
    for (let round = 0; round < 25; round++) {
      rig.hear({ type: 'network-changed', network: { ...four, ip6: round % 2 === 0 ? ip6 : undefined } });
      await rig.scheduler.pass(1);
    }
    assert.equal(rig.link.status().lastCause?.cause.code, 'restless');
  });
});
