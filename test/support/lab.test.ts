/** The namespace lab does what system tests trust it to do. */
import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { eventually } from './eventually.js';
import { Lab, removeStaleNamespaces, type TwoLans } from './netns.js';
import { must, run } from './process.js';

const LONG_MS = 30_000;
const MEGABYTE = 1_000_000;

describe('Lab.twoLans, with a cable in place of the serial line', () => {
  let lab: Lab;
  let lans: TwoLans;

  before(async () => {
    lab = await Lab.create();
    lans = await lab.twoLans();
  });
  after(() => lab.close());

  it('joins each host to its router, and nothing else', async () => {
    const { hostA, hostB, routerA, routerB } = lans;
    assert.equal((await lab.ping(hostA, routerA)).loss, 0);
    assert.equal((await lab.ping(hostB, routerB)).loss, 0);
    assert.equal((await lab.ping(hostA, hostB, { count: 1, timeoutMs: 200 })).loss, 1);
    assert.equal((await lab.ping(routerA, hostB, { count: 1, timeoutMs: 200 })).loss, 1);
    assert.equal((await lab.ping(hostA, '127.0.0.1', { count: 1 })).loss, 0);
  });

  it('carries ping and TCP both ways once the routers are joined', async () => {
    const { hostA, hostB, routerA, routerB } = lans;
    await lab.connect(
      { in: routerA, name: 'wan0', address: '10.0.0.1/30' },
      { in: routerB, name: 'wan0', address: '10.0.0.2/30' },
    );
    await routerA.ip('route add 10.2.0.0/16 via 10.0.0.2');
    await routerB.ip('route add 10.1.0.0/16 via 10.0.0.1');
    for (const [from, to] of [
      [hostA, hostB],
      [hostB, hostA],
    ] as const) {
      const { sent, received, loss, rttsMs } = await lab.ping(from, to, { count: 5, intervalMs: 20, size: 1000 });
      assert.deepEqual({ sent, received, loss }, { sent: 5, received: 5, loss: 0 });
      assert.equal(rttsMs.length, 5);
      assert.ok(rttsMs.every((rtt) => rtt > 0));
      const transfer = await lab.tcpTransfer(from, to, MEGABYTE);
      assert.equal(transfer.bytes, MEGABYTE);
      assert.equal(transfer.intact, true);
      assert.ok(transfer.seconds > 0);
    }
    const empty = await lab.tcpTransfer(hostA, hostB, 0);
    assert.equal(empty.intact, true);
  });

  it('says why a transfer failed', async () => {
    const { hostA, routerB } = lans;
    const lonely = await lab.namespace('lonely');
    await assert.rejects(lab.tcpTransfer(lonely, hostA, 1), /ENETUNREACH/);
    await assert.rejects(lab.tcpTransfer(hostA, lonely, 1), /no address/);
    await assert.rejects(lab.ping(routerB, 'not-an-address'), /ping: /);
  });

  it('reads and sets what is inside only', async () => {
    const { hostA, routerA } = lans;
    const forwarding = (at: typeof hostA): Promise<string> => at.must('cat', ['/proc/sys/net/ipv4/ip_forward']);
    assert.equal(await forwarding(routerA), '1\n');
    await hostA.sysctl('net.ipv4.ip_forward', '0');
    assert.equal(await forwarding(hostA), '0\n');
    assert.equal(await forwarding(routerA), '1\n');
    const routes = await hostA.ipJson('route show default');
    assert.ok(Array.isArray(routes) && routes.length === 1, JSON.stringify(routes));
    assert.deepEqual(await hostA.ipJson('route show 192.0.2.0/24'), []);
    await assert.rejects(hostA.ip('route add 192.0.2.0/24 dev nothing'), /Cannot find device/);
  });
});

describe('Lab.close', () => {
  it('ends what runs inside, orphans too, and removes the namespaces', async () => {
    const lab = await Lab.create();
    const namespace = await lab.namespace('a');
    const child = namespace.spawn('sh', ['-c', 'sleep 1000 & echo "orphan $!"; exec sleep 1000']);
    const [, orphan] = await child.printed(/orphan (\d+)/, LONG_MS);
    assert.ok(existsSync(`/proc/${orphan ?? ''}`));
    await lab.close();
    assert.equal(child.running, false);
    await eventually(() => isGone(orphan), LONG_MS, 'the end of the orphan');
    assert.ok(!existsSync(`/run/netns/${namespace.name}`));
    await lab.close();
  });

  it('removes the others when one is gone already', async () => {
    const lab = await Lab.create();
    const first = await lab.namespace('first');
    const second = await lab.namespace('second');
    await must('ip', ['netns', 'delete', first.name]);
    await lab.close();
    assert.ok(!existsSync(`/run/netns/${second.name}`));
  });
});

describe('removeStaleNamespaces', () => {
  it('removes those of a process that is no more, with what runs in them, and no others', async () => {
    const lab = await Lab.create();
    const mine = await lab.namespace('mine');
    const dead = await run('sh', ['-c', 'echo $$']);
    const stale = `linkd-t-${dead.stdout.trim()}-abcdef-left`;
    const foreign = `linkd-other-${process.pid}`;
    try {
      await must('ip', ['netns', 'add', stale]);
      await must('ip', ['netns', 'add', foreign]);
      const left = await must('ip', ['netns', 'exec', stale, 'sh', '-c', 'sleep 1000 >&- 2>&- & echo $!']);
      await removeStaleNamespaces();
      assert.ok(!existsSync(`/run/netns/${stale}`));
      assert.ok(existsSync(`/run/netns/${foreign}`));
      assert.ok(existsSync(`/run/netns/${mine.name}`));
      await eventually(() => isGone(left.trim()), LONG_MS, 'the end of what ran in it');
    } finally {
      await run('ip', ['netns', 'delete', foreign]);
      await run('ip', ['netns', 'delete', stale]);
      await lab.close();
    }
  });
});

/** An orphan that was killed stays a zombie until whoever adopted it looks. */
async function isGone(pid: string | undefined): Promise<boolean> {
  const { code, stdout } = await run('cat', [`/proc/${pid ?? ''}/stat`]);
  return code !== 0 || stdout.includes(' Z ');
}
