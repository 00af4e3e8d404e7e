/** What the system's network is told by the config, for one link: each part goes in with the link and comes out with it. */
import type { Ip, Ip4, IpPrefix, Prefix } from '../base/ip.js';
import type { Ip6 } from '../base/ip6.js';

/** A network behind the peer, and the route to it. */
export interface RemoteNetwork {
  readonly prefix: IpPrefix;
  /** The route's metric; undefined leaves it to the kernel (0; for IPv6, where 0 means the same, 1024). */
  readonly metric: number | undefined;
  /** The routing table; undefined is main (254). */
  readonly table: number | undefined;
  /** The source address that this machine's own packets take; undefined leaves it to the kernel (the link's). */
  readonly source: Ip | undefined;
}

/** 0.0.0.0/0 through the link, and ::/0 where it carries IPv6. */
export interface DefaultRoute {
  readonly metric: number;
  /**
   * What to do about a default route of someone else that would win: false leaves it and says so; true moves it to a
   * higher metric while the link is up, and back afterwards.
   */
  readonly supersede: boolean;
}

/** Each address is an entry of the kernel's, so that a network's are bounded. */
export const MAX_PROXIES = 4096;

/** Answers neighbour requests on a LAN for addresses behind the link. */
export interface NeighbourProxy {
  /** The peer's own address, or a network behind it (at most 4096 addresses, each is an entry of the kernel's). */
  readonly target: 'peer' | IpPrefix;
  /** The LAN's interface; undefined is the one whose network holds the target. */
  readonly interface: string | undefined;
}

/** Packets from these networks take the address of the interface that they leave by. IPv4 only. */
export interface Masquerade {
  /** `link`: what leaves by the link; else the name of another interface that packets from the link leave by. */
  readonly out: 'link' | { readonly interface: string };
  /** Sources; empty means all. */
  readonly from: readonly Prefix[];
}

/** A port of this machine leads to a host. IPv4 only. */
export interface PortForward {
  readonly protocol: 'tcp' | 'udp';
  /** Connections that come in by the link, or by another interface. */
  readonly on: 'link' | { readonly interface: string };
  readonly port: number;
  readonly to: Ip4;
  readonly toPort: number;
}

export type Verdict = 'accept' | 'drop' | 'reject';

/** One line of `allow:`, such as `ssh from 10.2.0.0/16 to 10.1.0.5` (`net/nft/allow.ts`). Empty lists mean any. */
export interface AllowRule {
  /** As written, for people. */
  readonly text: string;
  readonly services: readonly Service[];
  readonly from: readonly IpPrefix[];
  readonly to: readonly IpPrefix[];
}

export type Service =
  /** No ports means all of them. */
  | { readonly protocol: 'tcp' | 'udp'; readonly ports: readonly PortRange[] }
  /** `ping` is the echo request alone, `icmp` all of ICMP, or of ICMPv6. */
  | { readonly protocol: 'icmp' | 'ping' }
  /** By protocol number: 50 is ESP. */
  | { readonly protocol: number };

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** The firewall of one link. Established connections always pass. */
export interface Firewall {
  /** From the link to this machine, from this machine to the link, and from the link to other interfaces. */
  readonly policyIn: Verdict;
  readonly policyOut: Verdict;
  readonly policyThrough: Verdict;
  /** What comes in by the link, to this machine and through it, beyond the policies. */
  readonly allow: readonly AllowRule[];
}

export interface NetOptions {
  /** Our own global address on the link and the peer's, both or neither: beside those that IPV6CP makes. */
  readonly local6: Ip6 | undefined;
  readonly remote6: Ip6 | undefined;
  readonly networks: readonly RemoteNetwork[];
  readonly defaultRoute: DefaultRoute | undefined;
  /** For addresses of IPv4. */
  readonly proxyArp: readonly NeighbourProxy[];
  /** For addresses of IPv6; the peer's is `remote6`. */
  readonly proxyNdp: readonly NeighbourProxy[];
  readonly masquerade: readonly Masquerade[];
  readonly portForwards: readonly PortForward[];
  /** Clamp the TCP MSS to the path's MTU; `auto` where the MTU is below 1500. */
  readonly mssClamp: boolean | 'auto';
  /** Switch forwarding on for the link and for these interfaces; undefined leaves forwarding alone. */
  readonly forward: { readonly interfaces: readonly string[] } | undefined;
  readonly firewall: Firewall | undefined;
  /** Packets from the link must come from the peer or the remote networks. */
  readonly antiSpoof: boolean;
  /** While the link is down its networks are unreachable, lest private traffic leaks to the default route. */
  readonly unreachable: boolean;
}
