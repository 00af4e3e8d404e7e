/**
 * What the system should have for one link. The link makes this from the config and from what PPP agreed on
 * (`wantedInterface`); `plan.ts` finds the way there for the interface, `machine.ts` for what lies around it.
 */
import {
  anywhere,
  familyOf,
  hostPrefix,
  samePrefix,
  type Family,
  type Ip,
  type Ip4,
  type IpPrefix,
} from '../base/ip.js';
import type { Ip6 } from '../base/ip6.js';
import type { LinkFilter } from './nft/filter.js';
import type { DefaultRoute, NetOptions } from './options.js';

/** The routing table that is looked up where no rule says otherwise. */
export const MAIN_TABLE = 254;

/** A route into a network behind the peer. */
export interface WantedRoute {
  /** A network: no host bits set. */
  readonly prefix: IpPrefix;
  /** 0..2^32-1, lower is preferred; undefined is the kernel's default, see `metricOf`. */
  readonly metric: number | undefined;
  /** 1..2^32-1; undefined is main. */
  readonly table?: number | undefined;
  /** What this machine's own packets carry, an address that it has; undefined leaves it to the kernel. */
  readonly source?: Ip | undefined;
}

/** Our address on the link and the peer's, of one family. */
export interface AddressPair {
  readonly local: Ip;
  readonly remote: Ip;
}

/** Neighbour requests for these addresses are answered. */
export interface WantedProxy {
  readonly target: IpPrefix;
  /** Undefined is the interface whose network holds the target. */
  readonly interface: string | undefined;
}

/** A network that is unreachable while no link leads there. */
export interface UnreachableRoute {
  readonly prefix: IpPrefix;
  readonly table?: number | undefined;
}

/** What stands for a link whether it is up or not. */
export interface Outlasting {
  /** The TUN interface. */
  readonly name: string;
  readonly unreachable?: readonly UnreachableRoute[];
  /** Of which the part for a link that is up stands only while it is. */
  readonly filter?: LinkFilter;
}

export interface WantedInterface extends Outlasting {
  /** Octets of the largest IP packet, 68..65535. */
  readonly mtu: number;
  /** 0 while the link carries no IPv4. */
  readonly local: Ip4;
  /** The peer's address; never the same as `local`, unless both are 0. */
  readonly remote: Ip4;
  /** Of IPv6: those of the link itself, and the global ones where the config has them. Undefined: it carries none. */
  readonly addresses6?: readonly AddressPair[];
  /** It may carry IPv6 at any moment: the kernel must not make addresses of its own before. */
  readonly awaitsIp6?: boolean | undefined;
  readonly routes: readonly WantedRoute[];
  readonly defaultRoute?: DefaultRoute | undefined;
  readonly proxies?: readonly WantedProxy[];
  /** Forwarding for the link's interface and for these. */
  readonly forward?: NetOptions['forward'];
}

/** A link, with what its session of PPP agreed on, or what the config says while there is none. */
export interface LinkFacts {
  /** The link's name. */
  readonly link: string;
  /** Its TUN interface. */
  readonly name: string;
  readonly mtu: number;
  /** 0 while it is not known, and on a link without IPv4. */
  readonly local: Ip4;
  readonly remote: Ip4;
  /** The addresses of the link itself, fe80::…, that IPV6CP agreed on. RFC 5072 §5 */
  readonly linkLocal6?: Ip6 | undefined;
  readonly peerLinkLocal6?: Ip6 | undefined;
  /** The families that PPP agreed to carry; of others nothing is installed. Undefined: it is not known yet. */
  readonly carries?: readonly Family[] | undefined;
  /** IPV6CP is spoken, and may open at any moment. */
  readonly awaitsIp6?: boolean | undefined;
}

