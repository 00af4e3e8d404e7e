/**
 * IPv6 from LAN to LAN over a null modem: beside IPv4, and alone. (`two-routers.ts` has the picture.)
 *
 *     hostA 2001:db8:1::2 ── 2001:db8:1::1 routerA ═══ line ═══ routerB 2001:db8:2::1 ── 2001:db8:2::2 hostB
 *                                    fe80::a                   fe80::b
 *                             2001:db8::a                   2001:db8:1::b, an address of hostA's LAN
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Daemon } from '../support/daemon.js';
import { eventually } from '../support/eventually.js';
import { hidingSwitch } from '../support/hidden-switch.js';
import { NullModem } from '../support/null-modem.js';
import { counterAt } from '../support/packet-counter.js';
import { knock, listen } from '../support/probe.js';
import { TwoRouters } from '../support/two-routers.js';

type Side = 'a' | 'b';

const HOST_A = '2001:db8:1::2';
const HOST_B = '2001:db8:2::2';
/** Of hostB as well: one for which nothing but the rules is open, and one that is not behind the link. */
const OTHER_B = '2001:db8:2::3';
const FORGED = '2001:db8:f::5';
const PEER = '2001:db8:1::b';
const NETWORK_B = '2001:db8:2::/64';

/** What each end says of IPv6. */
const six: Readonly<Record<Side, readonly string[]>> = {
  a: ['ipv6: {local: ::a, remote: ::b}', 'local6: 2001:db8::a', `remote6: ${PEER}`],
  b: ['ipv6: {local: ::b, remote: ::a}', `local6: ${PEER}`, 'remote6: 2001:db8::a'],
};
const four: Readonly<Record<Side, readonly string[]>> = {
  a: ['local: 10.0.0.1', 'remote: 10.0.0.2', `networks: [10.2.0.0/16, '${NETWORK_B}']`],
  b: ['local: 10.0.0.2', 'remote: 10.0.0.1', "networks: [10.1.0.0/16, '2001:db8:1::/64']"],
};
const alone: Readonly<Record<Side, readonly string[]>> = {
  a: ['ipv4: off', `networks: ['${NETWORK_B}']`],
  b: ['ipv4: off', "networks: ['2001:db8:1::/64']"],
};

let routers: TwoRouters;
let lineOf: Readonly<Record<Side, string>>;

before(async () => {
  routers = await TwoRouters.create();
  const { dir, lans } = routers;
  await routers.addIpv6();
  // Before Linux 6.17 it is for the administrator to switch IPv6 forwarding on; since then linkd does.
  if (!existsSync('/proc/sys/net/ipv6/conf/all/force_forwarding')) {
    for (const router of [lans.routerA, lans.routerB]) await router.sysctl('net.ipv6.conf.all.forwarding', '1');
  }
  lineOf = { a: dir.file('ttyA'), b: dir.file('ttyB') };
  const modem = new NullModem({ a: { kind: 'pty', link: lineOf.a }, b: { kind: 'pty', link: lineOf.b } });
  routers.atEnd(() => {
    modem.close();
  });
});
after(() => routers.close());

function start(side: Side, lines: readonly string[], through?: readonly string[]): Promise<Daemon> {
  const link = [
    `line: {serial: ${lineOf[side]}, speed: 2000000}`,
    ...six[side],
    ...lines,
    'forward: [lan0]',
    'lcp: {mru: 1400}',
  ];
  const config = ['links:', '  branch:', ...[...link, 'restart: {quick: 50ms, quick-max: 100ms}'], ''];
  return routers.start(side, config.map((line, i) => (i < 2 ? line : `    ${line}`)).join('\n'), through);
}

async function bothUp(ends: readonly Daemon[]): Promise<void> {
  await Promise.all(
    ends.map((end) =>
      end.until(
        'branch',
        'is up with IPv6',
        ({ state, session }) => state === 'up' && typeof session?.local_ip6 === 'string',
      ),
    ),
  );
}

