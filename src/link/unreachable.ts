/**
 * What a sender is told whose packet went nowhere: Destination Unreachable, RFC 792 and RFC 4443 §3.1. It comes from the
 * destination itself, the one address that the way back certainly leads to.
 */
import { getU16, putU16 } from '../base/bytes.js';

const icmp = 1;
const icmp6 = 58;
const ttl = 64;
const ip4Header = 20;
const ip6Header = 40;
const icmpHeader = 8;
/** Host Unreachable. RFC 792 */
const hostUnreachable = { type: 3, code: 1 };
/** Address Unreachable. RFC 4443 §3.1 */
const addressUnreachable = { type: 1, code: 3 };
/** RFC 4443 §3.1: as much of the packet as fits into the least MTU. */
const leastMtu6 = 1280;
/** RFC 792: the header and 8 octets; longer quotes are allowed (RFC 1812 §4.3.2.3). */
const quotedAboveHeader = 8;
/** The queries and their answers; of all other ICMP nobody is told anything. */
const queries4: readonly number[] = [8, 13, 15, 17];

/** The answer to an IP packet; undefined where none may be given (RFC 1122 §3.2.2, RFC 4443 §2.4). */
export function unreachable(packet: Uint8Array): Uint8Array | undefined {
  const version = (packet[0] ?? 0) >>> 4;
  if (version === 4 && packet.length >= ip4Header) return unreachable4(packet);
  return version === 6 && packet.length >= ip6Header ? unreachable6(packet) : undefined;
}

function unreachable4(packet: Uint8Array): Uint8Array | undefined {
  const header = ((packet[0] ?? 0) & 0xf) * 4;
  const isLaterFragment = (getU16(packet, 6) & 0x1fff) !== 0;
  const isError = packet[9] === icmp && !queries4.includes(packet[header] ?? 0);
  if (isLaterFragment || isError || header < ip4Header) return undefined;
  const quoted = packet.subarray(0, header + quotedAboveHeader);
  const answer = new Uint8Array(ip4Header + icmpHeader + quoted.length);
  answer.set([0x45, 0xc0, 0, 0, 0, 0, 0, 0, ttl, icmp]);
  putU16(answer, 2, answer.length);
  answer.set(packet.subarray(16, 20), 12);
  answer.set(packet.subarray(12, 16), 16);
  putU16(answer, 10, checksum(answer.subarray(0, ip4Header)));
  fill(answer.subarray(ip4Header), hostUnreachable, quoted, 0);
  return answer;
}

function unreachable6(packet: Uint8Array): Uint8Array | undefined {
  // Below 128 are the errors. RFC 4443 §2.1
  if (packet[6] === icmp6 && (packet[ip6Header] ?? 0) < 128) return undefined;
  const quoted = packet.subarray(0, leastMtu6 - ip6Header - icmpHeader);
  const answer = new Uint8Array(ip6Header + icmpHeader + quoted.length);
  answer.set([0x60, 0, 0, 0, 0, 0, icmp6, ttl]);
  putU16(answer, 4, answer.length - ip6Header);
  answer.set(packet.subarray(24, 40), 8);
  answer.set(packet.subarray(8, 24), 24);
  // The pseudo-header: addresses, length, next header. RFC 8200 §8.1
  const pseudo = sum(answer.subarray(8, ip6Header)) + (answer.length - ip6Header) + icmp6;
  fill(answer.subarray(ip6Header), addressUnreachable, quoted, pseudo);
  return answer;
}

function fill(message: Uint8Array, kind: typeof hostUnreachable, quoted: Uint8Array, pseudo: number): void {
  message.set([kind.type, kind.code]);
  message.set(quoted, icmpHeader);
  putU16(message, 2, checksum(message, pseudo));
}

/** RFC 1071 */
function checksum(octets: Uint8Array, start = 0): number {
  let folded = sum(octets) + start;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return ~folded & 0xffff;
}

function sum(octets: Uint8Array): number {
  return octets.reduce((total, octet, i) => total + (i % 2 === 0 ? octet << 8 : octet), 0);
}
