/** Wanted and observed state to the `ip` commands that lead from one to the other. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { formatIp } from '../../src/base/ip.js';
import type { ObservedAddress, ObservedInterface } from '../../src/net/observed.js';
import { describe as command } from '../../src/net/operation.js';
import { planDown, planSweep, planUp } from '../../src/net/plan.js';
import { metricOf, type WantedInterface } from '../../src/net/wanted.js';
import { anyIp, ip, network, prefix } from './support.js';

/** `10.0.0.1 peer 10.0.0.2/32` or `192.0.2.1/24`, as `ip address` shows them; routes as `10.2.0.0/16 src 10.1.0.1 metric 50 table 7`. */
interface Have {
  readonly mtu?: number;
  readonly up?: boolean;
  readonly addresses?: readonly string[];
  /** What the kernel has a host route to; usually the peers of the addresses. */
  readonly peers?: readonly string[];
  readonly routes?: readonly string[];
}

const wanted: WantedInterface = {
  name: 'branch',
  mtu: 1500,
  local: ip('10.0.0.1'),
  remote: ip('10.0.0.2'),
  routes: [network('10.2.0.0/16'), network('10.3.0.0/16 metric 50')],
};

const applied: Have = {
  mtu: 1500,
  up: true,
  addresses: ['10.0.0.1 peer 10.0.0.2/32'],
  routes: ['10.2.0.0/16', '10.3.0.0/16 metric 50'],
};

describe('planUp', () => {
  const table: { name: string; wanted?: Partial<WantedInterface>; have: Have; expected: string[] }[] = [
    {
      name: 'a new interface gets everything, the routes when it is up',
      have: { mtu: 1280, up: false },
      expected: [
        'ip link set dev branch mtu 1500',
        'ip address add 10.0.0.1 peer 10.0.0.2/32 dev branch',
        'ip link set dev branch up',
        'ip route add 10.2.0.0/16 dev branch proto 108',
        'ip route add 10.3.0.0/16 dev branch proto 108 metric 50',
      ],
    },
    { name: 'what is there already needs nothing', have: applied, expected: [] },
    { name: 'only the MTU differs', have: { ...applied, mtu: 296 }, expected: ['ip link set dev branch mtu 1500'] },
    {
      name: 'set down by another program, its routes went with it',
      have: { ...applied, up: false, routes: [] },
      expected: [
        'ip link set dev branch up',
        'ip route add 10.2.0.0/16 dev branch proto 108',
        'ip route add 10.3.0.0/16 dev branch proto 108 metric 50',
      ],
    },
    {
      name: 'a network more and a network less: adds before it deletes',
      wanted: { routes: [network('10.2.0.0/16'), network('10.4.0.0/16')] },
      have: applied,
      expected: [
        'ip route add 10.4.0.0/16 dev branch proto 108',
        'ip route del 10.3.0.0/16 dev branch proto 108 metric 50',
      ],
    },
    {
      name: 'another metric is another route',
      wanted: { routes: [network('10.2.0.0/16'), network('10.3.0.0/16')] },
      have: applied,
      expected: [
        'ip route add 10.3.0.0/16 dev branch proto 108',
        'ip route del 10.3.0.0/16 dev branch proto 108 metric 50',
      ],
    },
    {
      name: 'metric 0 is the kernel default',
      wanted: { routes: [{ prefix: prefix('10.2.0.0/16'), metric: 0 }, network('10.3.0.0/16 metric 50')] },
      have: applied,
      expected: [],
    },
    {
      name: 'a network named twice is one route',
      wanted: { routes: [network('10.2.0.0/16'), network('10.2.0.0/16')] },
      have: { ...applied, routes: [] },
      expected: ['ip route add 10.2.0.0/16 dev branch proto 108'],
    },
    {
      name: 'the host route to the peer comes with the address; with a metric it is another',
      wanted: { routes: [network('10.0.0.2/32'), network('10.0.0.2/32 metric 7')] },
      have: { ...applied, routes: [] },
      expected: ['ip route add 10.0.0.2/32 dev branch proto 108 metric 7'],
    },
    {
      name: 'a default route',
      wanted: { routes: [network('0.0.0.0/0 metric 4294967295')] },
      have: { ...applied, routes: [] },
      expected: ['ip route add 0.0.0.0/0 dev branch proto 108 metric 4294967295'],
    },
    {
      name: 'another peer: the new address comes before the old one goes, the routes stay',
      wanted: { remote: ip('10.0.0.9') },
      have: applied,
      expected: [
        'ip address add 10.0.0.1 peer 10.0.0.9/32 dev branch',
        'ip address del 10.0.0.1 peer 10.0.0.2/32 dev branch',
      ],
    },
    {
      name: 'another local address for the same peer: the old one goes first, and takes the routes with it',
      wanted: { local: ip('10.0.0.5') },
      have: applied,
      expected: [
        'ip address del 10.0.0.1 peer 10.0.0.2/32 dev branch',
        'ip address add 10.0.0.5 peer 10.0.0.2/32 dev branch',
        'ip route add 10.2.0.0/16 dev branch proto 108',
        'ip route add 10.3.0.0/16 dev branch proto 108 metric 50',
      ],
    },
    {
      name: 'the same beside an address of another program: the routes stay',
      wanted: { local: ip('10.0.0.5') },
      have: { ...applied, addresses: ['192.0.2.1/24', '10.0.0.1 peer 10.0.0.2/32'] },
      expected: [
        'ip address del 10.0.0.1 peer 10.0.0.2/32 dev branch',
        'ip address add 10.0.0.5 peer 10.0.0.2/32 dev branch',
      ],
    },
    {
      name: 'the wanted address may be a secondary of a stale one: both go, and it comes back',
      have: { ...applied, addresses: ['10.0.0.5 peer 10.0.0.2/32', '10.0.0.1 peer 10.0.0.2/32'] },
      expected: [
        'ip address del 10.0.0.5 peer 10.0.0.2/32 dev branch',
        'ip address del 10.0.0.1 peer 10.0.0.2/32 dev branch',
        'ip address add 10.0.0.1 peer 10.0.0.2/32 dev branch',
        'ip route add 10.2.0.0/16 dev branch proto 108',
        'ip route add 10.3.0.0/16 dev branch proto 108 metric 50',
      ],
    },
    {
      name: 'addresses of other programs are left alone',
      have: {
        ...applied,
        addresses: ['192.0.2.1/32', '192.0.2.9 peer 192.0.2.8/31', ...(applied.addresses ?? []), '198.51.100.1/24'],
      },
      expected: [],
    },
    {
      name: 'tables and source addresses; one network in two tables is two routes',
      wanted: { routes: [network('10.2.0.0/16 src 10.1.0.1'), network('10.2.0.0/16 table 7 metric 5')] },
      have: { ...applied, routes: [] },
      expected: [
        'ip route add 10.2.0.0/16 dev branch proto 108 src 10.1.0.1',
        'ip route add 10.2.0.0/16 dev branch proto 108 metric 5 table 7',
      ],
    },
    {
      name: 'another source address, or none, changes the route in its place',
      wanted: { routes: [network('10.2.0.0/16 src 10.1.0.1'), network('10.3.0.0/16 metric 50')] },
      have: { ...applied, routes: ['10.2.0.0/16', '10.3.0.0/16 metric 50 src 10.1.0.1'] },
      expected: [
        'ip route change 10.2.0.0/16 dev branch proto 108 src 10.1.0.1',
        'ip route change 10.3.0.0/16 dev branch proto 108 metric 50',
      ],
    },
    {
      name: "the kernel's route to the peer, deleted by another program, is made by us",
      have: { ...applied, peers: [] },
      expected: ['ip route add 10.0.0.2/32 dev branch proto 108 src 10.0.0.1'],
    },
    {
      name: 'and stays while it is needed, and goes when it is not',
      wanted: { remote: ip('10.0.0.9') },
      have: {
        ...applied,
        addresses: ['10.0.0.1 peer 10.0.0.9/32'],
        routes: [...(applied.routes ?? []), '10.0.0.2/32 src 10.0.0.1'],
      },
      expected: ['ip route del 10.0.0.2/32 dev branch proto 108 src 10.0.0.1'],
    },
    {
      name: 'a default route of the link',
      wanted: { defaultRoute: { metric: 200, supersede: false }, routes: [] },
      have: { ...applied, routes: [] },
      expected: ['ip route add 0.0.0.0/0 dev branch proto 108 metric 200'],
    },
    {
      name: 'a link without networks',
      wanted: { routes: [] },
      have: { up: false },
      expected: ['ip address add 10.0.0.1 peer 10.0.0.2/32 dev branch', 'ip link set dev branch up'],
    },
  ];
  for (const row of table) {
    it(row.name, () => {
      const plan = planUp({ ...wanted, ...row.wanted }, observed(row.have));
      assert.deepEqual(plan.map(command), row.expected);
    });
  }

  it('refuses one address at both ends: a mistake of the caller', () => {
    assert.throws(() => planUp({ ...wanted, remote: wanted.local }, observed({})), /branch: .*the same, 10\.0\.0\.1/);
  });
});

