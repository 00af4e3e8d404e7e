/** linkd left alone: robbed of its routes by other programs, and led around a dead path. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Daemon } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import type { Namespace } from '../support/netns.js';
import { everyDuty, TwoRouters } from '../support/two-routers.js';

describe('under traffic', () => {
  let routers: TwoRouters;
  let a: Daemon;
  before(async () => {
    routers = await TwoRouters.create();
    const line = routers.dir.file('line.sock');
    a = await routers.startA(`{unix-listen: ${line}}`, everyDuty);
    const b = await routers.startB(`{unix: ${line}}`);
    await Promise.all([a.untilUp('branch'), b.untilUp('branch')]);
  });
  after(() => routers.close());

  const robberies: readonly [
    name: string,
    rob: (router: Namespace) => Promise<unknown>,
    restored: (router: Namespace) => Promise<boolean>,
  ][] = [
    [
      'ip route del',
      (router) => router.ip('route del 10.2.0.0/16 dev branch'),
      async (router) => (await router.ip('route show 10.2.0.0/16')).includes('dev branch'),
    ],
    [
      'ip addr flush',
      (router) => router.ip('addr flush dev branch'),
      async (router) =>
        (await router.ip('addr show dev branch')).includes('10.0.0.1') &&
        (await router.ip('route show 10.2.0.0/16')).includes('dev branch'),
    ],
    [
      'nft flush ruleset',
      (router) => router.must('nft', ['flush', 'ruleset']),
      async (router) => (await router.must('nft', ['list', 'tables'])).includes('inet linkd'),
    ],
  ];
  for (const [name, rob, restored] of robberies) {
    it(`${name} by another program is made good, and the link stays up`, { timeout: 60_000 }, async () => {
      const { routerA } = routers.lans;
      const { restarts } = await a.link('branch');
      await rob(routerA);
      await eventually(() => restored(routerA), 5000, `${name} is made good`);
      await routers.carryTraffic(5000);
      assert.equal((await a.link('branch')).restarts, restarts);
    });
  }
});

describe('fail-over', () => {
  let routers: TwoRouters;
  before(async () => {
    routers = await TwoRouters.create();
  });
  after(() => routers.close());

  it('leads a running transfer around a dead path, and back when it lives again', { timeout: 120_000 }, async () => {
    const { lans, lab, dir } = routers;
    const { routerA, routerB, hostA, hostB } = lans;
    const link = (side: 'a' | 'b', name: string, net: number, metric: number, track: string): string => {
      const [own, peer, far, kind] =
        side === 'a' ? [1, 2, '10.2.0.0/16', 'unix-listen'] : [2, 1, '10.1.0.0/16', 'unix'];
      return `  ${name}:\n    line: {${kind}: ${dir.file(name)}}\n    local: 10.0.${net}.${own}\n    remote: 10.0.${net}.${peer}\n    networks: [{network: ${far}, metric: ${metric}}]\n${track}`;
    };
    const track =
      '    track: {hosts: [10.2.0.2], interval: 1s, timeout: 500ms, failures: 2, recoveries: 2, action: {raise-metric: 1000}}\n';
    const a = await Daemon.start(
      routerA,
      dir,
      'fa',
      `links:\n${link('a', 'main', 1, 10, track)}${link('a', 'backup', 2, 20, '')}`,
    );
    routers.atEnd(() => a.stop());
    const b = await Daemon.start(
      routerB,
      dir,
      'fb',
      `links:\n${link('b', 'main', 1, 10, '')}${link('b', 'backup', 2, 20, '')}`,
    );
    routers.atEnd(() => b.stop());
    for (const daemon of [a, b]) for (const name of ['main', 'backup']) await daemon.untilUp(name);
    for (const router of [routerA, routerB]) {
      for (const name of ['all', 'main', 'backup']) await router.sysctl(`net.ipv4.conf.${name}.rp_filter`, '0');
    }
    const best = async (): Promise<string> => (await routerA.ip('route get 10.2.0.2')).replace(/.* dev (\S+).*/s, '$1');
    assert.equal(await best(), 'main');

    let over = false;
    const transfer = lab.tcpTransfer(hostA, hostB, 500_000_000, 90_000).finally(() => (over = true));
    await sleep(500);
    await routerB.must('nft', [
      'add table ip dead; add chain ip dead forward { type filter hook forward priority 0 ; }; add rule ip dead forward iifname "main" drop',
    ]);
    await eventually(async () => (await best()) === 'backup', 10_000, 'the traffic goes by the backup');
    assert.equal(over, false, 'the transfer was over too early to prove anything');
    await routerB.must('nft', ['delete table ip dead']);
    await eventually(async () => (await best()) === 'main', 60_000, 'the traffic goes by the main link again');
    assert.equal((await transfer).intact, true);
    assert.deepEqual([(await a.link('main')).restarts, (await a.link('backup')).restarts], [0, 0]);
  });
});
