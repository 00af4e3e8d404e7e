/** A pool of addresses, as the config has it. */
import type { Ip4 } from '../base/ip.js';

export interface AddressPool {
  readonly name: string;
  /** Given in this order; no two of them overlap. */
  readonly ranges: readonly AddressRange[];
}

/** Both ends belong to it. */
export interface AddressRange {
  readonly first: Ip4;
  readonly last: Ip4;
}
