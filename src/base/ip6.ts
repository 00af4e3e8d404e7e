/**
 * IPv6 addresses. Everywhere an address is its canonical text (RFC 5952), so that two are the same when their texts are;
 * octets on the wire, and numbers in arithmetic alone.
 */
import ipaddr from 'ipaddr.js';

/** An IPv6 address in the form of RFC 5952: `2001:db8::1`. */
export type Ip6 = string;

/** Reads an address in any of its forms, without a zone (`%eth0`) or a prefix length; undefined when it is not one. */
export function parseIp6(text: string): Ip6 | undefined {
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.IPv6.parse(text).toRFC5952String();
}

/** From its 16 octets. Throws when they are not as many. */
export function ip6FromBytes(octets: Uint8Array): Ip6 {
  if (octets.length !== 16) throw new Error(`${octets.length} octets are no IPv6 address`);
  return new ipaddr.IPv6(Array.from(octets)).toRFC5952String();
}

/** The 16 octets of an address. Throws on what is none. */
export function ip6Bytes(address: Ip6): Uint8Array {
  return Uint8Array.from(ipaddr.IPv6.parse(address).toByteArray());
}

/** The address as an unsigned number of 128 bits. Throws on what is none. */
export function ip6Number(address: Ip6): bigint {
  return ip6Bytes(address).reduce((value, octet) => (value << 8n) | BigInt(octet), 0n);
}

export function ip6FromNumber(value: bigint): Ip6 {
  return ip6FromBytes(Uint8Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * (15 - i))) & 0xffn)));
}

/** Whether the address holds on one link only: fe80::/10. RFC 4291 §2.5.6 */
export function isLinkLocal(address: Ip6): boolean {
  return ip6Number(address) >> 118n === 0b1111111010n;
}
