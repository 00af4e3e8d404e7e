/**
 * Which class a packet belongs to: by its DSCP, its protocol and its ports, read in place from its headers. What says
 * something of itself is believed first (DSCP), and only then judged by what it is; the interactive class is asked before bulk.
 * Of a fragmented packet only the first piece has ports: the others are judged without.
 */
import { getU16 } from '../base/bytes.js';
import type { ClassName, PacketMatch, QueueOptions } from './options.js';

const SCTP = 132;
const UDP_LITE = 136;
const DCCP = 33;
const TCP = 6;
const UDP = 17;

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;

/** Longer chains exist only to make work. */
const MAX_EXTENSION_HEADERS = 8;

interface Rule {
  readonly className: ClassName;
  readonly protocol: number;
  /** Undefined: whatever the ports. */
  readonly ports: { readonly first: number; readonly last: number } | undefined;
}

export class Classifier {
  readonly #byDscp: readonly (ClassName | undefined)[];
  readonly #rules: readonly Rule[];
  /** Where the last packet's protocol above IP begins, or -1, and its number. */
  #above = -1;
  #protocol = 0;

  constructor({ interactive, bulk }: QueueOptions) {
    const byDscp: (ClassName | undefined)[] = Array.from({ length: 64 }, () => undefined);
    for (const match of bulk.match) if (match.kind === 'dscp') byDscp[match.dscp] = 'bulk';
    for (const match of interactive.match) if (match.kind === 'dscp') byDscp[match.dscp] = 'interactive';
    this.#byDscp = byDscp;
    this.#rules = [...rulesOf('interactive', interactive.match), ...rulesOf('bulk', bulk.match)];
  }

  /** The class of the packet `bytes[at..at + length)`, which may hold anything. */
  classOf(bytes: Uint8Array, at: number, length: number): ClassName {
    const version = length > 0 ? bytes[at]! >>> 4 : 0;
    const isIp4 = version === 4 && length >= 20;
    if (!isIp4 && !(version === 6 && length >= 40)) return 'normal';
    // The Traffic Class of IPv6 begins four bits after the version. RFC 8200 §3
    const dscp = isIp4 ? bytes[at + 1]! >>> 2 : (getU16(bytes, at) >>> 6) & 0x3f;
    const told = this.#byDscp[dscp];
    if (told !== undefined || this.#rules.length === 0) return told ?? 'normal';
    if (isIp4) this.#readIp4(bytes, at, length);
    else this.#readIp6(bytes, at, length);
    const hasPorts = this.#above !== -1 && this.#above + 4 <= at + length && carriesPorts(this.#protocol);
    const source = hasPorts ? getU16(bytes, this.#above) : -1;
    const destination = hasPorts ? getU16(bytes, this.#above + 2) : -1;
    for (const { className, protocol, ports } of this.#rules) {
      if (protocol !== this.#protocol) continue;
      if (ports === undefined || isWithin(ports, source) || isWithin(ports, destination)) return className;
    }
    return 'normal';
  }

  /** RFC 791 §3.1 */
  #readIp4(bytes: Uint8Array, at: number, length: number): void {
    const headerLength = (bytes[at]! & 0x0f) * 4;
    const offset = getU16(bytes, at + 6) & 0x1fff;
    this.#protocol = bytes[at + 9]!;
    this.#above = offset !== 0 || headerLength < 20 || headerLength > length ? -1 : at + headerLength;
  }

  /** RFC 8200 §4 */
  #readIp6(bytes: Uint8Array, at: number, length: number): void {
    const end = at + length;
    let protocol = bytes[at + 6]!;
    let next = at + 40;
    for (let i = 0; i < MAX_EXTENSION_HEADERS && next + 8 <= end; i++) {
      if (protocol === FRAGMENT) {
        protocol = bytes[next]!;
        if (getU16(bytes, next + 2) >>> 3 !== 0) {
          next = -1;
          break;
        }
        next += 8;
      } else if (protocol === HOP_BY_HOP || protocol === ROUTING || protocol === DESTINATION_OPTIONS) {
        protocol = bytes[next]!;
        next += (bytes[next + 1]! + 1) * 8;
      } else if (protocol === AUTHENTICATION) {
        protocol = bytes[next]!;
        next += (bytes[next + 1]! + 2) * 4;
      } else {
        break;
      }
    }
    this.#protocol = protocol;
    this.#above = next;
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
