/** A changed config under traffic: what is not concerned goes on, what can be applied is, what is wrong changes nothing. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { writeFile } from 'node:fs/promises';
import type { Daemon } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import { linkConfig, TwoRouters } from '../support/two-routers.js';

describe('a reload', () => {
  let routers: TwoRouters;
  let a: Daemon;
  let line: string;

  before(async () => {
    routers = await TwoRouters.create();
    line = `{unix-listen: ${routers.dir.file('line.sock')}}`;
    a = await routers.startA(line);
    const b = await routers.startB(`{unix: ${routers.dir.file('line.sock')}}`);
    await Promise.all([a.untilUp('branch'), b.untilUp('branch')]);
  });
  after(() => routers.close());

  async function reload(config: string): Promise<{ code: number | undefined; stdout: string; stderr: string }> {
    await writeFile(routers.dir.file('a.yaml'), config);
    return a.ctl('reload');
  }

  /** Pings from LAN host to LAN host while something is done; none may be lost. */
  async function withoutLoss(work: () => Promise<void>): Promise<void> {
    const { hostA, hostB } = routers.lans;
    const pings = routers.lab.ping(hostA, hostB, { count: 60, intervalMs: 50 });
    await work();
    const { sent, received } = await pings;
    assert.equal(received, sent);
  }

  const other = (command: string): string =>
    `  other:\n    line: {exec: [${command}]}\n    local: 10.9.0.1\n    remote: 10.9.0.2\n    networks: [10.8.0.0/16]\n`;

  it('adds, changes and removes another link without losing a packet on this one', { timeout: 60_000 }, async () => {
    const base = linkConfig('a', line);
    await withoutLoss(async () => {
      assert.equal((await reload(base + other('sleep, "60"'))).code, 0);
      await a.until('other', 'negotiates', ({ state }) => state === 'negotiating');
      assert.equal((await reload(base + other('sleep, "61"'))).code, 0);
      await a.until('other', 'negotiates', ({ state }) => state === 'negotiating');
      assert.equal((await reload(base)).code, 0);
    });
    assert.deepEqual(
      (await a.client.status()).body.links.map(({ name }) => name),
      ['branch'],
    );
    assert.equal((await a.link('branch')).restarts, 0);
  });

  it('changes routes and the firewall of a link under its session', { timeout: 60_000 }, async () => {
    const { since } = await a.link('branch');
    await withoutLoss(async () => {
      const more = ['firewall: {in: drop, through: accept, allow: [ping]}'];
      const { code, stdout, stderr } = await reload(
        linkConfig('a', line, more).replace('[10.2.0.0/16]', '[10.2.0.0/16, 10.7.0.0/16]'),
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /branch/);
      await eventually(
        async () => (await routers.lans.routerA.ip('route show 10.7.0.0/16')).includes('branch'),
        5000,
        'the new route',
      );
    });
    assert.match(await routers.lans.routerA.must('nft', ['list', 'ruleset']), /table inet linkd/);
    assert.equal((await a.link('branch')).since, since);
  });

  it('of a broken file changes nothing, and says why', { timeout: 60_000 }, async () => {
    const before = await a.link('branch');
    const { code, stderr, stdout } = await reload('links:\n  branch:\n    line: /dev/ttyS0\n    locl: 10.0.0.1\n');
    assert.equal(code, 78);
    assert.match(stdout + stderr, /a\.yaml:4:5.*locl/);
    assert.equal((await a.link('branch')).since, before.since);
    a.signal('SIGHUP');
    await eventually(() => a.log.includes('nothing was changed'), 10_000, 'the log says that nothing was changed');
    assert.equal((await a.link('branch')).since, before.since);
  });

  it('shows first what it would do', { timeout: 60_000 }, async () => {
    await writeFile(routers.dir.file('a.yaml'), linkConfig('a', line, ['mtu: 1400']));
    const { code, stdout } = await a.ctl('diff');
    assert.equal(code, 0);
    assert.match(stdout, /mtu/);
    assert.equal((await a.link('branch')).restarts, 0);
  });

  it('that changes the session restarts the link, and it comes back', { timeout: 60_000 }, async () => {
    assert.equal((await reload(linkConfig('a', line, ['mtu: 1400']))).code, 0);
    const { session } = await a.untilUp('branch');
    assert.equal(session?.mtu_bytes, 1400);
    await routers.carryTraffic(5000);
  });
});