describe('IPv6 beside IPv4', () => {
  let a: Daemon;
  let b: Daemon;

  before(async () => {
    const allow = `everything from 10.2.0.0/16, ${HOST_B}`;
    a = await start('a', [
      ...four.a,
      'proxy-ndp: [{target: peer, interface: lan0}]',
      `firewall: {in: drop, through: drop, allow: ['${allow}', 'http from ${OTHER_B}', ping]}`,
    ]);
    b = await start('b', four.b);
    await bothUp([a, b]);
    const { hostA, hostB } = routers.lans;
    // Deprecated ones, which hostB takes only where it is told to.
    for (const other of [OTHER_B, FORGED]) await hostB.ip(`address add ${other}/128 dev eth0 nodad preferred_lft 0`);
    await Promise.all([
      listen(hostA, 'tcp', 80, '::'),
      listen(hostA, 'tcp', 7000, '::'),
      listen(hostB, 'tcp', 80, '::'),
    ]);
  });
  after(async () => {
    await Promise.all([a.stop(), b.stop()]);
  });

  it('carries both from LAN to LAN', { timeout: 60_000 }, async () => {
    await routers.carryTraffic(100_000, 6);
    await routers.carryTraffic(20_000, 4);
  });

  it('shows the addresses of the link at both ends, and gives it those that IPV6CP agreed on', async () => {
    const [atA, atB] = await Promise.all([a.ctl('status', 'branch'), b.ctl('status', 'branch')]);
    assert.match(
      atA.stdout,
      /addresses +10\.0\.0\.1 here, 10\.0\.0\.2 at the peer; 2001:db8::a here, 2001:db8:1::b at the peer/,
    );
    assert.match(
      atB.stdout,
      /addresses +10\.0\.0\.2 here, 10\.0\.0\.1 at the peer; 2001:db8:1::b here, 2001:db8::a at the peer/,
    );
    const { routerA, routerB } = routers.lans;
    const own = (await routerA.ip('-6 address show dev branch scope link')).match(/inet6 \S+ \S+ \S+/g);
    assert.deepEqual(own, ['inet6 fe80::a peer fe80::b/128'], 'and none that the kernel has made');
    const { received } = await routers.lab.ping(routerB, 'fe80::a%branch');
    assert.equal(received, 3);
  });

  it('a host of the LAN reaches the peer on its own network, without a route: proxy NDP', async () => {
    const { hostA, routerA } = routers.lans;
    await hostA.ip('-6 route delete default');
    try {
      assert.equal((await routers.lab.ping(hostA, PEER)).received, 3);
      const [, mac = 'none'] = /link\/ether (\S+)/.exec(await routerA.ip('link show lan0')) ?? [];
      assert.match(await hostA.ip(`-6 neighbour show ${PEER}`), new RegExp(` lladdr ${mac} `));
    } finally {
      await hostA.ip('-6 route add default via 2001:db8:1::1');
    }
  });

  it('drops a packet whose source is not behind the link', async () => {
    const { hostA, hostB, routerA } = routers.lans;
    const arrived = await counterAt(hostA, `ip6 saddr ${FORGED}`);
    const forged = ['-n', '-c', '3', '-i', '0.2', '-W', '1', '-I', FORGED, HOST_A];
    const { stdout } = await hostB.run('ping', forged);
    assert.match(stdout, /3 packets transmitted, 0 received/);
    assert.equal(await arrived(), 0);
    assert.match(await routerA.must('nft', ['list', 'counters']), /counter spoofed-branch \{\s+packets 3 /);
  });

  it('lets in what `allow` allows, by source address, and nothing else', { timeout: 60_000 }, async () => {
    const { hostB } = routers.lans;
    // The first address of hostB may do everything, the second http and ping alone.
    assert.deepEqual(await knock(hostB, 'tcp', HOST_A, 7000), { saw: HOST_B });
    await hostB.ip(`-6 route add ${HOST_A} via 2001:db8:2::1 src ${OTHER_B}`);
    try {
      assert.deepEqual(await knock(hostB, 'tcp', HOST_A, 80), { saw: OTHER_B });
      assert.deepEqual(await knock(hostB, 'tcp', HOST_A, 7000, 'silence'), { failure: 'timeout' });
      assert.equal((await routers.lab.ping(hostB, HOST_A, { count: 1, timeoutMs: 5000 })).received, 1);
    } finally {
      await hostB.ip(`-6 route delete ${HOST_A}`);
    }
  });

  it('clamps the MSS to what the link carries: 1400 less the 60 octets of both headers', async () => {
    const { hostA, hostB } = routers.lans;
    const told = 'ip6 nexthdr tcp tcp flags & syn == syn tcp option maxseg size';
    const [clamped, any] = [await counterAt(hostB, `${told} 1340`), await counterAt(hostB, `${told} 1-65535`)];
    assert.deepEqual(await knock(hostA, 'tcp', HOST_B, 80), { saw: HOST_A });
    assert.deepEqual([await clamped(), await any()], [1, 1]);
  });

  it('puts a route back that another program deletes', async () => {
    const { routerA } = routers.lans;
    await routerA.ip(`-6 route delete ${NETWORK_B} dev branch`);
    await eventually(
      async () => (await routerA.ip(`-6 route show ${NETWORK_B} dev branch`)).includes(NETWORK_B),
      20_000,
      'the route is back',
    );
    assert.equal((await routers.lab.ping(routers.lans.hostA, HOST_B)).received, 3);
    assert.match(a.log, /ip -6 route add 2001:db8:2::\/64/);
  });

  it('is unreachable while the link is down, whatever the default route', { timeout: 60_000 }, async () => {
    const { hostA, routerA } = routers.lans;
    await routerA.ip(`-6 route add default via ${HOST_A}`);
    await a.ctl('down', 'branch');
    await a.until('branch', 'is down', ({ state }) => state !== 'up');
    try {
      assert.match(await routerA.ip(`-6 route show ${NETWORK_B}`), /^unreachable /);
      assert.match((await routerA.run('ip', ['-6', 'route', 'get', HOST_B])).stderr, /unreachable|No route to host/);
      assert.deepEqual(await knock(hostA, 'tcp', HOST_B, 80), { failure: 'ENETUNREACH' });
    } finally {
      await routerA.ip(`-6 route delete default via ${HOST_A}`);
      await a.ctl('up', 'branch');
    }
    await bothUp([a, b]);
    assert.equal((await routers.lab.ping(hostA, HOST_B, { timeoutMs: 5000 })).received, 3);
  });
});

describe('IPv6 alone', () => {
  it('carries IPv6, and nothing of IPv4 is there', { timeout: 60_000 }, async () => {
    const { routerA } = routers.lans;
    const [a, b] = [await start('a', alone.a), await start('b', alone.b)];
    try {
      await bothUp([a, b]);
      await routers.carryTraffic(100_000, 6);
      const { session } = await a.link('branch');
      assert.deepEqual([session?.local_ip6, session?.remote_ip6], ['fe80::a', 'fe80::b']);
      assert.equal((await routerA.ip('-4 address show dev branch')).trim(), '');
      assert.equal((await routerA.ip('-4 route show proto 108')).trim(), '');
      assert.match(
        (await a.ctl('status', 'branch')).stdout,
        /addresses +2001:db8::a here, 2001:db8:1::b at the peer\n/,
      );
    } finally {
      await Promise.all([a.stop(), b.stop()]);
    }
  });

  it('before Linux 6.17: says what to do, and uses it when that is done', { timeout: 60_000 }, async () => {
    const { hostA, routerA } = routers.lans;
    await routerA.sysctl('net.ipv6.conf.all.forwarding', '0');
    const older = await hidingSwitch(routers.dir, 'force_forwarding', ['lan0', 'branch']);
    const [a, b] = [await start('a', alone.a, older), await start('b', alone.b)];
    const remedy = /sysctl -w net\.ipv6\.conf\.all\.forwarding=1/;
    const check = async (): Promise<string> => {
      const linkctl = join(import.meta.dirname, '../../src/bin/linkctl.js');
      const args = [...older, process.execPath, linkctl, 'check', routers.dir.file('a.yaml')];
      const { stdout, stderr } = await routerA.run('env', args);
      return stdout + stderr;
    };
    try {
      await bothUp([a, b]);
      assert.match(await check(), remedy);
      const { network_problems: problems } = await a.link('branch');
      assert.match(problems.join('\n'), /cannot switch on IPv6 forwarding for lan0: this kernel forwards IPv6 for all/);
      assert.match((await a.ctl('status', 'branch')).stdout, remedy);
      assert.match(a.log, remedy);
      assert.equal((await routers.lab.ping(hostA, HOST_B, { count: 1, timeoutMs: 700 })).received, 0);

      await routerA.sysctl('net.ipv6.conf.all.forwarding', '1');
      await routers.carryTraffic(50_000, 6);
      assert.doesNotMatch(await check(), remedy);
    } finally {
      await Promise.all([a.stop(), b.stop()]);
    }
  });
});
