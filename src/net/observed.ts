/** What the kernel has for one interface, as `kernel.ts` reads it and `plan.ts` compares it with what is wanted. */
import type { Ip4, Prefix } from '../base/ip.js';

/**
 * An IPv4 address of the interface. The kernel keeps two addresses for each: `peer` equals `local` on an ordinary one,
 * and is the far end's address on a point-to-point one.
 */
export interface ObservedAddress {
  readonly local: Ip4;
  readonly peer: Ip4;
  /** Of the network on the link, 0..32. */
  readonly prefixLength: number;
}

export interface ObservedRoute {
  readonly prefix: Prefix;
  readonly metric: number;
}

export interface ObservedInterface {
  /** The kernel's number for it. */
  readonly index: number;
  readonly mtu: number;
  /** Set up by the administrator (IFF_UP), whether or not somebody has the TUN device open. */
  readonly up: boolean;
  /** All its IPv4 addresses, ours or not. */
  readonly addresses: readonly ObservedAddress[];
  /** The routes out of this interface that carry our protocol number; no others. */
  readonly routes: readonly ObservedRoute[];
}