/** What the config says of the link's network, while the link is up. */
export function wantedInterface(facts: LinkFacts, options: NetOptions): WantedInterface {
  const { mtu, local, remote, linkLocal6, peerLinkLocal6 } = facts;
  const { networks, defaultRoute, proxyArp, proxyNdp, forward, local6, remote6 } = options;
  const has4 = facts.carries?.includes(4) ?? true;
  const has6 = facts.carries?.includes(6) ?? wantsIp6(facts, options);
  const proxies = [
    ...proxyArp.map(({ target, ...one }) => ({ ...one, target: target === 'peer' ? remote : target })),
    ...proxyNdp.map(({ target, ...one }) => ({ ...one, target: target === 'peer' ? remote6 : target })),
  ].flatMap(({ target, ...one }): WantedProxy[] => {
    if (target === undefined || target === 0) return [];
    return [{ ...one, target: typeof target === 'object' ? target : hostPrefix(target) }];
  });
  const isCarried = (prefix: IpPrefix): boolean => (familyOf(prefix) === 4 ? has4 : has6);
  return {
    ...outlasting(facts, options),
    mtu,
    local: has4 ? local : 0,
    remote: has4 ? remote : 0,
    awaitsIp6: facts.awaitsIp6,
    ...(has6 && { addresses6: [...pairOf(linkLocal6, peerLinkLocal6), ...pairOf(local6, remote6)] }),
    routes: networks.filter(({ prefix }) => isCarried(prefix)),
    defaultRoute,
    proxies: proxies.filter(({ target }) => isCarried(target)),
    forward,
  };
}

/** What the config says of the link's network, whether it is up or not. */
export function outlasting(facts: LinkFacts, options: NetOptions): Outlasting {
  const { link, name, mtu, local, remote } = facts;
  const { networks, defaultRoute, unreachable, masquerade, portForwards, mssClamp, firewall, antiSpoof } = options;
  const { local6, remote6 } = options;
  const prefixes = [
    ...networks.map(({ prefix }) => prefix),
    ...(wantsIp6(facts, options) ? [linkLocals] : []),
    ...(remote6 === undefined ? [] : [hostPrefix(remote6)]),
    // Behind a default route is everything: what comes from there is not forged.
    ...(defaultRoute === undefined ? [] : [anywhere[4], anywhere[6]]),
  ];
  return {
    name,
    unreachable: unreachable ? networks.map(({ prefix, table }) => ({ prefix, table })) : [],
    filter: {
      ...{ link, interface: name, mtu, local, remote, local6, networks: prefixes, up: false },
      ...{ masquerade, portForwards, mssClamp, firewall, antiSpoof },
    },
  };
}

/** The peer's own addresses on the link are not worth to be told apart: they lead nowhere else. RFC 4291 §2.5.6 */
const linkLocals: IpPrefix = { address: 'fe80::', length: 10 };

/** Whether there is any sign of IPv6 on the link: its session's, or the config's. */
function wantsIp6({ linkLocal6 }: LinkFacts, { local6, networks }: NetOptions): boolean {
  return linkLocal6 !== undefined || local6 !== undefined || networks.some(({ prefix }) => familyOf(prefix) === 6);
}

function pairOf(local: Ip6 | undefined, remote: Ip6 | undefined): AddressPair[] {
  return local === undefined || remote === undefined ? [] : [{ local, remote }];
}

/** Whether anything of IPv6 is wanted on the interface. */
export function carriesIp6({ addresses6, routes }: WantedInterface): boolean {
  return addresses6 !== undefined || routes.some(({ prefix }) => familyOf(prefix) === 6);
}

/** All addresses of the link, IPv4's first. */
export function addressesOf({ local, remote, addresses6 = [] }: WantedInterface): AddressPair[] {
  return [...(local === 0 ? [] : [{ local, remote }]), ...addresses6];
}

const allFamilies: readonly Family[] = [4, 6];

/** The default route of the families that the link carries. */
export function defaultsOf(
  wanted: WantedInterface,
): (DefaultRoute & { readonly prefix: IpPrefix; readonly family: Family })[] {
  if (wanted.defaultRoute === undefined) return [];
  const { metric, supersede } = wanted.defaultRoute;
  const families = allFamilies.filter((family) => (family === 4 ? wanted.local !== 0 : carriesIp6(wanted)));
  return families.map((family) => {
    const prefix = anywhere[family];
    return { family, prefix, metric: metricOf({ prefix, metric }), supersede };
  });
}

/** The metric that the kernel gives a route: its default is 0 for IPv4, and for IPv6, where 0 means the same, 1024. */
export function metricOf({
  prefix,
  metric = 0,
}: {
  readonly prefix: IpPrefix;
  readonly metric?: number | undefined;
}): number {
  return metric === 0 && familyOf(prefix) === 6 ? DEFAULT_METRIC_6 : metric;
}

/** IP6_RT_PRIO_USER */
const DEFAULT_METRIC_6 = 1024;

/** Whether it is the route to a host of this address. */
export function leadsTo(prefix: IpPrefix, address: Ip): boolean {
  return samePrefix(prefix, hostPrefix(address));
}
