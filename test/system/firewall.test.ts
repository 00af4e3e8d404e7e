/**
 * Traffic through linkd's nftables table, with a cable in the place of the link:
 *
 *     hostA eth0 ──── lan0 routerA branch ════ uplink routerB lan0 ──── eth0 hostB
 *     10.1.0.2    10.1.0.1         10.0.0.1    10.0.0.2    10.2.0.1     10.2.0.2
 *
 * The table is routerA's, and the link its `branch`. TCP 80 and 7000 and UDP 7000 are listened on everywhere.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { DropCounters } from '../../src/net/nft/filter.js';
import { NftTable } from '../../src/net/nft/table.js';
import type { PortForward } from '../../src/net/options.js';
import { allowed, filterOf, firewallOf, ip, net, net4, nftIn, silent } from '../net/nft-support.js';
import { Lab, type Namespace, type TwoLans } from '../support/netns.js';
import { counterAt } from '../support/packet-counter.js';
import { echo, hold, knock, listen } from '../support/probe.js';

const HOST_A = '10.1.0.2';
const HOST_B = '10.2.0.2';
const LINK_A = '10.0.0.1';
const LINK_B = '10.0.0.2';

let lab: Lab;
let lans: TwoLans;
let table: NftTable;

before(async () => {
  lab = await Lab.create();
  lans = await lab.twoLans();
  const { hostA, routerA, routerB, hostB } = lans;
  await lab.connect(
    { in: routerA, name: 'branch', address: `${LINK_A}/30` },
    { in: routerB, name: 'uplink', address: `${LINK_B}/30` },
  );
  await routerA.ip(`route add 10.2.0.0/16 via ${LINK_B}`);
  await routerB.ip(`route add 10.1.0.0/16 via ${LINK_A}`);
  for (const router of [routerA, routerB]) {
    for (const name of ['all', 'default', 'lan0', router === routerA ? 'branch' : 'uplink']) {
      await router.sysctl(`net.ipv4.conf.${name}.rp_filter`, '0');
    }
  }
  // A link carries IPv4; a cable's ends would announce themselves in IPv6, which anti-spoofing counts.
  const off = 'file=/proc/sys/net/ipv6/conf/uplink/disable_ipv6; test ! -e $file || echo 1 > $file';
  await routerB.must('sh', ['-c', off]);
  for (const place of [hostA, routerA, routerB, hostB]) {
    await Promise.all([listen(place, 'tcp', 80), listen(place, 'tcp', 7000), listen(place, 'udp', 7000)]);
  }
  table = new NftTable({ log: silent, command: nftIn(routerA) });
});
afterEach(() => table.remove());
after(() => lab.close());

describe('without a table', () => {
  it('every way is open', async () => {
    const { hostA, hostB, routerB } = lans;
    assert.deepEqual(await knock(hostA, 'tcp', HOST_B, 7000), { saw: HOST_A });
    assert.deepEqual(await knock(hostB, 'tcp', HOST_A, 80), { saw: HOST_B });
    assert.deepEqual(await knock(hostB, 'udp', HOST_A, 7000), { saw: HOST_B });
    assert.deepEqual(await knock(routerB, 'udp', LINK_A, 7000), { saw: LINK_B });
  });
});

describe('masquerade', () => {
  it('out of the link: the far host sees the router’s address', async () => {
    await table.apply([filterOf({ masquerade: [{ out: 'link', from: [] }] })]);
    assert.deepEqual(await knock(lans.hostA, 'tcp', HOST_B, 7000), { saw: LINK_A });
    assert.deepEqual(await knock(lans.hostA, 'udp', HOST_B, 7000), { saw: LINK_A });
    assert.deepEqual(await knock(lans.hostB, 'tcp', HOST_A, 7000), { saw: HOST_B });
  });

  it('of named networks only', async () => {
    await table.apply([filterOf({ masquerade: [{ out: 'link', from: [net4('10.1.0.2'), net4('10.9.0.0/16')] }] })]);
    assert.deepEqual(await knock(lans.hostA, 'tcp', HOST_B, 7000), { saw: LINK_A });
    await table.apply([filterOf({ masquerade: [{ out: 'link', from: [net4('10.9.0.0/16')] }] })]);
    assert.deepEqual(await knock(lans.hostA, 'tcp', HOST_B, 7000), { saw: HOST_A });
  });

  it('out of another interface, of what comes from the link', async () => {
    await table.apply([filterOf({ masquerade: [{ out: { interface: 'lan0' }, from: [net4('10.2.0.0/16')] }] })]);
    assert.deepEqual(await knock(lans.hostB, 'tcp', HOST_A, 7000), { saw: '10.1.0.1' });
    assert.deepEqual(await knock(lans.hostA, 'tcp', HOST_B, 7000), { saw: HOST_A });
  });

  it('not while the link is down', async () => {
    await table.apply([filterOf({ up: false, masquerade: [{ out: 'link', from: [] }] })]);
    assert.deepEqual(await knock(lans.hostA, 'tcp', HOST_B, 7000), { saw: HOST_A });
  });
});

describe('port forwards', () => {
  const web: PortForward = { protocol: 'tcp', on: 'link', port: 8080, to: ip(HOST_A), toPort: 80 };

  it('lead from the link to a host, whichever address of this machine was called', async () => {
    await table.apply([filterOf({ portForwards: [web, { ...web, protocol: 'udp', port: 5300, toPort: 7000 }] })]);
    assert.deepEqual(await knock(lans.hostB, 'tcp', LINK_A, 8080), { saw: HOST_B });
    assert.deepEqual(await knock(lans.routerB, 'tcp', '10.1.0.1', 8080), { saw: LINK_B });
    assert.deepEqual(await knock(lans.hostB, 'udp', LINK_A, 5300), { saw: HOST_B });
    assert.deepEqual(await knock(lans.hostB, 'tcp', HOST_A, 8080), { failure: 'ECONNREFUSED' });
  });

  it('lead from another interface to a host behind the link', async () => {
    await table.apply([filterOf({ portForwards: [{ ...web, on: { interface: 'lan0' }, to: ip(HOST_B) }] })]);
    assert.deepEqual(await knock(lans.hostA, 'tcp', '10.1.0.1', 8080), { saw: HOST_A });
    assert.deepEqual(await knock(lans.hostB, 'tcp', LINK_A, 8080), { failure: 'ECONNREFUSED' });
  });

  it('pass the policies, and open nothing else', async () => {
    const firewall = firewallOf({ policyIn: 'drop', policyThrough: 'drop' });
    await table.apply([filterOf({ firewall, portForwards: [web] })]);
    assert.deepEqual(await knock(lans.hostB, 'tcp', LINK_A, 8080), { saw: HOST_B });
    await closed(lans.hostB, HOST_A, 80);
    await closed(lans.hostB, LINK_A, 80);
  });
});

describe('anti-spoofing', () => {
  const FORGED = '172.16.0.5';

  before(() => lans.hostB.ip(`address add ${FORGED}/32 dev eth0`));

  it('drops what comes from the link with a source that is not behind it', async () => {
    const { hostB, routerB } = lans;
    const count = await counterAt(lans.hostA, `ip saddr ${FORGED} icmp type echo-request`);
    const forge = (): Promise<unknown> =>
      hostB.run('ping', ['-n', '-c', '2', '-i', '0.2', '-W', '1', '-I', FORGED, HOST_A]);
    await forge();
    assert.equal(await count(), 2, 'the forgery does not arrive even without the table');

    await table.apply([filterOf({ antiSpoof: true })]);
    await forge();
    assert.equal(await count(), 2);
    assert.equal((await drops()).spoofed, 2);
    assert.deepEqual(await knock(hostB, 'tcp', HOST_A, 80), { saw: HOST_B });
    assert.deepEqual(await knock(routerB, 'tcp', HOST_A, 80), { saw: LINK_B });
    assert.deepEqual(await knock(lans.hostA, 'tcp', HOST_B, 80), { saw: HOST_A });
    assert.equal((await drops()).spoofed, 2);

    await table.apply([filterOf({ antiSpoof: true, networks: [net('10.2.0.0/16'), net('172.16.0.0/12')] })]);
    await forge();
    assert.equal(await count(), 4);
  });
});

describe('MSS clamp', () => {
  before(() => setMtu(1400));
  after(() => setMtu(1500));

  // Both ends' MTU is 1500; what they tell each other is what a full segment is until path MTU discovery corrects it.
  const cases = [
    { name: 'none without it: full segments do not fit', clamp: false, mtu: 1400, mss: 1448 },
    { name: 'both directions', clamp: true, mtu: 1400, mss: 1348 },
    { name: 'by itself where the MTU is below 1500', clamp: 'auto', mtu: 1400, mss: 1348 },
    { name: 'by itself not where it is 1500', clamp: 'auto', mtu: 1500, mss: 1448 },
  ] as const;
  for (const { name, clamp, mtu, mss } of cases) {
    it(name, async () => {
      const { hostA, hostB } = lans;
      await table.apply([filterOf({ mssClamp: clamp, mtu })]);
      for (const [from, to, address] of [
        [hostA, hostB, HOST_B],
        [hostB, hostA, HOST_A],
      ] as const) {
        const connection = await hold(from, address, 7000);
        try {
          assert.deepEqual([await mssAt(from, `dport = :7000`), await mssAt(to, `sport = :7000`)], [mss, mss]);
        } finally {
          await connection.stop();
        }
      }
    });
  }

  it('lets a transfer through', async () => {
    await table.apply([filterOf({ mssClamp: 'auto', mtu: 1400 })]);
    const { intact } = await lab.tcpTransfer(lans.hostA, lans.hostB, 1_000_000);
    assert.ok(intact);
  });

  async function setMtu(mtu: number): Promise<void> {
    await lans.routerA.ip(`link set branch mtu ${mtu}`);
    await lans.routerB.ip(`link set uplink mtu ${mtu}`);
  }
});

describe('policies', () => {
  it('in: from the link to this machine', async () => {
    const { hostA, hostB, routerA } = lans;
    await table.apply([filterOf({ firewall: firewallOf({ policyIn: 'drop' }) })]);
    await closed(hostB, LINK_A, 7000);
    await closed(hostB, '10.1.0.1', 7000);
    await closed(hostB, LINK_A, 7000, 'udp');
    assert.ok((await drops()).in >= 3);
    assert.deepEqual(await knock(hostB, 'tcp', HOST_A, 7000), { saw: HOST_B });
    // Other interfaces, and what this machine has begun.
    assert.deepEqual(await knock(hostA, 'tcp', '10.1.0.1', 7000), { saw: HOST_A });
    assert.deepEqual(await knock(routerA, 'tcp', HOST_B, 7000), { saw: LINK_A });
    assert.deepEqual(await knock(routerA, 'udp', HOST_B, 7000), { saw: LINK_A });
  });

  it('through: from the link to other interfaces', async () => {
    const { hostA, hostB } = lans;
    await table.apply([filterOf({ firewall: firewallOf({ policyThrough: 'drop' }) })]);
    await closed(hostB, HOST_A, 7000);
    await closed(hostB, HOST_A, 7000, 'udp');
    assert.ok((await drops()).through >= 2);
    assert.deepEqual(await knock(hostB, 'tcp', LINK_A, 7000), { saw: HOST_B });
    // What hosts of the LAN have begun.
    assert.deepEqual(await knock(hostA, 'tcp', HOST_B, 7000), { saw: HOST_A });
    assert.deepEqual(await knock(hostA, 'udp', HOST_B, 7000), { saw: HOST_A });
    assert.equal((await lab.ping(hostA, hostB)).received, 3);
  });

  it('out: from this machine to the link', async () => {
    const { hostA, hostB, routerA } = lans;
    await table.apply([filterOf({ firewall: firewallOf({ policyOut: 'drop' }) })]);
    await closed(routerA, HOST_B, 7000);
    assert.ok((await drops()).out >= 1);
    assert.deepEqual(await knock(hostB, 'tcp', LINK_A, 7000), { saw: HOST_B });
    assert.deepEqual(await knock(hostA, 'tcp', HOST_B, 7000), { saw: HOST_A });
    assert.deepEqual(await knock(routerA, 'tcp', HOST_A, 7000), { saw: '10.1.0.1' });
  });

  it('reject: the caller is told at once', async () => {
    const { hostB, routerA } = lans;
    await table.apply([
      filterOf({ firewall: firewallOf({ policyIn: 'reject', policyThrough: 'reject', policyOut: 'reject' }) }),
    ]);
    assert.deepEqual(await knock(hostB, 'tcp', LINK_A, 7000), { failure: 'EHOSTUNREACH' });
    assert.deepEqual(await knock(hostB, 'udp', HOST_A, 7000), { failure: 'EHOSTUNREACH' });
    assert.deepEqual(await knock(routerA, 'tcp', HOST_B, 7000), { failure: 'EHOSTUNREACH' });
    const { in: ins, through, out } = await drops();
    assert.deepEqual({ ins, through, out: out > 0 }, { ins: 1, through: 1, out: true });
  });

  it('hold while the link is down as well', async () => {
    await table.apply([filterOf({ up: false, firewall: firewallOf({ policyThrough: 'drop' }) })]);
    await closed(lans.hostB, HOST_A, 7000);
  });

  it('drop what belongs to no connection, and let errors through', async () => {
    const { hostA, hostB } = lans;
    await table.apply([filterOf({ firewall: firewallOf({}) })]);
    const replies = await counterAt(hostA, 'icmp type echo-reply');
    const errors = await counterAt(hostA, 'icmp type destination-unreachable');
    // An answer to no question; then "host unreachable" about a packet that nobody knows of. RFC 792
    await sendRaw(hostB, 1, HOST_A, '0000 ffff 0000 0000');
    const forgotten = '4500 001c 0001 0000 4011 0000 0a010002 0a020002 1000 2000 0008 0000';
    await sendRaw(hostB, 1, HOST_A, `0301 0000 0000 0000 ${forgotten}`);
    assert.equal(await errors(), 1);
    assert.equal(await replies(), 0);
    assert.equal((await drops()).invalid, 1);
  });
});

describe('established traffic', () => {
  it('passes when the policies begin to drop in the middle of it', async () => {
    const { hostB } = lans;
    await table.apply([filterOf({ firewall: firewallOf({}) })]);
    const through = await hold(hostB, HOST_A, 7000);
    const inwards = await hold(hostB, LINK_A, 7000);
    await table.apply([filterOf({ firewall: firewallOf({ policyIn: 'drop', policyThrough: 'drop' }) })]);
    await closed(hostB, HOST_A, 7000);
    await closed(hostB, LINK_A, 7000);
    await echo(through, 'still-there');
    await echo(inwards, 'still-there');
  });

  it('passes while another program flushes the ruleset and it is restored', async () => {
    const { hostA, hostB, routerA } = lans;
    const firewall = firewallOf({ policyThrough: 'drop' });
    const filters = [filterOf({ masquerade: [{ out: 'link', from: [] }], firewall })];
    await table.apply(filters);
    const connection = await hold(hostA, HOST_B, 7000);
    assert.equal(connection.stdout, `${LINK_A}\n`);
    await closed(hostB, HOST_A, 7000);
    await routerA.must('nft', ['flush', 'ruleset']);
    assert.equal(await table.intact(), false);
    await table.apply(filters);
    assert.equal(await table.intact(), true);
    await echo(connection, 'still-there');
    await closed(hostB, HOST_A, 7000);
    assert.deepEqual(await knock(hostA, 'tcp', HOST_B, 7000), { saw: LINK_A });
  });
});

describe('allow', () => {
  type Way = 'tcp 80' | 'tcp 7000' | 'udp 7000' | 'ping';
  const all: readonly Way[] = ['tcp 80', 'tcp 7000', 'udp 7000', 'ping'];

  /** What hostB reaches with everything else dropped; through this machine, and (with `in`) on it. */
  const rules: readonly { rule: string; opens: readonly Way[] }[] = [
    { rule: 'http', opens: ['tcp 80'] },
    { rule: 'ssh, https', opens: [] },
    { rule: 'tcp 7000', opens: ['tcp 7000'] },
    { rule: 'tcp 79-81', opens: ['tcp 80'] },
    { rule: 'tcp 22, 80, 6999-7001', opens: ['tcp 80', 'tcp 7000'] },
    { rule: 'tcp', opens: ['tcp 80', 'tcp 7000'] },
    { rule: 'udp 7000', opens: ['udp 7000'] },
    { rule: 'udp', opens: ['udp 7000'] },
    { rule: 'http, udp 1-65535', opens: ['tcp 80', 'udp 7000'] },
    { rule: 'icmp', opens: ['ping'] },
    { rule: 'ping', opens: ['ping'] },
    { rule: 'protocol 17', opens: ['udp 7000'] },
    { rule: 'everything', opens: all },
    { rule: 'http from 10.2.0.0/16', opens: ['tcp 80'] },
    { rule: 'http from 10.2.0.2', opens: ['tcp 80'] },
    { rule: 'http from 10.2.0.1, 10.2.1.0/24', opens: [] },
    { rule: 'http to 10.1.0.0/16, 10.0.0.1', opens: ['tcp 80'] },
    { rule: 'http to 10.1.0.3', opens: [] },
    { rule: 'everything from 10.2.0.2 to 10.1.0.2, 10.0.0.1', opens: all },
    { rule: 'everything from 10.2.0.3 to 10.1.0.2, 10.0.0.1', opens: [] },
  ];
  for (const { rule, opens } of rules) {
    it(`${rule}: ${opens.join(', ') || 'nothing'}`, async () => {
      const firewall = firewallOf({ policyIn: 'drop', policyThrough: 'drop', allow: [allowed(rule)] });
      await table.apply([filterOf({ firewall })]);
      const ways = [HOST_A, LINK_A].flatMap((address) => all.map((way) => ({ way, address })));
      const found = await Promise.all(
        ways.map(async ({ way, address }) => ({ way, address, open: await reaches(way, address, opens) })),
      );
      assert.deepEqual(
        found,
        ways.map(({ way, address }) => ({ way, address, open: opens.includes(way) })),
      );
    });
  }

  it('several rules: what any of them opens', async () => {
    const firewall = firewallOf({
      policyThrough: 'drop',
      allow: ['http from 10.9.0.0/16', 'http', 'ping'].map(allowed),
    });
    await table.apply([filterOf({ firewall })]);
    assert.deepEqual(await knock(lans.hostB, 'tcp', HOST_A, 80), { saw: HOST_B });
    assert.equal((await lab.ping(lans.hostB, HOST_A, { count: 1 })).received, 1);
    await closed(lans.hostB, HOST_A, 7000);
  });

  it('protocol 50: ESP alone; ping: echo requests alone', async () => {
    const { hostA, hostB } = lans;
    const firewall = firewallOf({ policyThrough: 'drop', allow: ['protocol 50', 'ping'].map(allowed) });
    await table.apply([filterOf({ firewall })]);
    const esp = await counterAt(hostA, 'meta l4proto 50');
    const ah = await counterAt(hostA, 'meta l4proto 51');
    const timestamps = await counterAt(hostA, 'icmp type timestamp-request');
    await sendRaw(hostB, 50, HOST_A, '00000001 00000001');
    await sendRaw(hostB, 51, HOST_A, '00000001 00000001');
    const timestamp = '0d00 f2fb 0001 0003 00000000 00000000 00000000';
    await sendRaw(hostB, 1, HOST_A, timestamp);
    assert.deepEqual([await esp(), await ah(), await timestamps()], [1, 0, 0]);
    await table.apply([filterOf({ firewall: firewallOf({ policyThrough: 'drop', allow: [allowed('icmp')] }) })]);
    await sendRaw(hostB, 50, HOST_A, '00000001 00000001');
    await sendRaw(hostB, 1, HOST_A, timestamp);
    assert.deepEqual([await esp(), await timestamps()], [1, 1]);
  });

  async function reaches(way: Way, address: string, opens: readonly Way[]): Promise<boolean> {
    if (way === 'ping')
      return (
        (await lab.ping(lans.hostB, address, { count: 1, timeoutMs: opens.includes(way) ? 10_000 : 700 })).received ===
        1
      );
    const protocol = way === 'udp 7000' ? 'udp' : 'tcp';
    const port = way === 'tcp 80' ? 80 : 7000;
    const answer = await knock(lans.hostB, protocol, address, port, opens.includes(way) ? 'answer' : 'silence');
    return 'saw' in answer;
  }
});

