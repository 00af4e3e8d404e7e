/** What nftables shall do for one link: the packet filter's share of its network options, with the link's facts. */
import type { Ip4, IpPrefix } from '../../base/ip.js';
import type { Ip6 } from '../../base/ip6.js';
import type { Firewall, Masquerade, PortForward } from '../options.js';

export interface LinkFilter {
  /** The link's name: 1 to 32 letters, digits, `.`, `_` and `-`, beginning with a letter or digit. */
  readonly link: string;
  /** Its TUN interface; it need not exist yet. */
  readonly interface: string;
  /** The peer's address and ours; 0 while it is not known. */
  readonly remote: Ip4;
  readonly local: Ip4;
  /** Our global address of IPv6, where there is one. */
  readonly local6?: Ip6 | undefined;
  /** The networks behind the peer, and the addresses of IPv6 that it may have. */
  readonly networks: readonly IpPrefix[];
  readonly mtu: number;
  readonly masquerade: readonly Masquerade[];
  readonly portForwards: readonly PortForward[];
  readonly mssClamp: boolean | 'auto';
  readonly firewall: Firewall | undefined;
  readonly antiSpoof: boolean;
  /** While false only what outlasts the redial: the firewall and anti-spoofing. */
  readonly up: boolean;
}

/** Packets of a link that linkd's table has dropped or rejected, by the reason. */
export interface DropCounters {
  /** From the link, with a source address that isn't the peer's nor in a network behind it. */
  readonly spoofed: number;
  /** From the link, and part of no connection that they could belong to. */
  readonly invalid: number;
  /** By the policies: from the link to this machine, from the link to other interfaces, from this machine to the link. */
  readonly in: number;
  readonly through: number;
  readonly out: number;
}

export type DropReason = keyof DropCounters;
