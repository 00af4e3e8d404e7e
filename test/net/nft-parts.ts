/** What the cases of the packet filter are made of. */
import type { LinkFilter } from '../../src/net/nft/filter.js';

export interface Case {
  readonly name: string;
  readonly filters: readonly LinkFilter[];
  /** Behind `inet linkd`, without the line of the table. */
  readonly statements: readonly string[];
  /** A rule as `nft -j` lists it: the chain, and its expressions. */
  readonly json?: readonly [chain: string, ...expressions: unknown[]];
}

export const hooks = {
  antispoof: 'chain antispoof { type filter hook prerouting priority raw; policy accept; }',
  portForwards: 'chain port-forwards { type nat hook prerouting priority dstnat; policy accept; }',
  input: 'chain input { type filter hook input priority filter; policy accept; }',
  mssClamp: 'chain mss-clamp { type filter hook forward priority mangle; policy accept; }',
  forward: 'chain forward { type filter hook forward priority filter; policy accept; }',
  output: 'chain output { type filter hook output priority filter; policy accept; }',
  masquerading: 'chain masquerading { type nat hook postrouting priority srcnat; policy accept; }',
};

/** Of a firewall that is there at all. */
export const entrance = [
  hooks.input,
  'rule input iifname "branch" jump in-branch',
  hooks.forward,
  'rule forward iifname "branch" jump through-branch',
];
export const errors = 'icmp type { destination-unreachable, time-exceeded, parameter-problem } accept';
export const errors6 =
  'icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept';
export const pass = [
  'chain pass-branch',
  'rule pass-branch ct state established,related accept',
  `rule pass-branch ${errors}`,
  `rule pass-branch ${errors6}`,
  'rule pass-branch ct state invalid counter name "invalid-branch" drop',
];
export const inAndThrough = [
  'chain in-branch',
  'rule in-branch jump pass-branch',
  'chain through-branch',
  'rule through-branch jump pass-branch',
];

export function match(left: unknown, right: unknown, op = '=='): unknown {
  return { match: { op, left, right } };
}

export function payload(protocol: string, field: string): unknown {
  return { payload: { protocol, field } };
}
