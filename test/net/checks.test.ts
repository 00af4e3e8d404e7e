/** The cross-checks, one case per finding, and one per false alarm. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { crossCheck, type CheckedLink, type Finding } from '../../src/net/checks.js';
import type { TableRoute } from '../../src/net/observed.js';
import type { NetOptions } from '../../src/net/options.js';
import type { Snapshot, SnapshotInterface } from '../../src/net/snapshot.js';
import { ip, network, noOptions, prefix } from './support.js';

const lan0: SnapshotInterface = {
  name: 'lan0',
  index: 2,
  mtu: 1500,
  up: true,
  loopback: false,
  addresses: [{ local: ip('192.168.1.1'), peer: ip('192.168.1.1'), prefixLength: 24 }],
  forwarding: true,
  forwardingWritable: true,
  forwarding6: true,
  forwarding6Writable: true,
  rpFilter: 0,
};
const lo: SnapshotInterface = {
  ...lan0,
  name: 'lo',
  index: 1,
  loopback: true,
  addresses: [{ local: ip('127.0.0.1'), peer: ip('127.0.0.1'), prefixLength: 8 }],
};
const route: TableRoute = {
  prefix: prefix('10.2.0.0/16'),
  metric: 0,
  table: 254,
  source: undefined,
  type: 'unicast',
  protocol: 4,
  interface: 'lan0',
  gateway: ip('192.168.1.9'),
};
const machine: Snapshot = {
  interfaces: [lo, lan0],
  routes: [],
  newInterface: {
    forwarding: false,
    forwardingWritable: true,
    forwarding6: false,
    forwarding6Writable: true,
    rpFilter: 0,
  },
};

interface Row {
  readonly name: string;
  readonly options?: Partial<NetOptions>;
  readonly link?: Partial<CheckedLink>;
  readonly machine?: Partial<Snapshot>;
  readonly others?: readonly CheckedLink[];
  /** `level: words of the message | words of the remedy`, or nothing to find. */
  readonly expected?: readonly [level: Finding['level'], message: RegExp, remedy: RegExp];
}

