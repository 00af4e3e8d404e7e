/** What the tests of linkd's nftables table share: filters to start from, and nft inside a namespace. */
import { parseIp4, parseIpPrefix, parsePrefix, type Ip4, type IpPrefix, type Prefix } from '../../src/base/ip.js';
import type { Logger } from '../../src/base/log.js';
import { parseAllowRule } from '../../src/net/nft/allow.js';
import type { LinkFilter } from '../../src/net/nft/filter.js';
import type { AllowRule, Firewall } from '../../src/net/options.js';
import type { Namespace } from '../support/netns.js';

/** A link that is up and wants nothing of the packet filter. */
export const plain: LinkFilter = {
  link: 'branch',
  interface: 'branch',
  remote: ip('10.0.0.2'),
  local: ip('10.0.0.1'),
  networks: [net('10.2.0.0/16')],
  mtu: 1500,
  masquerade: [],
  portForwards: [],
  mssClamp: 'auto',
  firewall: undefined,
  antiSpoof: false,
  up: true,
};

/** Networks of IPv4 alone. */
export function net4(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(`not a network of IPv4: ${text}`);
  return prefix;
}

export function filterOf(part: Partial<LinkFilter>): LinkFilter {
  return { ...plain, ...part };
}

/** Policies that accept everything, and what is different. */
export function firewallOf(part: Partial<Firewall>): Firewall {
  return { policyIn: 'accept', policyOut: 'accept', policyThrough: 'accept', allow: [], ...part };
}

export function allowed(text: string): AllowRule {
  const read = parseAllowRule(text);
  if (!read.ok) throw new Error(`${text}: ${read.message}`);
  return read.rule;
}

export function ip(text: string): Ip4 {
  const address = parseIp4(text);
  if (address === undefined) throw new Error(`not an address: ${text}`);
  return address;
}

export function net(text: string): IpPrefix {
  const prefix = parseIpPrefix(text);
  if (prefix === undefined) throw new Error(`not a network: ${text}`);
  return prefix;
}

/** How nft is called inside the namespace. */
export function nftIn({ name }: Namespace): readonly string[] {
  return ['ip', 'netns', 'exec', name, 'nft'];
}

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
