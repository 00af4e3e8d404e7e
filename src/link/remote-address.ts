/** Where a link's peer gets its address from when the config has none for it: a pool, or the name of a host. */
import { lookup } from 'node:dns/promises';
import { cause, type Cause } from '../base/cause.js';
import { assertNever, messageOf } from '../base/errors.js';
import { parseIp4, type Ip4 } from '../base/ip.js';
import type { LinkConfig } from '../config/types.js';
import { sizeOf, type AddressPools } from '../pool/pools.js';

export interface RemoteAddressParts {
  readonly pools: AddressPools;
  /** Dotted quads of a host, the preferred one first. Throws when there is none. */
  resolve(host: string): Promise<readonly string[]>;
}

export class RemoteAddress {
  readonly #parts: RemoteAddressParts;

  constructor(parts: RemoteAddressParts) {
    this.#parts = parts;
  }

  /** The address for the peer, or why there is none. `peer` is its name, where it has proved one. */
  async find({ name, ipcp }: LinkConfig, peer: string | undefined): Promise<Ip4 | Cause> {
    const from = ipcp?.remoteFrom;
    if (from === undefined) return cause('internal', 'an address is asked for that the config has');
    switch (from.kind) {
      case 'pool': {
        const { pool } = from;
        // A name and a link that are spelt alike are not the same.
        const address = this.#parts.pools.claim(pool, name, peer === undefined ? `link ${name}` : `peer ${peer}`);
        return address ?? cause('pool-exhausted', `pool ${pool.name}, ${sizeOf(pool)} addresses`);
      }
      case 'host':
        return this.#resolve(from.host);
      default:
        return assertNever(from);
    }
  }

  /** The session is over. */
  release({ name }: LinkConfig): void {
    this.#parts.pools.release(name);
  }

  async #resolve(host: string): Promise<Ip4 | Cause> {
    try {
      const addresses = (await this.#parts.resolve(host)).map(parseIp4);
      return (
        addresses.find((address) => address !== undefined) ?? cause('name-unresolved', `${host} has no IPv4 address`)
      );
    } catch (error) {
      return cause('name-unresolved', `${host}: ${messageOf(error)}`);
    }
  }
}

/** As this machine resolves names. */
export async function resolveHost(host: string): Promise<readonly string[]> {
  return (await lookup(host, { family: 4, all: true })).map(({ address }) => address);
}
