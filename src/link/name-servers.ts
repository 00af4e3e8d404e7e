/** The name servers that one link's peer tells of: in the system while the link is up. */
import { OpError } from '../base/errors.js';
import type { LinkConfig } from '../config/types.js';
import type { Resolver } from '../resolver/resolver.js';
import type { Agreed } from './companions.js';

export interface NameServerHost {
  readonly config: LinkConfig;
  note(level: 'info' | 'warn', message: string): void;
}

export class NameServers {
  readonly #resolver: Pick<Resolver, 'take' | 'release'>;
  readonly #host: NameServerHost;
  /** Whether there is anything to put back. */
  #taken = false;
  #last: Promise<void> = Promise.resolve();

  constructor(resolver: Pick<Resolver, 'take' | 'release'>, host: NameServerHost) {
    this.#resolver = resolver;
    this.#host = host;
  }

  /** An earlier process gave the system what was agreed on: it is to be put back here. */
  inherit({ ip4 }: Agreed): void {
    this.#taken = (ip4?.dns.length ?? 0) > 0;
  }

  /** What PPP agreed on, at first or anew. */
  agreed({ ip4 }: Agreed): void {
    const { name, interface: tun, resolver } = this.#host.config;
    const servers = ip4?.dns ?? [];
    if (servers.length === 0 && !this.#taken) return;
    this.#taken = servers.length > 0;
    this.#last = this.#tell(this.#resolver.take(name, tun, servers, resolver));
  }

  /** The link is up no more. */
  down(): void {
    if (!this.#taken) return;
    this.#taken = false;
    this.#last = this.#tell(this.#resolver.release(this.#host.config.name));
  }

  /** Resolves when what was begun is done. */
  idle(): Promise<void> {
    return this.#last;
  }

  /** What the system refuses is for people; the link is of use all the same. */
  async #tell(change: Promise<unknown>): Promise<void> {
    try {
      await change;
    } catch (error) {
      if (!(error instanceof OpError)) throw error;
      this.#host.note('warn', `name servers: ${error.message}`);
    }
  }
}