async function closed(from: Namespace, address: string, port: number, protocol: 'tcp' | 'udp' = 'tcp'): Promise<void> {
  assert.deepEqual(await knock(from, protocol, address, port, 'silence'), { failure: 'timeout' });
}

async function drops(): Promise<DropCounters> {
  const counters = (await table.counters())['branch'];
  assert.ok(counters);
  return counters;
}

/** What the other end's largest segments are on the connections that the filter of ss(8) finds, which must be one. */
async function mssAt(namespace: Namespace, filter: string): Promise<number> {
  const found = await namespace.must('ss', ['-tinH', 'state', 'established', filter]);
  const sizes = Array.from(found.matchAll(/ mss:(\d+) /g), ([, size]) => Number(size));
  assert.equal(sizes.length, 1, found);
  return sizes[0] ?? 0;
}

/** One packet of any protocol; Node has no raw sockets, and perl-base is on every Debian. */
async function sendRaw(from: Namespace, protocol: number, to: string, payload: string): Promise<void> {
  const script =
    'use Socket; socket(S, AF_INET, SOCK_RAW, $ARGV[0]) or die $!; send(S, pack("H*", $ARGV[2]), 0, pack_sockaddr_in(0, inet_aton($ARGV[1]))) or die $!;';
  await from.must('perl', ['-e', script, String(protocol), to, payload.replaceAll(' ', '')]);
}