const table: readonly Row[] = [
  {
    name: 'nothing',
    options: {
      networks: [network('10.2.0.0/16')],
      defaultRoute: { metric: 10, supersede: true },
      proxyArp: [{ target: prefix('192.168.1.64/30'), interface: undefined }],
      masquerade: [{ out: { interface: 'lan0' }, from: [] }],
      forward: { interfaces: ['lan0'] },
    },
    machine: { routes: [{ ...route, prefix: prefix('0.0.0.0/0') }] },
  },
  {
    name: 'a remote network that is the local one',
    options: { networks: [network('192.168.1.0/24')] },
    expected: ['error', /192\.168\.1\.0\/24 overlaps 192\.168\.1\.0\/24, which is connected to lan0/, /numbered anew/],
  },
  {
    name: 'a remote network around the local one',
    options: { networks: [network('192.168.0.0/16')] },
    expected: ['error', /192\.168\.0\.0\/16 overlaps 192\.168\.1\.0\/24/, /numbered anew/],
  },
  {
    name: 'a remote network within the local one',
    options: { networks: [network('192.168.1.64/30')] },
    expected: ['warning', /192\.168\.1\.64\/30 overlaps/, /proxy-arp/],
  },
  { name: 'an overlap in a table of its own', options: { networks: [network('192.168.1.0/24 table 7')] } },
  { name: 'all the world behind the link', options: { networks: [network('0.0.0.0/0 metric 7')] } },
  {
    name: "the peer's address on this machine",
    link: { remote: ip('192.168.1.1') },
    expected: ['error', /peer's address 192\.168\.1\.1 is an address of this machine, on lan0/, /remote/],
  },
  {
    name: 'the local address on another interface',
    link: { local: ip('192.168.1.1') },
    expected: ['warning', /local address 192\.168\.1\.1 is on lan0 as well/, /borrow/],
  },
  {
    name: 'an address that an earlier run left on the interface of the link',
    machine: {
      interfaces: [
        { ...lan0, name: 'tun0', addresses: [{ local: ip('10.0.0.1'), peer: ip('10.0.0.2'), prefixLength: 32 }] },
      ],
      routes: [{ ...route, interface: 'tun0', protocol: 108 }],
    },
    options: { networks: [network('10.2.0.0/16')] },
  },
  {
    name: 'a route with the same metric',
    options: { networks: [network('10.2.0.0/16')] },
    machine: { routes: [route] },
    expected: [
      'error',
      /10\.2\.0\.0\/16 with metric 0 already, of protocol 4 via 192\.168\.1\.9 on lan0/,
      /another `metric`/,
    ],
  },
  {
    name: 'a route with a lower metric',
    options: { networks: [network('10.2.0.0/16 metric 50')] },
    machine: { routes: [{ ...route, metric: 20 }] },
    expected: ['warning', /lower metric wins/, /below 20/],
  },
  {
    name: 'a route with a higher metric',
    options: { networks: [network('10.2.0.0/16 metric 50')] },
    machine: { routes: [{ ...route, metric: 70 }] },
  },
  {
    name: 'a route of that metric in another table',
    options: { networks: [network('10.2.0.0/16')] },
    machine: { routes: [{ ...route, table: 7 }] },
  },
  {
    name: 'another default route that wins',
    options: { defaultRoute: { metric: 10, supersede: false } },
    machine: { routes: [{ ...route, prefix: prefix('0.0.0.0/0'), metric: 5 }] },
    expected: ['warning', /another default route wins over the link's \(metric 10\).*metric 5/, /supersede/],
  },
  {
    name: 'proxy-arp on no interface',
    options: { proxyArp: [{ target: 'peer', interface: 'lan9' }] },
    expected: ['error', /`proxy-arp` names the interface lan9, which does not exist/, /ip link show/],
  },
  {
    name: 'masquerade on no interface',
    options: { masquerade: [{ out: { interface: 'lan9' }, from: [] }] },
    expected: ['error', /`masquerade` names the interface lan9/, /ip link show/],
  },
  {
    name: 'a port forward on no interface',
    options: {
      portForwards: [{ protocol: 'tcp', on: { interface: 'lan9' }, port: 80, to: ip('10.2.0.9'), toPort: 80 }],
    },
    expected: ['error', /`port-forwards` names the interface lan9/, /ip link show/],
  },
  {
    name: 'forward on no interface',
    options: { forward: { interfaces: ['lan9'] } },
    expected: ['error', /`forward` names the interface lan9/, /ip link show/],
  },
  {
    name: 'the interface of another link, which is made when that one starts',
    options: { masquerade: [{ out: { interface: 'tun1' }, from: [] }] },
    others: [sibling(noOptions)],
  },
  {
    name: 'proxy-arp for what no network holds',
    options: { proxyArp: [{ target: 'peer', interface: undefined }] },
    expected: ['error', /the peer 10\.0\.0\.2: no interface has a network that holds it/, /Name the interface/],
  },
  {
    name: 'proxy-arp for too much',
    options: { proxyArp: [{ target: prefix('10.2.0.0/16'), interface: 'lan0' }] },
    expected: ['error', /more than 4096 entries/, /smaller/],
  },
  {
    name: 'proxy-arp where forwarding is off',
    options: { proxyArp: [{ target: 'peer', interface: 'lan0' }] },
    machine: { interfaces: [lo, { ...lan0, forwarding: false }] },
    expected: ['warning', /no effect, as forwarding is off/, /Add lan0 to `forward`/],
  },
  {
    name: 'forwarding that linkd may not switch on',
    options: { forward: { interfaces: ['lan0'] } },
    machine: { interfaces: [lo, { ...lan0, forwarding: false, forwardingWritable: false }] },
    expected: ['error', /forwarding is off for lan0, and linkd may not switch it on/, /CAP_NET_ADMIN/],
  },
  {
    name: 'a strict rp_filter and a route in another table',
    options: { networks: [network('10.2.0.0/16 table 7')] },
    machine: { newInterface: { ...machine.newInterface, rpFilter: 1 } },
    expected: ['warning', /rp_filter is strict on tun0, and drops what comes from 10\.2\.0\.0\/16/, /rp_filter=2/],
  },
  {
    name: 'a strict rp_filter and another link that is the first choice',
    options: { networks: [network('10.2.0.0/16 metric 50')] },
    machine: { newInterface: { ...machine.newInterface, rpFilter: 1 } },
    others: [sibling({ ...noOptions, networks: [network('10.2.0.0/16')] })],
    expected: ['warning', /rp_filter is strict/, /rp_filter=2/],
  },
  {
    name: 'a strict rp_filter that does no harm',
    options: { networks: [network('10.2.0.0/16')] },
    machine: { newInterface: { ...machine.newInterface, rpFilter: 1 } },
  },
  {
    name: 'a loose one',
    options: { networks: [network('10.2.0.0/16 table 7')] },
    machine: { newInterface: { ...machine.newInterface, rpFilter: 2 } },
  },
];

describe('crossCheck finds', () => {
  for (const row of table) {
    it(row.expected === undefined ? `no fault with ${row.name}` : row.name, () => {
      const link: CheckedLink = {
        name: 'branch',
        interface: 'tun0',
        local: ip('10.0.0.1'),
        remote: ip('10.0.0.2'),
        net: { ...noOptions, ...row.options },
        ...row.link,
      };
      const found = crossCheck([link, ...(row.others ?? [])], { ...machine, ...row.machine });
      if (row.expected === undefined) {
        assert.deepEqual(found, []);
        return;
      }
      const [level, message, remedy] = row.expected;
      assert.deepEqual(
        found.map((one) => [one.level, one.link]),
        [[level, 'branch']],
        JSON.stringify(found),
      );
      assert.match(found[0]?.message ?? '', message);
      assert.match(found[0]?.remedy ?? '', remedy);
    });
  }
});

function sibling(net: NetOptions): CheckedLink {
  return { name: 'depot', interface: 'tun1', local: ip('10.0.0.1'), remote: ip('10.0.0.3'), net };
}
