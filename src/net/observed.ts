/** What the kernel has, as `kernel.ts` reads it and the plans compare it with what is wanted. */
import type { Family, Ip, IpPrefix } from '../base/ip.js';

/**
 * An address of the interface. The kernel keeps two addresses for each: `peer` equals `local` on an ordinary one,
 * and is the far end's address on a point-to-point one.
 */
export interface ObservedAddress {
  readonly local: Ip;
  readonly peer: Ip;
  /** Of the network on the link, 0..32 or 0..128. */
  readonly prefixLength: number;
}

export interface ObservedRoute {
  readonly prefix: IpPrefix;
  readonly metric: number;
  readonly table: number;
  readonly source: Ip | undefined;
}

export interface ObservedInterface {
  readonly name: string;
  /** The kernel's number for it. */
  readonly index: number;
  readonly mtu: number;
  /** Set up by the administrator (IFF_UP), whether or not somebody has the TUN device open. */
  readonly up: boolean;
  readonly loopback: boolean;
  /** All its addresses, ours or not. */
  readonly addresses: readonly ObservedAddress[];
  /** The routes out of this interface that carry our protocol number, in all tables; no others. */
  readonly routes: readonly ObservedRoute[];
  /** The hosts to which the kernel itself made a route, as it does with an address that has a peer. */
  readonly peers: readonly Ip[];
}

/** A default route of someone else, in the main table. */
export interface ForeignDefault {
  readonly family: Family;
  /** All that the kernel has of it but the metric (an RTM_NEWROUTE message, hexadecimal): enough to make it again. */
  readonly raw: string;
  /** For people, without the metric: `default via 192.168.1.1 dev eth0`. */
  readonly text: string;
  readonly metric: number;
}

/** An entry that makes the machine answer neighbour requests for an address. */
export interface ObservedProxy {
  readonly index: number;
  readonly address: Ip;
  /** It carries our protocol number. */
  readonly ours: boolean;
}

/** The machine's network, as far as linkd has to do with it. */
export interface Observed {
  readonly interfaces: readonly ObservedInterface[];
  readonly defaults: readonly ForeignDefault[];
  /** The unreachable routes that carry our protocol number. */
  readonly unreachable: readonly Omit<ObservedRoute, 'source'>[];
  readonly proxies: readonly ObservedProxy[];
  /** The values of the switches that were asked for and exist, by their paths (`switches.ts`). */
  readonly switches: ReadonlyMap<string, number>;
}

/** A route of any program, in any table but the kernel's own (`local`). */
export interface TableRoute extends ObservedRoute {
  /** `unicast`, `unreachable`, `blackhole`, … */
  readonly type: string;
  /** Of the program that made it: 108 is linkd, 2 the kernel. */
  readonly protocol: number;
  /** Undefined for routes without one, and for those with several. */
  readonly interface: string | undefined;
  readonly gateway: Ip | undefined;
}

export function interfaceNamed(observed: Observed, name: string): ObservedInterface | undefined {
  return observed.interfaces.find((one) => one.name === name);
}
