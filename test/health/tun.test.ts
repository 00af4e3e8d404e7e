/**
 * Real hosts, answering or not, behind the kernel's own TUN:
 *
 *     host-a eth0 ──veth── lan-a router hl0 ══ the monitor (a process in the router's namespace)
 *     10.1.0.2/16   10.1.0.1/16   │   10.9.0.1 ══ 10.9.0.2
 *     host-b eth0 ──veth── lan-b ─┘
 *     10.2.0.2/16   10.2.0.1/16
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { Lab, type Namespace } from '../support/netns.js';
import type { Child } from '../support/process.js';

const longMs = 30_000;
const name = 'hl0';

describe('the monitor, with hosts behind a real TUN', () => {
  let lab: Lab;
  let router: Namespace;
  let hosts: Namespace[];
  let child: Child;

  before(async () => {
    lab = await Lab.create();
    router = await lab.namespace('router');
    hosts = [await addHost('a', '10.1.0'), await addHost('b', '10.2.0')];
    await router.sysctl('net.ipv4.ip_forward', '1');
    child = router.spawn(process.execPath, [
      ...[join(import.meta.dirname, 'tun-child.js'), name, '10.9.0.2'],
      ...['10.1.0.2', '10.2.0.2'],
    ]);
    await child.printed(/open/, longMs);
    await router.ip(`address add 10.9.0.1 peer 10.9.0.2 dev ${name}`);
    await router.ip(`link set ${name} up`);
    child.write('start\n');
  });
  after(() => lab.close());

  it('is healthy: the kernel takes its requests, and both hosts answer', async () => {
    await child.printed(/now healthy, 2 answered/, longMs);
  });

  it('stays healthy while one host is left', async () => {
    await take(0);
    // Longer than a failure takes: the state is shown ten times a second.
    const before = count(/now healthy/g);
    await eventually(() => count(/now healthy/g) > before + 60, longMs, 'six seconds more');
    assert.equal(count(/^failed/gm), 0);
  });

  it('fails when the last one is taken away, and is healthy again when one is brought back', async () => {
    await take(1);
    await child.printed(/^failed: no answer from 10\.1\.0\.2, 10\.2\.0\.2, 3 times in a row$/m, longMs);
    await give(0);
    await child.printed(/^healthy: 10\.1\.0\.2 answers$/m, longMs);
    assert.deepEqual([count(/^failed/gm), count(/^healthy/gm)], [1, 1]);
  });

  async function addHost(label: string, net: string): Promise<Namespace> {
    const host = await lab.namespace(`host-${label}`);
    await lab.connect(
      { in: host, name: 'eth0', address: `${net}.2/16` },
      { in: router, name: `lan-${label}`, address: `${net}.1/16` },
    );
    await host.ip(`route add default via ${net}.1`);
    return host;
  }

  async function take(index: number): Promise<void> {
    await hosts[index]!.ip('link set eth0 down');
  }

  async function give(index: number): Promise<void> {
    await hosts[index]!.ip('link set eth0 up');
    await hosts[index]!.ip(`route add default via 10.${index + 1}.0.1`);
  }

  function count(pattern: RegExp): number {
    return [...child.stdout.matchAll(pattern)].length;
  }
});
