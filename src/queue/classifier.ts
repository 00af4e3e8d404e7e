/**
 * Which class a packet belongs to: by its DSCP, its protocol and its ports, read in place from its headers. What says
 * something of itself is believed first (DSCP), and only then judged by what it is; the interactive class is asked before bulk.
 * Of a fragmented packet only the first piece has ports: the others are judged without.
 */
import { getU16 } from '../base/bytes.js';
import { UpperLayer } from '../base/upper-layer.js';
import type { ClassName, PacketMatch, QueueOptions } from './options.js';

const SCTP = 132;
const UDP_LITE = 136;
const DCCP = 33;
const TCP = 6;
const UDP = 17;

interface Rule {
  readonly className: ClassName;
  readonly protocol: number;
  /** Undefined: whatever the ports. */
  readonly ports: { readonly first: number; readonly last: number } | undefined;
}

export class Classifier {
  readonly #byDscp: readonly (ClassName | undefined)[];
  readonly #rules: readonly Rule[];
  readonly #upper = new UpperLayer();

  constructor({ interactive, bulk }: QueueOptions) {
    const byDscp: (ClassName | undefined)[] = Array.from({ length: 64 }, () => undefined);
    for (const match of bulk.match) if (match.kind === 'dscp') byDscp[match.dscp] = 'bulk';
    for (const match of interactive.match) if (match.kind === 'dscp') byDscp[match.dscp] = 'interactive';
    this.#byDscp = byDscp;
    this.#rules = [...rulesOf('interactive', interactive.match), ...rulesOf('bulk', bulk.match)];
  }

  /** The class of the packet `bytes[at..at + length)`, which may hold anything. */
  classOf(bytes: Uint8Array, at: number, length: number): ClassName {
    const upper = this.#upper;
    if (!upper.read(bytes, at, length)) return 'normal';
    // The Traffic Class of IPv6 begins four bits after the version. RFC 8200 §3
    const dscp = bytes[at]! >>> 4 === 4 ? bytes[at + 1]! >>> 2 : (getU16(bytes, at) >>> 6) & 0x3f;
    const told = this.#byDscp[dscp];
    if (told !== undefined || this.#rules.length === 0) return told ?? 'normal';
    const hasPorts = upper.at !== -1 && upper.at + 4 <= at + length && carriesPorts(upper.protocol);
    const source = hasPorts ? getU16(bytes, upper.at) : -1;
    const destination = hasPorts ? getU16(bytes, upper.at + 2) : -1;
    for (const { className, protocol, ports } of this.#rules) {
      if (protocol !== upper.protocol) continue;
      if (ports === undefined || isWithin(ports, source) || isWithin(ports, destination)) return className;
    }
    return 'normal';
  }
}

function rulesOf(className: ClassName, matches: readonly PacketMatch[]): Rule[] {
  return matches.flatMap((match): Rule[] => {
    if (match.kind === 'dscp') return [];
    const ports = match.kind === 'ports' ? { first: match.first, last: match.last } : undefined;
    return [{ className, protocol: match.protocol, ports }];
  });
}

/** They begin with two ports. */
function carriesPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP || protocol === DCCP || protocol === SCTP || protocol === UDP_LITE;
}

function isWithin({ first, last }: { readonly first: number; readonly last: number }, port: number): boolean {
  return port >= first && port <= last;
}
