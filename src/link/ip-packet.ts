/** What an IP packet says of itself, by its first octets: RFC 791 §3.1, RFC 8200 §3. */
import { getU16 } from '../base/bytes.js';
import { Protocol } from '../ppp/numbers.js';

const ip4TotalLength = 2;
const ip6PayloadLength = 4;
const ip6Header = 40;

/** Its PPP protocol, by its version; 0 of what is no IP. */
export function protocolOf(packet: Uint8Array, at: number): number {
  const version = (packet[at] ?? 0) >>> 4;
  if (version === 4) return Protocol.ip;
  return version === 6 ? Protocol.ip6 : 0;
}

/** Its length in octets, however many of them are here. */
export function ipLength(packet: Uint8Array, at: number): number {
  if (protocolOf(packet, at) === Protocol.ip) return getU16(packet, at + ip4TotalLength);
  return getU16(packet, at + ip6PayloadLength) + ip6Header;
}