describe('planDown', () => {
  const table: { name: string; have: Have; expected: string[] }[] = [
    {
      name: 'sets it down, the kernel drops the routes',
      have: applied,
      expected: ['ip link set dev branch down', 'ip address del 10.0.0.1 peer 10.0.0.2/32 dev branch'],
    },
    { name: 'nothing is there to undo', have: { up: false }, expected: [] },
    {
      name: 'leaves the addresses of others',
      have: { up: false, addresses: ['192.0.2.1/24', '10.0.0.1 peer 10.0.0.2/32'] },
      expected: ['ip address del 10.0.0.1 peer 10.0.0.2/32 dev branch'],
    },
  ];
  for (const row of table) {
    it(row.name, () => {
      assert.deepEqual(planDown('branch', observed(row.have)).map(command), row.expected);
    });
  }
});

describe('planSweep', () => {
  it('takes our routes, and nothing else', () => {
    assert.deepEqual(planSweep('branch', observed(applied)).map(command), [
      'ip route del 10.2.0.0/16 dev branch proto 108',
      'ip route del 10.3.0.0/16 dev branch proto 108 metric 50',
    ]);
    assert.deepEqual(planSweep('branch', observed({ ...applied, routes: [] })), []);
  });
});

function observed({ mtu = 1500, up = true, addresses = [], peers, routes = [] }: Have): ObservedInterface {
  return {
    name: 'branch',
    index: 7,
    mtu,
    up,
    loopback: false,
    addresses: addresses.map(address),
    peers: (up ? (peers ?? addresses.map((text) => formatIp(address(text).peer))) : []).map(anyIp),
    routes: routes.map(network).map(({ prefix, metric, table = 254, source }) => ({
      prefix,
      metric: metricOf({ prefix, metric }),
      table,
      source,
    })),
  };
}

function address(text: string): ObservedAddress {
  const match = /^(\S+?)(?: peer (\S+))?\/(\d+)$/.exec(text);
  const local = anyIp(match?.[1] ?? text);
  return { local, peer: match?.[2] === undefined ? local : anyIp(match[2]), prefixLength: Number(match?.[3]) };
}
