/** IPV6CP's Configuration Options. RFC 5072 §4. What is not listed here is rejected as unknown. */
import { formatHex } from '../../base/bytes.js';
import { Ipv6cpOption } from '../numbers.js';
import { Option, type OptionDescriptor } from '../option.js';
import type { Ipv6cpOptions } from '../options.js';
import type { RawOption } from '../packet.js';
import {
  drawInterfaceId,
  interfaceIdOctets,
  linkLocalAddress,
  noInterfaceId,
  readInterfaceId,
  type InterfaceId,
} from './identifier.js';

export interface Ipv6cpOptionSet {
  readonly identifier: Option<InterfaceId>;
}

/** One set belongs to one session: the options hold what is being negotiated. */
export function ipv6cpOptions(options: Ipv6cpOptions, random: () => number): Ipv6cpOptionSet {
  return { identifier: new Option(interfaceIdentifier(options, random)) };
}

/**
 * Interface-Identifier. RFC 5072 §4.1: two that differ are acknowledged; of two that are equal, or of a peer's that is 0, the
 * peer's is Nak'd with another; two that are 0 are rejected. Ours never is.
 */
function interfaceIdentifier(options: Ipv6cpOptions, random: () => number): OptionDescriptor<InterfaceId> {
  const { local, remote } = options;
  const drawn = local ?? drawInterfaceId(random, remote ?? noInterfaceId);
  /** What we asked for last, and what we told the peer to be. */
  let asked = drawn;
  let suggested = noInterfaceId;
  /** What the peer would be. */
  let claimed = noInterfaceId;
  const bothClaim = (id: InterfaceId): string => `both ends claim ${formatIdentifier(id)}`;
  const suggest = (): InterfaceId => {
    if (suggested === noInterfaceId || suggested === asked) suggested = remote ?? drawInterfaceId(random, asked);
    return suggested;
  };
  return {
    type: Ipv6cpOption.interfaceIdentifier,
    name: 'interface identifier',
    codec: { decode: readInterfaceId, encode: interfaceIdOctets },
    format: formatIdentifier,
    wanted: () => (asked = drawn),
    judge: (value, ours = noInterfaceId) => {
      claimed = value;
      if (value === noInterfaceId && ours === noInterfaceId) return { kind: 'reject' };
      if (value === noInterfaceId) return { kind: 'nak', value: suggest(), why: 'the peer asks us for its identifier' };
      if (value === ours) return { kind: 'nak', value: suggest(), why: bothClaim(value) };
      if (remote === undefined || value === remote) return { kind: 'ack' };
      const why = `the peer claims ${formatIdentifier(value)}, the config says remote: ${formatIdentifier(remote)}`;
      return { kind: 'nak', value: suggest(), why };
    },
    suggestion: suggest,
    onNak: (hint, before) => {
      if (local !== undefined && local === claimed) return { ask: local, why: bothClaim(local) };
      const wish = `the peer wants us to be ${formatIdentifier(hint)}`;
      if (local !== undefined) return { ask: local, why: `${wish}, the config says local: ${formatIdentifier(local)}` };
      // Our own Nak comes back, from a looped line or from one who chooses as we do: both ends choose anew.
      const another = hint === suggested || hint === noInterfaceId;
      asked = another ? drawInterfaceId(random, before ?? noInterfaceId) : hint;
      return { ask: asked, why: wish };
    },
    // Without negotiation each end keeps what it has: the peer need not know it.
    onReject: (before) => before,
    prompt: true,
    neverReject: true,
    neverDrop: true,
  };
}

/** As the config has it: `::1`. */
function formatIdentifier(id: InterfaceId): string {
  return id === noInterfaceId ? 'none' : linkLocalAddress(id).replace('fe80', '');
}

const otherOptions: ReadonlyMap<number, string> = new Map([[2, 'header compression']]);

export function describeUnknown({ type, data }: RawOption): string {
  return `the peer asks for ${otherOptions.get(type) ?? `option ${type} <${formatHex(data.subarray(0, 16))}>`}`;
}
