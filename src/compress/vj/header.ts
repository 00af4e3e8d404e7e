/**
 * What both ends of Van Jacobson's compression know of the headers of IPv4 and TCP, and of the compressed header that takes
 * their place: a change mask, the slot, TCP's checksum, and the changes in a fixed order. RFC 1144 §3.2, RFC 1332 §4
 */
import { getU16 } from '../../base/bytes.js';

/** The PPP protocols of TCP/IP packets. RFC 1332 §4 */
export const VjProtocol = {
  ip: 0x0021,
  compressed: 0x002d,
  uncompressed: 0x002f,
} as const;

/** The bits of the change mask; the fields follow in the order U, W, A, S, I. RFC 1144 §3.2.2 */
export const Change = {
  slot: 0x40,
  ipId: 0x20,
  push: 0x10,
  sequence: 0x08,
  acknowledgment: 0x04,
  window: 0x02,
  urgent: 0x01,
} as const;

/** Both numbers grew by what the packet before carried: an echoed terminal. Stands for S, W and U. RFC 1144 §3.2.3 */
export const specialInteractive = Change.sequence | Change.window | Change.urgent;
/** The sequence number grew by what the packet before carried: a transfer. Stands for S, A, W and U. RFC 1144 §3.2.3 */
export const specialData = specialInteractive | Change.acknowledgment;
/** The bits that can mean a special case. */
export const specialsMask = specialData;

/** Offsets in the header of IPv4. RFC 791 §3.1 */
export const Ip = {
  versionAndLength: 0,
  tos: 1,
  totalLength: 2,
  id: 4,
  fragment: 6,
  ttl: 8,
  protocol: 9,
  checksum: 10,
  source: 12,
  destination: 16,
  options: 20,
} as const;

/** Offsets in the header of TCP. RFC 9293 §3.1 */
export const Tcp = {
  ports: 0,
  sequence: 4,
  acknowledgment: 8,
  dataOffset: 12,
  flags: 13,
  window: 14,
  checksum: 16,
  urgent: 18,
  options: 20,
} as const;

export const TcpFlag = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10, urg: 0x20 } as const;

/** The protocol number of TCP, whose place the slot takes in a packet of type uncompressed. */
export const tcpNumber = 6;
/** Both headers without options, and with all that they can have. */
export const smallestHeaders = 40;
export const largestHeaders = 120;
/** RFC 1144 §3.2.3: the slot's number has one octet. */
export const mostSlots = 256;

/** Octets of the IPv4 header at `ip`, as it says itself. */
export function ipHeaderLength(packet: Uint8Array, ip: number): number {
  return (packet[ip]! & 0x0f) * 4;
}

/** Octets of the TCP header at `tcp`, as it says itself. */
export function tcpHeaderLength(packet: Uint8Array, tcp: number): number {
  return (packet[tcp + Tcp.dataOffset]! >>> 4) * 4;
}

/**
 * Octets of both headers of the packet `packet[start..end)`; 0 when it isn't IPv4, or its headers are malformed or cut off.
 * That IPv4 carries TCP is the caller's to check: in a packet of type uncompressed the protocol field holds something else.
 */
export function headersLength(packet: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < smallestHeaders || packet[start]! >>> 4 !== 4) return 0;
  const ip = ipHeaderLength(packet, start);
  if (ip < Ip.options || ip + Tcp.options > length) return 0;
  const tcp = tcpHeaderLength(packet, start + ip);
  return tcp < Tcp.options || ip + tcp > length ? 0 : ip + tcp;
}

/** Adds the 16-bit words of `bytes[from..to)` to a sum of RFC 1071; an odd octet at the end counts as the high half. */
export function addWords(sum: number, bytes: Uint8Array, from: number, to: number): number {
  let total = sum;
  let at = from;
  for (; at + 1 < to; at += 2) total += getU16(bytes, at);
  return at < to ? total + (bytes[at]! << 8) : total;
}

/** The sum in 16 bits, its carries added: 0xffff over what holds its own right checksum. RFC 1071 §1 */
export function foldSum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}
