/** One case per feature: what the config says → the plan as commands → what the kernel then says. `features.test.ts` runs them. */
import type { NetOptions } from '../../src/net/options.js';
import type { LinkFacts } from '../../src/net/wanted.js';
import { facts6, network, prefix } from './support.js';

/** What every link gets. */
export const always = [
  'ip link set dev tun0 mtu 1400',
  'ip address add 10.0.0.1 peer 10.0.0.2/32 dev tun0',
  'ip link set dev tun0 up',
];

/** What every link gets that carries IPv6. */
const own6 = ['sysctl -w net.ipv6.conf.tun0.addr_gen_mode=1', 'sysctl -w net.ipv6.conf.tun0.accept_ra=0'];
const always6 = ['ip -6 address add fe80::1 peer fe80::2/128 dev tun0 nodad'];
/** And every LAN on which it answers for others. */
const answers6 = ['sysctl -w net.ipv6.conf.lan0.forwarding=1', 'sysctl -w net.ipv6.conf.lan0.proxy_ndp=1'];

export interface Feature {
  readonly name: string;
  /** `facts` unless the link carries IPv6 as well. */
  readonly facts?: LinkFacts;
  readonly options: Partial<NetOptions>;
  /** Around `always`. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** Without what every link gets of IPv4. */
  readonly alone?: boolean;
  /** `ip` words to what `ip -j` says of them, of each the fields that are named in one of them. */
  readonly shows?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly forwarding?: Readonly<Record<string, string>>;
  /** Below /proc/sys/net/ipv6/conf. */
  readonly switches6?: Readonly<Record<string, string>>;
  readonly warnings?: readonly string[];
}

