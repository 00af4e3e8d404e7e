/** What links want of the packet filter → the statements of linkd's table: one case for each feature. */
import { cases6 } from './nft-cases6.js';
import { allowed, filterOf, firewallOf, ip, net, net4 } from './nft-support.js';
import { entrance, errors, errors6, hooks, inAndThrough, match, pass, payload, type Case } from './nft-parts.js';

export const cases: readonly Case[] = [
  ...cases6,
  { name: 'nothing wanted: no table', filters: [filterOf({})], statements: [] },
  {
    name: 'masquerade out of the link',
    filters: [filterOf({ masquerade: [{ out: 'link', from: [] }] })],
    statements: [hooks.masquerading, 'rule masquerading oifname "branch" meta nfproto ipv4 masquerade'],
    json: [
      'masquerading',
      match({ meta: { key: 'oifname' } }, 'branch'),
      match({ meta: { key: 'nfproto' } }, 'ipv4'),
      { masquerade: null },
    ],
  },
  {
    name: 'masquerade of named networks, with 0.0.0.0/0 as any',
    filters: [
      filterOf({
        masquerade: [
          { out: 'link', from: [net4('10.1.0.0/16'), net4('10.9.0.4')] },
          { out: 'link', from: [net4('0.0.0.0/0')] },
        ],
      }),
    ],
    statements: [
      hooks.masquerading,
      'rule masquerading oifname "branch" ip saddr { 10.1.0.0/16, 10.9.0.4 } masquerade',
      'rule masquerading oifname "branch" meta nfproto ipv4 masquerade',
    ],
    json: [
      'masquerading',
      match({ meta: { key: 'oifname' } }, 'branch'),
      match(payload('ip', 'saddr'), { set: [{ prefix: { addr: '10.1.0.0', len: 16 } }, '10.9.0.4'] }),
      { masquerade: null },
    ],
  },
  {
    name: 'masquerade out of another interface, of what comes from the link',
    filters: [filterOf({ masquerade: [{ out: { interface: 'br-lan.7' }, from: [net4('10.2.0.0/16')] }] })],
    statements: [
      hooks.masquerading,
      'rule masquerading iifname "branch" oifname "br-lan.7" ip saddr 10.2.0.0/16 masquerade',
    ],
    json: [
      'masquerading',
      match({ meta: { key: 'iifname' } }, 'branch'),
      match({ meta: { key: 'oifname' } }, 'br-lan.7'),
      match(payload('ip', 'saddr'), { prefix: { addr: '10.2.0.0', len: 16 } }),
      { masquerade: null },
    ],
  },
  {
    name: 'port forwards, from the link and from another interface',
    filters: [
      filterOf({
        portForwards: [
          { protocol: 'tcp', on: 'link', port: 80, to: ip('10.1.0.5'), toPort: 8080 },
          { protocol: 'udp', on: { interface: 'eth0' }, port: 514, to: ip('10.2.0.7'), toPort: 514 },
        ],
      }),
    ],
    statements: [
      hooks.portForwards,
      'rule port-forwards iifname "branch" fib daddr type local tcp dport 80 dnat ip to 10.1.0.5:8080',
      'rule port-forwards iifname "eth0" fib daddr type local udp dport 514 dnat ip to 10.2.0.7:514',
    ],
    json: [
      'port-forwards',
      match({ meta: { key: 'iifname' } }, 'branch'),
      match({ fib: { result: 'type', flags: ['daddr'] } }, 'local'),
      match(payload('tcp', 'dport'), 80),
      { dnat: { family: 'ip', addr: '10.1.0.5', port: 8080 } },
    ],
  },
  {
    name: 'port forwards pass the policies of the link that they come in by',
    filters: [
      filterOf({
        portForwards: [
          { protocol: 'tcp', on: 'link', port: 80, to: ip('10.1.0.5'), toPort: 8080 },
          { protocol: 'tcp', on: { interface: 'eth0' }, port: 81, to: ip('10.2.0.5'), toPort: 81 },
        ],
        firewall: firewallOf({ policyThrough: 'drop' }),
      }),
      filterOf({
        link: 'other',
        interface: 'eth1',
        portForwards: [{ protocol: 'udp', on: { interface: 'branch' }, port: 53, to: ip('10.3.0.1'), toPort: 53 }],
      }),
    ],
    statements: [
      'counter invalid-branch',
      'counter through-branch',
      hooks.portForwards,
      'rule port-forwards iifname "branch" fib daddr type local tcp dport 80 dnat ip to 10.1.0.5:8080',
      'rule port-forwards iifname "eth0" fib daddr type local tcp dport 81 dnat ip to 10.2.0.5:81',
      'rule port-forwards iifname "branch" fib daddr type local udp dport 53 dnat ip to 10.3.0.1:53',
      ...entrance,
      ...pass,
      'rule pass-branch ct status dnat ip daddr 10.1.0.5 tcp dport 8080 accept',
      'rule pass-branch ct status dnat ip daddr 10.3.0.1 udp dport 53 accept',
      ...inAndThrough,
      'rule through-branch counter name "through-branch" drop',
    ],
    json: [
      'pass-branch',
      match({ ct: { key: 'status' } }, 'dnat', 'in'),
      match(payload('ip', 'daddr'), '10.1.0.5'),
      match(payload('tcp', 'dport'), 8080),
      { accept: null },
    ],
  },
  {
    name: 'MSS clamp, both directions',
    filters: [filterOf({ mssClamp: true })],
    statements: [
      hooks.mssClamp,
      'rule mss-clamp iifname "branch" tcp flags syn tcp option maxseg size set rt mtu',
      'rule mss-clamp oifname "branch" tcp flags syn tcp option maxseg size set rt mtu',
    ],
    json: [
      'mss-clamp',
      match({ meta: { key: 'oifname' } }, 'branch'),
      match(payload('tcp', 'flags'), 'syn', 'in'),
      { mangle: { key: { 'tcp option': { name: 'maxseg', field: 'size' } }, value: { rt: { key: 'mtu' } } } },
    ],
  },
  {
    name: 'MSS clamp by itself: where the MTU is below 1500',
    filters: [
      filterOf({ mtu: 1499 }),
      filterOf({ link: 'b', interface: 'tun1', mtu: 1500 }),
      filterOf({ link: 'c', interface: 'tun2', mtu: 576, mssClamp: false }),
    ],
    statements: [
      hooks.mssClamp,
      'rule mss-clamp iifname "branch" tcp flags syn tcp option maxseg size set rt mtu',
      'rule mss-clamp oifname "branch" tcp flags syn tcp option maxseg size set rt mtu',
    ],
  },
  {
    name: 'anti-spoofing: the peer, its networks (joined where they adjoin), and not our own address',
    filters: [filterOf({ antiSpoof: true, networks: [net('10.3.0.0/16'), net('10.2.0.0/16'), net('10.2.7.0/24')] })],
    statements: [
      'counter spoofed-branch',
      hooks.antispoof,
      'rule antispoof iifname "branch" jump spoof-branch',
      'chain spoof-branch',
      'rule spoof-branch ip saddr 10.0.0.1 counter name "spoofed-branch" drop',
      'rule spoof-branch ip saddr { 10.0.0.2, 10.2.0.0/15 } return',
      'rule spoof-branch counter name "spoofed-branch" drop',
    ],
    json: [
      'spoof-branch',
      match(payload('ip', 'saddr'), { set: ['10.0.0.2', { prefix: { addr: '10.2.0.0', len: 15 } }] }),
      { return: null },
    ],
  },
  {
    name: 'anti-spoofing where every address is behind the peer, and where none is known',
    filters: [
      filterOf({ antiSpoof: true, networks: [net('0.0.0.0/0'), net('::/0')] }),
      filterOf({ link: 'b', interface: 'tun1', antiSpoof: true, remote: 0, local: 0, networks: [] }),
    ],
    statements: [
      'counter spoofed-branch',
      'counter spoofed-b',
      hooks.antispoof,
      'rule antispoof iifname "branch" jump spoof-branch',
      'rule antispoof iifname "tun1" jump spoof-b',
      'chain spoof-branch',
      'rule spoof-branch ip saddr 10.0.0.1 counter name "spoofed-branch" drop',
      'chain spoof-b',
      'rule spoof-b counter name "spoofed-b" drop',
    ],
  },
  {
    name: 'a firewall that accepts: what is invalid is dropped',
    filters: [filterOf({ firewall: firewallOf({}) })],
    statements: ['counter invalid-branch', ...entrance, ...pass, ...inAndThrough],
    json: [
      'pass-branch',
      match({ ct: { key: 'state' } }, 'invalid', 'in'),
      { counter: 'invalid-branch' },
      { drop: null },
    ],
  },
  {
    name: 'policies: in reject, out drop, through drop',
    filters: [filterOf({ firewall: firewallOf({ policyIn: 'reject', policyOut: 'drop', policyThrough: 'drop' }) })],
    statements: [
      'counter invalid-branch',
      'counter in-branch',
      'counter through-branch',
      'counter out-branch',
      ...entrance,
      hooks.output,
      'rule output oifname "branch" jump out-branch',
      ...pass,
      'chain in-branch',
      'rule in-branch jump pass-branch',
      'rule in-branch counter name "in-branch" reject with icmpx admin-prohibited',
      'chain through-branch',
      'rule through-branch jump pass-branch',
      'rule through-branch counter name "through-branch" drop',
      'chain out-branch',
      'rule out-branch ct state established,related accept',
      `rule out-branch ${errors}`,
      `rule out-branch ${errors6}`,
      'rule out-branch counter name "out-branch" drop',
    ],
    json: ['in-branch', { counter: 'in-branch' }, { reject: { type: 'icmpx', expr: 'admin-prohibited' } }],
  },
  {
    name: 'every form of allow rule',
    filters: [
      filterOf({
        firewall: firewallOf({
          allow: [
            'ssh from 10.2.0.0/16',
            'http, https to 10.1.0.5',
            'tcp 8000-8100, 8050-8200, 22',
            'udp 53 from 10.2.0.0/16, 10.3.0.4 to 10.1.0.53',
            'dns',
            'icmp',
            'ping',
            'tcp, ssh from 10.2.3.4',
            'udp',
            'protocol 50',
            'everything from 10.2.3.4',
            'everything from 0.0.0.0/0',
          ].map(allowed),
        }),
      }),
    ],
    statements: [
      'counter invalid-branch',
      ...entrance,
      ...pass,
      'rule pass-branch ip saddr 10.2.0.0/16 tcp dport 22 accept comment "ssh from 10.2.0.0/16"',
      'rule pass-branch ip daddr 10.1.0.5 tcp dport { 80, 443 } accept comment "http, https to 10.1.0.5"',
      'rule pass-branch tcp dport { 22, 8000-8200 } accept comment "tcp 8000-8100, 8050-8200, 22"',
      'rule pass-branch ip saddr { 10.2.0.0/16, 10.3.0.4 } ip daddr 10.1.0.53 udp dport 53 accept comment "udp 53 from 10.2.0.0/16, 10.3.0.4 to 10.1.0.53"',
      'rule pass-branch tcp dport 53 accept comment "dns"',
      'rule pass-branch udp dport 53 accept comment "dns"',
      'rule pass-branch meta l4proto 1 accept comment "icmp"',
      'rule pass-branch meta l4proto 58 accept comment "icmp"',
      'rule pass-branch icmp type echo-request accept comment "ping"',
      'rule pass-branch icmpv6 type echo-request accept comment "ping"',
      'rule pass-branch ip saddr 10.2.3.4 meta l4proto 6 accept comment "tcp, ssh from 10.2.3.4"',
      'rule pass-branch meta l4proto 17 accept comment "udp"',
      'rule pass-branch meta l4proto 50 accept comment "protocol 50"',
      'rule pass-branch ip saddr 10.2.3.4 accept comment "everything from 10.2.3.4"',
      'rule pass-branch meta nfproto ipv4 accept comment "everything from 0.0.0.0/0"',
      ...inAndThrough,
    ],
    json: [
      'pass-branch',
      match(payload('ip', 'saddr'), { set: [{ prefix: { addr: '10.2.0.0', len: 16 } }, '10.3.0.4'] }),
      match(payload('ip', 'daddr'), '10.1.0.53'),
      match(payload('udp', 'dport'), 53),
      { accept: null },
    ],
  },
  {
    name: 'what adjoins is joined, as nft does it',
    filters: [
      filterOf({
        masquerade: [
          { out: 'link', from: ['10.1.0.0/16', '10.2.0.0/16', '10.5.0.4', '10.5.0.4', '255.255.255.255'].map(net4) },
          { out: 'link', from: ['10.0.0.6', '10.0.0.7', '10.0.0.9'].map(net4) },
          { out: 'link', from: ['0.0.0.0/1', '128.0.0.0/1'].map(net4) },
        ],
        firewall: firewallOf({ allow: ['tcp 80, 81', 'udp 1-5, 6, 9'].map(allowed) }),
      }),
    ],
    statements: [
      'counter invalid-branch',
      ...entrance,
      hooks.masquerading,
      'rule masquerading oifname "branch" ip saddr { 10.1.0.0-10.2.255.255, 10.5.0.4, 255.255.255.255 } masquerade',
      'rule masquerading oifname "branch" ip saddr { 10.0.0.6/31, 10.0.0.9 } masquerade',
      'rule masquerading oifname "branch" meta nfproto ipv4 masquerade',
      ...pass,
      'rule pass-branch tcp dport 80-81 accept comment "tcp 80, 81"',
      'rule pass-branch udp dport { 1-6, 9 } accept comment "udp 1-5, 6, 9"',
      ...inAndThrough,
    ],
  },
  {
    name: 'a large set, and a comment cut to what nft takes',
    filters: [filterOf({ firewall: firewallOf({ allow: [allowed(`tcp ${range(1000, 1200)}`)] }) })],
    statements: [
      'counter invalid-branch',
      ...entrance,
      ...pass,
      `rule pass-branch tcp dport { ${range(1000, 1200)} } accept comment "tcp ${range(1000, 1200).slice(0, 116)}"`,
      ...inAndThrough,
    ],
  },
  {
    name: 'while the link is down: only its firewall and anti-spoofing',
    filters: [
      filterOf({
        up: false,
        mtu: 576,
        mssClamp: true,
        masquerade: [{ out: 'link', from: [] }],
        portForwards: [{ protocol: 'tcp', on: 'link', port: 80, to: ip('10.1.0.5'), toPort: 80 }],
        antiSpoof: true,
        firewall: firewallOf({ policyIn: 'drop' }),
      }),
    ],
    statements: [
      'counter spoofed-branch',
      'counter invalid-branch',
      'counter in-branch',
      hooks.antispoof,
      'rule antispoof iifname "branch" jump spoof-branch',
      ...entrance,
      'chain spoof-branch',
      'rule spoof-branch ip saddr 10.0.0.1 counter name "spoofed-branch" drop',
      'rule spoof-branch ip saddr { 10.0.0.2, 10.2.0.0/16 } return',
      'rule spoof-branch counter name "spoofed-branch" drop',
      ...pass,
      'chain in-branch',
      'rule in-branch jump pass-branch',
      'rule in-branch counter name "in-branch" drop',
      'chain through-branch',
      'rule through-branch jump pass-branch',
    ],
  },
  {
    name: 'names as strange as they may be: they collide with no word of nft and not with each other',
    filters: ['tcp', 'drop', 'in', '0', '1-2.3_', 'in-in', 'x'.repeat(32)].map((link, i) =>
      filterOf({
        link,
        interface: ['tcp', 'drop', 'e-._', '0', 'eth0.1', 'ip6', 'abcdefghijklmno'][i] ?? '',
        antiSpoof: true,
        remote: 0,
        local: 0,
        networks: [],
      }),
    ),
    statements: [
      ...['tcp', 'drop', 'in', '0', '1-2.3_', 'in-in', 'x'.repeat(32)].map((link) => `counter spoofed-${link}`),
      hooks.antispoof,
      'rule antispoof iifname "tcp" jump spoof-tcp',
      'rule antispoof iifname "drop" jump spoof-drop',
      'rule antispoof iifname "e-._" jump spoof-in',
      'rule antispoof iifname "0" jump spoof-0',
      'rule antispoof iifname "eth0.1" jump spoof-1-2.3_',
      'rule antispoof iifname "ip6" jump spoof-in-in',
      `rule antispoof iifname "abcdefghijklmno" jump spoof-${'x'.repeat(32)}`,
      ...['tcp', 'drop', 'in', '0', '1-2.3_', 'in-in', 'x'.repeat(32)].flatMap((link) => [
        `chain spoof-${link}`,
        `rule spoof-${link} counter name "spoofed-${link}" drop`,
      ]),
    ],
  },
];

/** Every other number, so that nothing adjoins. */
function range(first: number, end: number): string {
  return Array.from({ length: (end - first) / 2 }, (_, i) => first + 2 * i).join(', ');
}
