/**
 * What the system should have for one link. The link makes this from the config and from what IPCP agreed on
 * (`wantedInterface`); `plan.ts` finds the way there for the interface, `machine.ts` for what lies around it.
 */
import type { Ip4, Prefix } from '../base/ip.js';
import type { LinkFilter } from './nft/filter.js';
import type { DefaultRoute, NeighbourProxy, NetOptions } from './options.js';

/** The routing table that is looked up where no rule says otherwise. */
export const MAIN_TABLE = 254;

/** A route into a network behind the peer. */
export interface WantedRoute {
  /** A network: no host bits set. */
  readonly prefix: Prefix;
  /** 0..2^32-1, lower is preferred; undefined is the kernel's default, 0. */
  readonly metric: number | undefined;
  /** 1..2^32-1; undefined is main. */
  readonly table?: number | undefined;
  /** What this machine's own packets carry, an address that it has; undefined leaves it to the kernel. */
  readonly source?: Ip4 | undefined;
}

/** A network that is unreachable while no link leads there. */
export interface UnreachableRoute {
  readonly prefix: Prefix;
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
  readonly local: Ip4;
  /** The peer's address; never the same as `local`. */
  readonly remote: Ip4;
  readonly routes: readonly WantedRoute[];
  readonly defaultRoute?: DefaultRoute | undefined;
  readonly proxies?: readonly NeighbourProxy[];
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
  /** 0 while it is not known. */
  readonly local: Ip4;
  readonly remote: Ip4;
}

/** What the config says of the link's network, while the link is up. */
export function wantedInterface(facts: LinkFacts, options: NetOptions): WantedInterface {
  const { mtu, local, remote } = facts;
  const { networks, defaultRoute, proxyArp, forward } = options;
  return {
    ...outlasting(facts, options),
    mtu,
    local,
    remote,
    routes: networks,
    defaultRoute,
    proxies: proxyArp,
    forward,
  };
}

/** What the config says of the link's network, whether it is up or not. */
export function outlasting({ link, name, mtu, local, remote }: LinkFacts, options: NetOptions): Outlasting {
  const { networks, defaultRoute, unreachable, masquerade, portForwards, mssClamp, firewall, antiSpoof } = options;
  // Behind a default route is everything: what comes from there is not forged.
  const everything = defaultRoute === undefined ? [] : [{ address: 0, length: 0 }];
  const prefixes = [...networks.map(({ prefix }) => prefix), ...everything];
  return {
    name,
    unreachable: unreachable ? networks.map(({ prefix, table }) => ({ prefix, table })) : [],
    filter: {
      ...{ link, interface: name, mtu, local, remote, networks: prefixes, up: false },
      ...{ masquerade, portForwards, mssClamp, firewall, antiSpoof },
    },
  };
}
