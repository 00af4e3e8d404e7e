/**
 * Tells when the system's network changed where it matters to a link: hears netlink's events, and looks at the neighbour
 * proxies now and then, of which the kernel tells none. Many changes within a moment are told once.
 */
import { messageOf } from '../base/errors.js';
import type { Millis, Scheduler, Timer } from '../base/clock.js';
import { formatPrefix } from '../base/ip.js';
import type { Logger } from '../base/log.js';
import { decodeEvents, type NetEvent } from './events.js';
import { NetlinkListener } from './listener.js';
import { ROUTE_PROTOCOL } from './operation.js';

const NETLINK_ROUTE = 0;
/** RTNLGRP_LINK; _IPV4_IFADDR, _IPV4_ROUTE, _IPV4_NETCONF; and IPv6's. */
const ROUTE_GROUPS = [1, 5, 7, 24, 9, 11, 25];
const NETLINK_NETFILTER = 12;
/** NFNLGRP_NFTABLES */
const FILTER_GROUPS = [7];

/** Changes come in bursts. */
const DEBOUNCE_MS: Millis = 100;
const PROXY_POLL_MS: Millis = 500;

/** What matters. */
export interface Interests {
  /** Interfaces, by name and by number. */
  readonly names: ReadonlySet<string>;
  readonly indexes: ReadonlySet<number>;
  /** Whether default routes of others do. */
  readonly defaults: boolean;
  /** Networks whose routes another program's are in the way of, as text. */
  readonly blocked: ReadonlySet<string>;
  /** Whether there are neighbour proxies. */
  readonly proxies: boolean;
  /** Whether there is a packet filter. */
  readonly filter: boolean;
}

export interface MonitorParts {
  readonly log: Logger;
  readonly scheduler: Scheduler;
  /** The port of our own requests' socket: what we changed is no news. */
  readonly ownPort: number;
  /** Something changed. */
  changed(): void;
  /** Something of nftables changed, whoever's it is. */
  filterChanged(): void;
  /** It's time to look at the proxies. */
  pollProxies(): void;
}

export class Monitor {
  readonly #parts: MonitorParts;
  readonly #listeners: NetlinkListener[] = [];
  readonly #changes: Debounce;
  readonly #filterChanges: Debounce;
  #interests: Interests;
  #hearsFilter = false;
  #poll: Timer | undefined;

  /** Without events (the system refuses them) it says so in the log, and only what is polled is seen. */
  constructor(interests: Interests, parts: MonitorParts) {
    this.#parts = parts;
    this.#interests = interests;
    this.#changes = new Debounce(parts.scheduler, () => {
      parts.changed();
    });
    this.#filterChanges = new Debounce(parts.scheduler, () => {
      parts.filterChanged();
    });
    this.#listen(NETLINK_ROUTE, ROUTE_GROUPS, this.#changes, (octets) =>
      decodeEvents(octets).some((event) => this.#matters(event)),
    );
    this.#arm();
  }

  set interests(interests: Interests) {
    this.#interests = interests;
    this.#arm();
  }

  close(): void {
    for (const listener of this.#listeners) listener.close();
    this.#changes.cancel();
    this.#filterChanges.cancel();
    this.#poll?.cancel();
  }

  #arm(): void {
    this.#armPoll();
    if (!this.#interests.filter || this.#hearsFilter) return;
    this.#hearsFilter = true;
    this.#listen(NETLINK_NETFILTER, FILTER_GROUPS, this.#filterChanges, () => this.#interests.filter);
  }

  #listen(
    protocol: number,
    groups: readonly number[],
    debounce: Debounce,
    matters: (octets: Uint8Array) => boolean,
  ): void {
    const deaf = 'changes by other programs are no longer noticed';
    try {
      const listener = new NetlinkListener(protocol, groups, {
        datagram: (octets) => {
          if (matters(octets)) debounce.start();
        },
        lost: () => {
          debounce.start();
        },
        failed: (code) => {
          this.#parts.log.warn({ code }, deaf);
        },
      });
      this.#listeners.push(listener);
    } catch (error) {
      this.#parts.log.warn({ error: messageOf(error) }, deaf);
    }
  }

  #matters(event: NetEvent): boolean {
    if (event.port === this.#parts.ownPort) return false;
    const { names, indexes, defaults, blocked } = this.#interests;
    switch (event.kind) {
      case 'route':
        if (event.protocol === ROUTE_PROTOCOL) return true;
        return (defaults && event.prefix.length === 0) || (event.gone && blocked.has(formatPrefix(event.prefix)));
      case 'address':
        return true;
      case 'link':
        return indexes.has(event.index) || (event.name !== undefined && names.has(event.name));
      case 'switch':
        return indexes.has(event.index);
    }
  }

  #armPoll(): void {
    if (!this.#interests.proxies) {
      this.#poll?.cancel();
      this.#poll = undefined;
      return;
    }
    this.#poll ??= this.#parts.scheduler.after(PROXY_POLL_MS, () => {
      this.#poll = undefined;
      this.#parts.pollProxies();
      this.#armPoll();
    });
  }
}

/** Calls once, a moment after the first of many. */
class Debounce {
  readonly #scheduler: Scheduler;
  readonly #call: () => void;
  #timer: Timer | undefined;

  constructor(scheduler: Scheduler, call: () => void) {
    this.#scheduler = scheduler;
    this.#call = call;
  }

  start(): void {
    this.#timer ??= this.#scheduler.after(DEBOUNCE_MS, () => {
      this.#timer = undefined;
      this.#call();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
  }
}
