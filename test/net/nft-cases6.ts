/** As `nft-cases.ts`: what is IPv6's. */
import { entrance, hooks, inAndThrough, match, pass, payload, type Case } from './nft-parts.js';
import { allowed, filterOf, firewallOf, net } from './nft-support.js';

export const cases6: readonly Case[] = [
  {
    name: 'anti-spoofing on a link of both families: the addresses of the link itself too, and not our own',
    filters: [
      filterOf({
        antiSpoof: true,
        local6: '2001:db8::1',
        networks: ['10.2.0.0/16', '2001:db8:3::/48', '2001:db8:4::/48', 'fe80::/10', '2001:db8::2'].map(net),
      }),
    ],
    statements: [
      'counter spoofed-branch',
      hooks.antispoof,
      'rule antispoof iifname "branch" jump spoof-branch',
      'chain spoof-branch',
      'rule spoof-branch ip saddr 10.0.0.1 counter name "spoofed-branch" drop',
      'rule spoof-branch ip6 saddr 2001:db8::1 counter name "spoofed-branch" drop',
      'rule spoof-branch ip saddr { 10.0.0.2, 10.2.0.0/16 } return',
      'rule spoof-branch ip6 saddr { 2001:db8::2, 2001:db8:3::-2001:db8:4:ffff:ffff:ffff:ffff:ffff, fe80::/10 } return',
      'rule spoof-branch counter name "spoofed-branch" drop',
    ],
    json: [
      'spoof-branch',
      match(payload('ip6', 'saddr'), {
        set: [
          '2001:db8::2',
          { range: ['2001:db8:3::', '2001:db8:4:ffff:ffff:ffff:ffff:ffff'] },
          { prefix: { addr: 'fe80::', len: 10 } },
        ],
      }),
      { return: null },
    ],
  },
  {
    name: 'anti-spoofing where all of IPv4 is behind the peer, and nothing of IPv6',
    filters: [filterOf({ antiSpoof: true, networks: [net('0.0.0.0/0')] })],
    statements: [
      'counter spoofed-branch',
      hooks.antispoof,
      'rule antispoof iifname "branch" jump spoof-branch',
      'chain spoof-branch',
      'rule spoof-branch ip saddr 10.0.0.1 counter name "spoofed-branch" drop',
      'rule spoof-branch meta nfproto ipv4 return',
      'rule spoof-branch counter name "spoofed-branch" drop',
    ],
  },
  {
    name: 'allow rules for networks of IPv6, and of both',
    filters: [
      filterOf({
        firewall: firewallOf({
          allow: [
            'ssh from 2001:db8::/32',
            'http from 10.2.0.0/16, 2001:db8:2::/48',
            'ping, icmp from 2001:db8:2::/48 to 2001:db8:1::5',
            'dns from 10.2.0.0/16, 2001:db8:2::/48 to 2001:db8:1::53',
            'everything from ::/0',
          ].map(allowed),
        }),
      }),
    ],
    statements: [
      'counter invalid-branch',
      ...entrance,
      ...pass,
      'rule pass-branch ip6 saddr 2001:db8::/32 tcp dport 22 accept comment "ssh from 2001:db8::/32"',
      'rule pass-branch ip saddr 10.2.0.0/16 tcp dport 80 accept comment "http from 10.2.0.0/16, 2001:db8:2::/48"',
      'rule pass-branch ip6 saddr 2001:db8:2::/48 tcp dport 80 accept comment "http from 10.2.0.0/16, 2001:db8:2::/48"',
      'rule pass-branch ip6 saddr 2001:db8:2::/48 ip6 daddr 2001:db8:1::5 icmpv6 type echo-request accept comment "ping, icmp from 2001:db8:2::/48 to 2001:db8:1::5"',
      'rule pass-branch ip6 saddr 2001:db8:2::/48 ip6 daddr 2001:db8:1::5 meta l4proto 58 accept comment "ping, icmp from 2001:db8:2::/48 to 2001:db8:1::5"',
      'rule pass-branch ip6 saddr 2001:db8:2::/48 ip6 daddr 2001:db8:1::53 tcp dport 53 accept comment "dns from 10.2.0.0/16, 2001:db8:2::/48 to 2001:db8:1::53"',
      'rule pass-branch ip6 saddr 2001:db8:2::/48 ip6 daddr 2001:db8:1::53 udp dport 53 accept comment "dns from 10.2.0.0/16, 2001:db8:2::/48 to 2001:db8:1::53"',
      'rule pass-branch meta nfproto ipv6 accept comment "everything from ::/0"',
      ...inAndThrough,
    ],
    json: [
      'pass-branch',
      match(payload('ip6', 'saddr'), { prefix: { addr: '2001:db8::', len: 32 } }),
      match(payload('tcp', 'dport'), 22),
      { accept: null },
    ],
  },
];