export const features: readonly Feature[] = [
  {
    name: 'a remote network',
    options: { networks: [network('10.2.0.0/16')] },
    after: ['ip route add 10.2.0.0/16 dev tun0 proto 108'],
    shows: { 'route show proto 108': [{ dst: '10.2.0.0/16', dev: 'tun0' }] },
  },
  {
    name: 'metric, table and source address',
    options: { networks: [network('10.2.0.0/16 metric 50 src 192.168.1.1'), network('10.3.0.0/16 table 1007')] },
    after: [
      'ip route add 10.2.0.0/16 dev tun0 proto 108 src 192.168.1.1 metric 50',
      'ip route add 10.3.0.0/16 dev tun0 proto 108 table 1007',
    ],
    shows: {
      'route show proto 108': [{ dst: '10.2.0.0/16', dev: 'tun0', prefsrc: '192.168.1.1', metric: 50 }],
      'route show table 1007': [{ dst: '10.3.0.0/16', dev: 'tun0' }],
    },
  },
  {
    name: 'a default route as the first choice, beside one that stays as it is',
    options: { defaultRoute: { metric: 10, supersede: false } },
    after: ['ip route add 0.0.0.0/0 dev tun0 proto 108 metric 10'],
    shows: {
      'route show default': [
        { dst: 'default', dev: 'tun0', metric: 10, protocol: '108' },
        { dst: 'default', dev: 'lan0', gateway: '192.168.1.254', metric: 100, protocol: 'static' },
      ],
    },
  },
  {
    name: 'a default route as the second choice: said so',
    options: { defaultRoute: { metric: 200, supersede: false } },
    after: ['ip route add 0.0.0.0/0 dev tun0 proto 108 metric 200'],
    warnings: [
      'the default route of tun0 (metric 200) is not in use: another one wins, ' +
        'default via 192.168.1.254 dev lan0 proto 4 metric 100. Give the link a lower metric, or let it supersede the other',
    ],
  },
  {
    name: 'a default route that supersedes another: moved behind, with all it has, and back',
    options: { defaultRoute: { metric: 200, supersede: true } },
    before: [
      'ip route add default via 192.168.1.254 dev lan0 proto 4 metric 301 && ' +
        'ip route del default via 192.168.1.254 dev lan0 proto 4 metric 100',
    ],
    after: ['ip route add 0.0.0.0/0 dev tun0 proto 108 metric 200'],
    shows: {
      'route show default': [
        { dst: 'default', dev: 'tun0', metric: 200, protocol: '108' },
        { dst: 'default', dev: 'lan0', gateway: '192.168.1.254', metric: 301, protocol: 'static' },
      ],
    },
  },
  {
    name: 'networks that are unreachable while the link is down',
    options: { networks: [network('10.2.0.0/16'), network('10.3.0.0/16 table 7')], unreachable: true },
    before: [
      'ip route add unreachable 10.2.0.0/16 proto 108 metric 4294967294',
      'ip route add unreachable 10.3.0.0/16 proto 108 metric 4294967294 table 7',
    ],
    after: ['ip route add 10.2.0.0/16 dev tun0 proto 108', 'ip route add 10.3.0.0/16 dev tun0 proto 108 table 7'],
    shows: {
      'route show type unreachable': [{ dst: '10.2.0.0/16', metric: 4294967294 }],
      'route show table 7 type unreachable': [{ dst: '10.3.0.0/16', metric: 4294967294 }],
    },
  },
  {
    name: 'proxy ARP for the peer, on the named interface',
    options: { proxyArp: [{ target: 'peer', interface: 'lan0' }] },
    before: ['ip neighbour add proxy 10.0.0.2 dev lan0 protocol 108'],
    shows: { 'neighbour show proxy': [{ dst: '10.0.0.2', dev: 'lan0', protocol: '108' }] },
  },
  {
    name: 'proxy ARP for a network, on the interface whose network holds it',
    options: {
      networks: [network('192.168.1.64/30')],
      proxyArp: [{ target: prefix('192.168.1.64/30'), interface: undefined }],
    },
    before: [64, 65, 66, 67].map((last) => `ip neighbour add proxy 192.168.1.${last} dev lan0 protocol 108`),
    after: ['ip route add 192.168.1.64/30 dev tun0 proto 108'],
    shows: {
      'neighbour show proxy': [64, 65, 66, 67].map((last) => ({ dst: `192.168.1.${last}`, dev: 'lan0' })),
    },
  },
  {
    name: 'forwarding for the interfaces concerned only',
    options: { forward: { interfaces: ['lan0'] } },
    before: ['sysctl -w net.ipv4.conf.tun0.forwarding=1', 'sysctl -w net.ipv4.conf.lan0.forwarding=1'],
    forwarding: { tun0: '1', lan0: '1', far: '0', all: '0', default: '0' },
  },
  {
    name: 'IPv6: the addresses of the link itself, and the global ones of the config',
    facts: facts6,
    options: { local6: '2001:db8::1', remote6: '2001:db8::2' },
    before: own6,
    after: [...always6, 'ip -6 address add 2001:db8::1 peer 2001:db8::2/128 dev tun0 nodad'],
    shows: {
      '-6 route show dev tun0': ['2001:db8::1', '2001:db8::2', 'fe80::1', 'fe80::2'].map((dst) => ({
        dst,
        protocol: 'kernel',
      })),
    },
    switches6: { 'tun0/addr_gen_mode': '1', 'tun0/accept_ra': '0', 'lan0/accept_ra': '1' },
  },
  {
    name: 'IPv6: remote networks, with metric, table and source address',
    facts: facts6,
    options: {
      networks: [
        network('2001:db8:2::/48'),
        network('10.2.0.0/16'),
        network('2001:db8:3::/48 metric 50 src 2001:db8:1::1'),
        network('2001:db8:4::/48 table 1007'),
      ],
    },
    before: own6,
    after: [
      ...always6,
      'ip -6 route add 2001:db8:2::/48 dev tun0 proto 108 metric 1024',
      'ip route add 10.2.0.0/16 dev tun0 proto 108',
      'ip -6 route add 2001:db8:3::/48 dev tun0 proto 108 src 2001:db8:1::1 metric 50',
      'ip -6 route add 2001:db8:4::/48 dev tun0 proto 108 metric 1024 table 1007',
    ],
    shows: {
      '-6 route show proto 108': [
        { dst: '2001:db8:2::/48', dev: 'tun0', metric: 1024 },
        { dst: '2001:db8:3::/48', dev: 'tun0', metric: 50, prefsrc: '2001:db8:1::1' },
      ],
      '-6 route show table 1007': [{ dst: '2001:db8:4::/48', dev: 'tun0' }],
      'route show proto 108': [{ dst: '10.2.0.0/16', dev: 'tun0' }],
    },
  },
  {
    name: 'IPv6: the default routes of both families, each in front of the one that there is',
    facts: facts6,
    options: { defaultRoute: { metric: 10, supersede: false } },
    before: own6,
    after: [
      ...always6,
      'ip route add 0.0.0.0/0 dev tun0 proto 108 metric 10',
      'ip -6 route add ::/0 dev tun0 proto 108 metric 10',
    ],
    shows: {
      '-6 route show default': [
        { dst: 'default', dev: 'tun0', metric: 10, protocol: '108' },
        { dst: 'default', dev: 'lan0', gateway: '2001:db8:1::fe', metric: 100, protocol: 'static' },
      ],
    },
  },
  {
    name: 'IPv6: default routes that supersede others',
    facts: facts6,
    options: { defaultRoute: { metric: 200, supersede: true } },
    before: [
      'ip route add default via 192.168.1.254 dev lan0 proto 4 metric 301 && ' +
        'ip route del default via 192.168.1.254 dev lan0 proto 4 metric 100',
      'ip -6 route add default via 2001:db8:1::fe dev lan0 proto 4 metric 301 && ' +
        'ip -6 route del default via 2001:db8:1::fe dev lan0 proto 4 metric 100',
      ...own6,
    ],
    after: [
      ...always6,
      'ip route add 0.0.0.0/0 dev tun0 proto 108 metric 200',
      'ip -6 route add ::/0 dev tun0 proto 108 metric 200',
    ],
    shows: {
      '-6 route show default': [
        { dst: 'default', dev: 'tun0', metric: 200, protocol: '108' },
        { dst: 'default', dev: 'lan0', gateway: '2001:db8:1::fe', metric: 301, protocol: 'static' },
      ],
    },
  },
  {
    name: 'IPv6: networks that are unreachable while the link is down',
    facts: facts6,
    options: { networks: [network('2001:db8:2::/48')], unreachable: true },
    before: ['ip -6 route add unreachable 2001:db8:2::/48 proto 108 metric 4294967294', ...own6],
    after: [...always6, 'ip -6 route add 2001:db8:2::/48 dev tun0 proto 108 metric 1024'],
    shows: { '-6 route show type unreachable': [{ dst: '2001:db8:2::/48', metric: 4294967294 }] },
  },
  {
    name: 'proxy NDP for the peer, on the named interface',
    facts: facts6,
    options: { local6: '2001:db8::1', remote6: '2001:db8::2', proxyNdp: [{ target: 'peer', interface: 'lan0' }] },
    before: [...own6, ...answers6, 'ip -6 neighbour add proxy 2001:db8::2 dev lan0 protocol 108'],
    after: [...always6, 'ip -6 address add 2001:db8::1 peer 2001:db8::2/128 dev tun0 nodad'],
    shows: { '-6 neighbour show proxy': [{ dst: '2001:db8::2', dev: 'lan0', protocol: '108' }] },
    switches6: { 'lan0/proxy_ndp': '1', 'lan0/forwarding': '1', 'far/forwarding': '0', 'all/proxy_ndp': '0' },
  },
  {
    name: 'proxy NDP for a network, on the interface whose network holds it',
    facts: facts6,
    options: {
      networks: [network('2001:db8:1::40/126')],
      proxyNdp: [{ target: prefix('2001:db8:1::40/126'), interface: undefined }],
    },
    before: [
      ...own6,
      ...answers6,
      ...['40', '41', '42', '43'].map((last) => `ip -6 neighbour add proxy 2001:db8:1::${last} dev lan0 protocol 108`),
    ],
    after: [...always6, 'ip -6 route add 2001:db8:1::40/126 dev tun0 proto 108 metric 1024'],
    shows: {
      '-6 neighbour show proxy': ['40', '41', '42', '43'].map((last) => ({ dst: `2001:db8:1::${last}`, dev: 'lan0' })),
    },
  },
  {
    name: 'IPv6: forwarding for the interfaces concerned only',
    facts: facts6,
    options: { forward: { interfaces: ['lan0'] } },
    before: [
      ...own6,
      'sysctl -w net.ipv4.conf.tun0.forwarding=1',
      'sysctl -w net.ipv4.conf.lan0.forwarding=1',
      'sysctl -w net.ipv6.conf.tun0.force_forwarding=1',
      'sysctl -w net.ipv6.conf.lan0.force_forwarding=1',
    ],
    after: always6,
    switches6: {
      'tun0/force_forwarding': '1',
      'lan0/force_forwarding': '1',
      'far/force_forwarding': '0',
      'all/forwarding': '0',
    },
  },
  {
    name: 'IPv6 alone',
    facts: { ...facts6, local: 0, remote: 0, carries: [6] },
    options: {
      networks: [network('10.2.0.0/16'), network('2001:db8:2::/48')],
      defaultRoute: { metric: 10, supersede: false },
      forward: { interfaces: ['lan0'] },
    },
    before: [
      ...own6,
      'sysctl -w net.ipv6.conf.tun0.force_forwarding=1',
      'sysctl -w net.ipv6.conf.lan0.force_forwarding=1',
    ],
    alone: true,
    after: [
      ...always6,
      'ip -6 route add 2001:db8:2::/48 dev tun0 proto 108 metric 1024',
      'ip -6 route add ::/0 dev tun0 proto 108 metric 10',
    ],
    shows: { '-6 address show dev tun0 scope link': [{ ifname: 'tun0' }] },
  },
];
