/** Interface identifiers: the 64 bits that IPV6CP agrees on, and the link-local address made of them. RFC 5072 §4.1, §5 */
import ipaddr from 'ipaddr.js';
import { concatBytes, formatHex, parseHex } from '../../base/bytes.js';

/** 16 hexadecimal digits, lower case. */
export type InterfaceId = string;

/** What an end has that doesn't know its own. */
export const noInterfaceId: InterfaceId = '0'.repeat(16);

export const interfaceIdLength = 8;

export function readInterfaceId(octets: Uint8Array): InterfaceId | undefined {
  return octets.length === interfaceIdLength ? formatHex(octets, '') : undefined;
}

export function interfaceIdOctets(id: InterfaceId): Uint8Array {
  return parseHex(id);
}

/** One that is neither 0 nor `than`. The universal/local bit says that it is of local meaning only. RFC 5072 §4.1 */
export function drawInterfaceId(random: () => number, than: InterfaceId): InterfaceId {
  const octets = Uint8Array.from({ length: interfaceIdLength }, () => random() >>> 24);
  octets[0] = octets[0]! & ~universal;
  // Whatever the chance, the last octet makes it another one.
  octets[7] = octets[7]! | 1;
  const id = formatHex(octets, '');
  if (id !== than) return id;
  octets[7] ^= 2;
  return formatHex(octets, '');
}

/** `fe80::1`. RFC 5072 §5 */
export function linkLocalAddress(id: InterfaceId): string {
  const prefix = Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0);
  return new ipaddr.IPv6([...concatBytes([prefix, interfaceIdOctets(id)])]).toRFC5952String();
}

const universal = 0x02;
