/**
 * IP addresses and networks of both families. An IPv4 address is an unsigned 32-bit number, an IPv6 address its canonical
 * text (`ip6.ts`): so a value tells its family. In the config, the status and towards people all are text.
 */
import ipaddr from 'ipaddr.js';
import { ip6FromNumber, ip6Number, parseIp6, type Ip6 } from './ip6.js';

/** An IPv4 address as an unsigned 32-bit number, first octet highest. 0 is "none", as in IPCP. */
export type Ip4 = number;

export type Ip = Ip4 | Ip6;

export type Family = 4 | 6;

/** An IPv4 network: its first address and the number of leading bits that all its addresses share (0..32). */
export interface Prefix {
  readonly address: Ip4;
  readonly length: number;
}

/** An IPv6 network, of 0..128 leading bits. */
export interface Prefix6 {
  readonly address: Ip6;
  readonly length: number;
}

export type IpPrefix = Prefix | Prefix6;

/** Everything, of either family. */
export const anywhere = { 4: { address: 0, length: 0 }, 6: { address: '::', length: 0 } } as const;

/** Reads dotted-quad text (four decimal octets, nothing else); undefined when it is not one. */
export function parseIp4(text: string): Ip4 | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  return ipaddr.IPv4.parse(text).octets.reduce((value, octet) => value * 256 + octet, 0);
}

export function formatIp4(address: Ip4): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

export function formatIp(address: Ip): string {
  return typeof address === 'number' ? formatIp4(address) : address;
}

/**
 * Reads `10.2.0.0/16` or `2001:db8:2::/48`, or a lone address as a network of one; undefined when it is neither. Host bits
 * are kept: see `isNetwork`.
 */
export function parseIpPrefix(text: string): IpPrefix | undefined {
  const [, first = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseIp4(first) ?? parseIp6(first);
  if (address === undefined) return undefined;
  const length = Number(bits ?? bitsOf(address));
  return length > bitsOf(address) ? undefined : prefixOf(address, length);
}

/** As `parseIpPrefix`, of IPv4 alone. */
export function parsePrefix(text: string): Prefix | undefined {
  const prefix = parseIpPrefix(text);
  return prefix !== undefined && isPrefix4(prefix) ? prefix : undefined;
}

export function formatPrefix({ address, length }: IpPrefix): string {
  return `${formatIp(address)}/${length}`;
}

export function familyOf({ address }: IpPrefix): Family {
  return typeof address === 'number' ? 4 : 6;
}

export function isPrefix4(prefix: IpPrefix): prefix is Prefix {
  return typeof prefix.address === 'number';
}

/** The length of an address: 32 or 128. */
export function bitsOf(address: Ip): number {
  return typeof address === 'number' ? 32 : 128;
}

/** The network of one address. */
export function hostPrefix(address: Ip): IpPrefix {
  return prefixOf(address, bitsOf(address));
}

/** How many addresses the network has; only of the small ones exactly. */
export function sizeOf({ address, length }: IpPrefix): number {
  return 2 ** (bitsOf(address) - length);
}

/** True when no bit behind the prefix length is set: 10.2.0.0/16 is a network, 10.2.0.1/16 a host in it. */
export function isNetwork(prefix: IpPrefix): boolean {
  return networkOf(prefix).address === prefix.address;
}

/** The network that a prefix lies in: its host bits cleared. */
export function networkOf(prefix: Prefix): Prefix;
export function networkOf(prefix: IpPrefix): IpPrefix;
export function networkOf({ address, length }: IpPrefix): IpPrefix {
  if (typeof address === 'number') {
    const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
    return { address: (address & mask) >>> 0, length };
  }
  const hostBits = BigInt(128 - length);
  return { address: ip6FromNumber((ip6Number(address) >> hostBits) << hostBits), length };
}

/** True when the two networks share an address. */
export function overlaps(a: IpPrefix, b: IpPrefix): boolean {
  if (familyOf(a) !== familyOf(b)) return false;
  const length = Math.min(a.length, b.length);
  return networkOf({ ...a, length }).address === networkOf({ ...b, length }).address;
}

/** True when every address of the second is in the first. */
export function covers(around: IpPrefix, within: IpPrefix): boolean {
  return around.length <= within.length && overlaps(around, within);
}

export function samePrefix(a: IpPrefix, b: IpPrefix): boolean {
  return a.address === b.address && a.length === b.length;
}

/** The numbers of its first and its last address, within its family. */
export function rangeOf(prefix: IpPrefix): { readonly first: bigint; readonly last: bigint } {
  const { address, length } = networkOf(prefix);
  const first = typeof address === 'number' ? BigInt(address) : ip6Number(address);
  return { first, last: first + (1n << BigInt(bitsOf(address) - length)) - 1n };
}

/** The address of that number. */
export function ipFromNumber(family: Family, value: bigint): Ip {
  return family === 4 ? Number(value) : ip6FromNumber(value);
}

/** With these host bits, whatever they are. */
export function prefixOf(address: Ip, length: number): IpPrefix {
  return typeof address === 'number' ? { address, length } : { address, length };
}
