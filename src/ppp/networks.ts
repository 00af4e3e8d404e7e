/**
 * The networks of one session: IPv4 by IPCP, IPv6 by IPV6CP, one of them or both. What they agree on goes out as one
 * network, and the session has no more use only when none of them is left.
 */
import { describeCause, type Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { formatIp4, type Ip4 } from '../base/ip.js';
import type { AddressRule } from './auth/options.js';
import type { Context, LayerEvents } from './context.js';
import { Ipcp } from './ipcp/ipcp.js';
import { Ipv6cp } from './ipv6cp/ipv6cp.js';
import type { Ncp } from './ncp.js';
import type { SessionOptions } from './options.js';
import type { AgreedIp4, AgreedIp6, AgreedNetwork } from './outputs.js';

export interface NetworkEvents {
  /** A network opened: packets may flow, or flowed already. */
  up(): void;
  /** No network is left, nor will be. */
  failed(cause: Cause, now: Millis): void;
  /** The largest packet that the peer takes now, in octets. */
  mtu(): number;
}

export class Networks {
  readonly #context: Context;
  readonly #events: NetworkEvents;
  readonly #ip4: Ipcp | undefined;
  readonly #ip6: Ipv6cp | undefined;
  #up = false;
  #falling = false;
  /** Why the link goes on without one of them, as it was told last. */
  readonly #told = new Map<string, string>();

  constructor({ ipcp, ipv6cp }: Pick<SessionOptions, 'ipcp' | 'ipv6cp'>, context: Context, events: NetworkEvents) {
    this.#context = context;
    this.#events = events;
    this.#ip4 = ipcp && new Ipcp(ipcp, context, this.#eventsOf('IPCP'));
    this.#ip6 = ipv6cp && new Ipv6cp(ipv6cp, context, this.#eventsOf('IPV6CP'));
  }

  get protocols(): readonly Ncp[] {
    return [this.#ip4, this.#ip6].filter((protocol) => protocol !== undefined);
  }

  /** IPv4 packets may flow. */
  get carriesIp4(): boolean {
    return this.#ip4?.isOpen === true;
  }

  get carriesIp6(): boolean {
    return this.#ip6?.isOpen === true;
  }

  /** Undefined while nothing may flow. */
  get agreed(): AgreedNetwork | undefined {
    const [ip4, ip6] = [this.#ip4?.agreed, this.#ip6?.agreed];
    return ip4 === undefined && ip6 === undefined ? undefined : { mtu: this.#events.mtu(), ip4, ip6 };
  }

  /** For people: what was agreed on beside the addresses. */
  describeOptions(): Record<string, string> {
    return this.#ip4?.describe() ?? {};
  }

  /** What the peer is called, once it has proved it. To be told before the protocols come up. */
  identify(peer: string | undefined): void {
    this.#ip4?.identify(peer);
  }

  /** What the peer's secret allows it to be; undefined: what the config says. To be told before the protocols come up. */
  restrictRemote(rules: readonly AddressRule[] | undefined): void {
    this.#ip4?.restrictRemote(rules);
  }

  /** The answer to `address-wanted` of this number. */
  assign(number: number, remote: Ip4, now: Millis): void {
    this.#ip4?.assign(number, remote, now);
  }

  /** LCP is down: all at once. */
  down(now: Millis): void {
    this.#falling = true;
    for (const protocol of this.protocols) protocol.down(now);
    this.#told.clear();
    this.#falling = false;
    this.#tell();
  }

  #eventsOf(name: string): LayerEvents {
    return {
      up: () => {
        this.#opened(name);
      },
      down: () => {
        this.#tell();
      },
      failed: (failed, now) => {
        this.#failed(name, failed, now);
      },
    };
  }

  #opened(name: string): void {
    this.#told.delete(name);
    const ends = name === 'IPCP' ? this.#ip4?.agreed : this.#ip6?.agreed;
    if (ends !== undefined) this.#context.note('info', `${name} opened: ${describe(ends)}`);
    this.#events.up();
    this.#tell();
  }

  #tell(): void {
    const { agreed } = this;
    const wasUp = this.#up;
    if (this.#falling || (agreed === undefined && !wasUp)) return;
    this.#up = agreed !== undefined;
    if (agreed === undefined) this.#context.emit({ type: 'network-down' });
    else this.#context.emit({ type: wasUp ? 'network-changed' : 'network-up', network: agreed });
  }

  #failed(name: string, failed: Cause, now: Millis): void {
    const { protocols } = this;
    if (protocols.every((protocol) => protocol.failed !== undefined)) {
      // Of several the first tells most.
      this.#events.failed(protocols[0]?.failed ?? failed, now);
      return;
    }
    const why = describeCause(failed);
    if (this.#told.get(name) === why) return;
    this.#told.set(name, why);
    this.#context.note('warn', `the link goes on without ${name}: ${why}`);
  }
}

function describe(agreed: AgreedIp4 | AgreedIp6): string {
  const text = (address: Ip4 | string): string => (typeof address === 'number' ? formatIp4(address) : address);
  const servers = 'dns' in agreed && agreed.dns.length > 0 ? `, DNS ${agreed.dns.map(formatIp4).join(' and ')}` : '';
  return `we are ${text(agreed.local)}, the peer is ${text(agreed.remote)}${servers}`;
}
