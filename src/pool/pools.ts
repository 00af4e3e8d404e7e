/**
 * Which link's peer has which address of a pool. An address is held until its link lets go of it; a peer that comes again gets
 * the one that it had, if nobody has it now. What peers had is remembered for as long as linkd runs, and
 * what they have also by the process that takes its place.
 */
import type { Ip4 } from '../base/ip.js';
import type { AddressPool } from './options.js';

/** Which address a peer has, or had. */
export interface PeerAddress {
  readonly address: Ip4;
  readonly peer: string;
}

interface Claim {
  /** The link; undefined: it's free again. */
  holder: string | undefined;
  /** Who had it last. */
  readonly peer: string;
  /** Counts claims: the smaller, the longer ago. */
  readonly at: number;
}

export class AddressPools {
  /** By address; pools that overlap share an address, which only one link can have. */
  readonly #claims = new Map<Ip4, Claim>();
  #count = 0;

  /**
   * An address of the pool for a link's peer; undefined when all are held. `peer` is by what the peer is known again: its name,
   * or the link's where it has not told one. A link holds one address: what it held before is free.
   */
  claim(pool: AddressPool, link: string, peer: string): Ip4 | undefined {
    this.release(link);
    const address = this.#had(pool, peer) ?? this.#fresh(pool) ?? this.#longestFree(pool);
    if (address === undefined) return undefined;
    this.#count += 1;
    this.#claims.set(address, { holder: link, peer, at: this.#count });
    return address;
  }

  /** The link's session is over. */
  release(link: string): void {
    for (const claim of this.#claims.values()) if (claim.holder === link) claim.holder = undefined;
  }

  /** What a link's peer has; undefined: nothing. */
  heldBy(link: string): PeerAddress | undefined {
    for (const [address, { holder, peer }] of this.#claims) if (holder === link) return { address, peer };
    return undefined;
  }

  /** A peer had this address in an earlier process, and gets it when it comes again. */
  remember({ address, peer }: PeerAddress): void {
    this.#count += 1;
    this.#claims.set(address, { holder: undefined, peer, at: this.#count });
  }

  #had(pool: AddressPool, peer: string): Ip4 | undefined {
    return this.#free(pool).find(([, claim]) => claim.peer === peer)?.[0];
  }

  /** The first that nobody had yet: so many steps at most as there are claims. */
  #fresh({ ranges }: AddressPool): Ip4 | undefined {
    for (const { first, last } of ranges) {
      for (let address = first; address <= last; address++) if (!this.#claims.has(address)) return address;
    }
    return undefined;
  }

  /** The one that somebody had, the longest ago. */
  #longestFree(pool: AddressPool): Ip4 | undefined {
    return this.#free(pool).at(-1)?.[0];
  }

  /** Those that were had and are free, the last one first. */
  #free({ ranges }: AddressPool): (readonly [Ip4, Claim])[] {
    return [...this.#claims]
      .filter(
        ([address, { holder }]) => holder === undefined && ranges.some((r) => r.first <= address && address <= r.last),
      )
      .sort(([, a], [, b]) => b.at - a.at);
  }
}

/** How many addresses it has. */
export function sizeOf({ ranges }: AddressPool): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}
