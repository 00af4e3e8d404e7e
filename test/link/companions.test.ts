/** What goes along with a link's life: hooks at their moments, health, accounting, quota, and a reload under the session. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cause } from '../../src/base/cause.js';
import type { LinkConfig } from '../../src/config/types.js';
import { hookMoments, type Hook, type HookOptions } from '../../src/hooks/options.js';
import type { LinkCounters } from '../../src/link/types.js';
import { address, agreedNetwork, LinkRig, testConfig } from '../support/link-rig.js';

const hook: Hook = { command: ['/bin/true'], user: undefined, timeoutMs: 1000, pppd: false };
const one = [hook];
const hooks: HookOptions = {
  hooks: { 'pre-up': one, up: one, down: one, 'post-down': one, fail: one, 'address-changed': one },
  ipparam: '',
};
const track: NonNullable<LinkConfig['track']> = {
  hosts: [address('10.2.0.2')],
  intervalMs: 1000,
  timeoutMs: 500,
  failures: 3,
  recoveries: 2,
  action: { kind: 'restart' },
};

function statistics(rig: LinkRig, rxBytes: number, txBytes: number): void {
  const counters: LinkCounters = {
    rxPackets: 1,
    rxBytes,
    txPackets: 1,
    txBytes,
    lineRxBytes: rxBytes,
    lineTxBytes: txBytes,
    errors: {},
  };
  rig.hear({ type: 'statistics', at: rig.scheduler.now(), counters, session: undefined });
}

describe('name servers', () => {
  const told = (...dns: string[]) => {
    const { ip4, ...rest } = agreedNetwork('10.0.0.1', '10.0.0.2');
    return { ...rest, ip4: ip4 && { ...ip4, dns: dns.map(address) } };
  };

  it('of the peer are in the system while the link is up', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    assert.deepEqual(rig.nameServers, []);
    rig.hear({ type: 'network-down' });
    rig.hear({ type: 'network-up', network: told('10.0.0.53', '10.0.0.54') });
    await rig.scheduler.pass(1);
    assert.deepEqual(rig.nameServers, [address('10.0.0.53'), address('10.0.0.54')]);
    rig.line.end(cause('carrier-lost'));
    await rig.scheduler.pass(1);
    assert.deepEqual(rig.nameServers, []);
  });

  it('are put back, and taken over again, by a reload', async () => {
    const rig = new LinkRig({ ...testConfig, resolver: 'file' });
    await rig.comeUp();
    rig.hear({ type: 'network-down' });
    rig.hear({ type: 'network-up', network: told('10.0.0.53') });
    await rig.scheduler.pass(1);
    await rig.link.reconfigure({ ...testConfig, resolver: 'off' });
    assert.deepEqual(rig.nameServers, []);
    await rig.link.reconfigure({ ...testConfig, resolver: 'file' });
    assert.deepEqual(rig.nameServers, [address('10.0.0.53')]);
  });
});

describe('hooks', () => {
  it('exist for every moment', () => {
    assert.deepEqual([...hookMoments].sort(), Object.keys(hooks.hooks).sort());
  });

  it('run at their moments, with what is known then', async () => {
    const rig = new LinkRig({ ...testConfig, hooks });
    await rig.comeUp();
    await rig.scheduler.pass(5000);
    rig.line.end(cause('carrier-lost'));
    rig.behaviour.open = 'device-missing';
    await rig.scheduler.pass(10);
    const moments = rig.hooked.map(({ moment }) => moment);
    assert.deepEqual(moments, ['pre-up', 'up', 'address-changed', 'down', 'post-down', 'pre-up', 'fail']);
    const { facts } = rig.hooked[1] ?? {};
    assert.deepEqual([facts?.local, facts?.mtu, facts?.device], [address('10.0.0.1'), 1500, '/dev/ttyS0']);
    const down = rig.hooked[3]?.facts;
    assert.deepEqual([down?.cause?.code, down?.upMs], ['carrier-lost', 5001]);
  });

  it('address-changed runs only when an address is another', async () => {
    const rig = new LinkRig({ ...testConfig, hooks });
    await rig.comeUp();
    for (const remote of ['10.0.0.2', '10.0.0.9']) {
      rig.hear({ type: 'network-down' });
      await rig.scheduler.pass(1);
      rig.hear({ type: 'network-up', network: agreedNetwork('10.0.0.1', remote) });
      await rig.scheduler.pass(1);
    }
    const changes = rig.hooked
      .filter(({ moment }) => moment === 'address-changed')
      .map(({ facts }) => facts.previous?.remote);
    assert.deepEqual(changes, [undefined, address('10.0.0.2')]);
  });
});

describe('accounting', () => {
  it('counts a session from its own beginning, and ends it with the cause', async () => {
    const rig = new LinkRig();
    statistics(rig, 1000, 2000);
    await rig.comeUp();
    statistics(rig, 1500, 2700);
    assert.deepEqual(rig.counted, { rxBytes: 500, txBytes: 700 });
    rig.line.end(cause('line-hangup'));
    await rig.scheduler.pass(1);
    assert.deepEqual(rig.sessionEnds, ['line-hangup']);
  });

  it('a quota that is used up takes the link down, and keeps it down until it is whole again', async () => {
    const quota = { monthlyBytes: 1000, warnAt: 0.5, cutOff: true };
    const rig = new LinkRig({ ...testConfig, quota });
    await rig.comeUp();
    rig.usedBytes = 600;
    statistics(rig, 300, 300);
    assert.equal(rig.link.status().quota?.state, 'warn');
    assert.equal(rig.link.state, 'up');
    rig.usedBytes = 1000;
    statistics(rig, 500, 500);
    await rig.scheduler.pass(600_000);
    assert.equal(rig.link.state, 'waiting');
    assert.equal(rig.link.status().lastCause?.cause.code, 'quota-used-up');
    assert.equal(rig.acts.filter((act) => act === 'open').length, 1, 'the line was opened again');
    rig.usedBytes = 0;
    await rig.scheduler.pass(60_001);
    assert.equal(rig.link.state, 'negotiating');
  });
});

describe('health', () => {
  it('restarts the link when nothing behind the peer answers', async () => {
    const rig = new LinkRig({ ...testConfig, track });
    await rig.comeUp();
    await rig.scheduler.pass(10_000);
    assert.ok(rig.acts.filter((act) => act === 'probe').length >= 3);
    assert.equal(rig.link.status().lastCause?.cause.code, 'unhealthy');
  });

  it('or raises the metric of its routes, and leaves the link up', async () => {
    const rig = new LinkRig({ ...testConfig, track: { ...track, action: { kind: 'metric', add: 500 } } });
    await rig.comeUp();
    assert.deepEqual(rig.metrics, [undefined]);
    await rig.scheduler.pass(10_000);
    assert.deepEqual([rig.link.state, rig.metrics], ['up', [500]]);
    assert.equal(rig.link.status().health?.state, 'failed');
  });

  it('asks nothing while the link is not up', async () => {
    const rig = new LinkRig({ ...testConfig, track });
    rig.link.command('up');
    await rig.scheduler.pass(10_000);
    assert.ok(!rig.acts.includes('probe'));
  });
});

describe('a reload', () => {
  it('changes routes under the session', async () => {
    const rig = new LinkRig();
    await rig.comeUp();
    rig.acts.length = 0;
    const networks = testConfig.net.networks.map((network) => ({ ...network, metric: 7 }));
    await rig.link.reconfigure({ ...testConfig, net: { ...testConfig.net, networks } });
    assert.deepEqual([rig.acts, rig.metrics, rig.link.state], [['install'], [7], 'up']);
  });

  it('changes what outlasts while the link is down', async () => {
    const rig = new LinkRig();
    await rig.link.reconfigure({ ...testConfig, net: { ...testConfig.net, unreachable: true } });
    assert.deepEqual(rig.acts, ['hold']);
  });
});
