/**
 * What the kernel should have for one link. The manager makes this from the config and from what IPCP agreed on;
 * `plan.ts` finds the way there. Later kinds of state (routes in tables, proxy ARP, IPv6) become further fields.
 */
import type { Ip4, Prefix } from '../base/ip.js';

/** A route into a network behind the peer. */
export interface WantedRoute {
  /** A network: no host bits set. */
  readonly prefix: Prefix;
  /** 0..2^32-1, lower is preferred; undefined is the kernel's default, 0. */
  readonly metric: number | undefined;
}

export interface WantedInterface {
  /** The TUN interface. */
  readonly name: string;
  /** Octets of the largest IP packet, 68..65535. */
  readonly mtu: number;
  readonly local: Ip4;
  /** The peer's address; never the same as `local`. */
  readonly remote: Ip4;
  readonly routes: readonly WantedRoute[];
}
