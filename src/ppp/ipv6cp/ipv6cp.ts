/** The IPv6 Control Protocol: opens the link for IPv6 packets, and gives each end a link-local address. RFC 5072 */
import type { Context, LayerEvents } from '../context.js';
import { Ncp } from '../ncp.js';
import { Protocol } from '../numbers.js';
import type { Ipv6cpOptions } from '../options.js';
import type { AgreedIp6 } from '../outputs.js';
import { linkLocalAddress, type InterfaceId } from './identifier.js';
import { describeUnknown, ipv6cpOptions, type Ipv6cpOptionSet } from './options.js';

/** RFC 8200 §5: a link that takes no more carries no IPv6. */
const smallestMtu = 1280;

export class Ipv6cp extends Ncp {
  readonly #options: Ipv6cpOptionSet;
  /** Of a peer that doesn't negotiate it. */
  readonly #remote: InterfaceId | undefined;

  constructor(options: Ipv6cpOptions, context: Context, events: LayerEvents) {
    const set = ipv6cpOptions(options, () => context.random());
    super(
      {
        protocol: Protocol.ipv6cp,
        name: 'IPV6CP',
        cargo: 'IPv6 packets',
        carries: [Protocol.ip6],
        options: Object.values(set),
        describeUnknown,
        failure: 'ipv6cp-failed',
        refusal: 'ipv6-refused',
        objection: () => {
          const mtu = context.peerMru();
          if (mtu < smallestMtu) return `the peer takes packets of ${mtu} octets, and IPv6 needs ${smallestMtu}`;
          const theirs = set.identifier.theirs ?? options.remote;
          return theirs === undefined ? 'the peer has no interface identifier' : undefined;
        },
      },
      context,
      events,
    );
    this.#options = set;
    this.#remote = options.remote;
  }

  /** While it is open. */
  get agreed(): AgreedIp6 | undefined {
    const { ours, theirs = this.#remote } = this.#options.identifier;
    if (!this.isOpen || ours === undefined || theirs === undefined) return undefined;
    return { local: linkLocalAddress(ours), remote: linkLocalAddress(theirs) };
  }
}
