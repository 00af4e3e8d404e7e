/**
 * IPv4 addresses and networks. On the wire and in arithmetic an address is an unsigned 32-bit number; in the config, the
 * status and towards the kernel it is text. IPv6 networks will join as a second family.
 */
import ipaddr from 'ipaddr.js';

/** An IPv4 address as an unsigned 32-bit number, first octet highest. 0 is "none", as in IPCP. */
export type Ip4 = number;

/** A network: its first address and the number of leading bits that all its addresses share (0..32). */
export interface Prefix {
  readonly address: Ip4;
  readonly length: number;
}

/** Reads dotted-quad text (four decimal octets, nothing else); undefined when it is not one. */
export function parseIp4(text: string): Ip4 | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  return ipaddr.IPv4.parse(text).octets.reduce((value, octet) => value * 256 + octet, 0);
}

export function formatIp4(address: Ip4): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** Reads `10.2.0.0/16`, or a lone address as a /32; undefined when it is neither. Host bits are kept: see `isNetwork`. */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(text);
  const address = parseIp4(match?.[1] ?? '');
  const length = Number(match?.[2] ?? 32);
  return address === undefined || length > 32 ? undefined : { address, length };
}

export function formatPrefix({ address, length }: Prefix): string {
  return `${formatIp4(address)}/${length}`;
}

/** True when no bit behind the prefix length is set: 10.2.0.0/16 is a network, 10.2.0.1/16 a host in it. */
export function isNetwork(prefix: Prefix): boolean {
  return networkOf(prefix).address === prefix.address;
}

/** The network that a prefix lies in: its host bits cleared. */
export function networkOf({ address, length }: Prefix): Prefix {
  const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
  return { address: (address & mask) >>> 0, length };
}

/** True when the two networks share an address. */
export function overlaps(a: Prefix, b: Prefix): boolean {
  const length = Math.min(a.length, b.length);
  return networkOf({ address: a.address, length }).address === networkOf({ address: b.address, length }).address;
}
