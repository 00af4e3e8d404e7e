/** Explicit Congestion Notification (RFC 3168) on IPv4 and IPv6 packets, in place. */
import { getU16, putU16 } from '../base/bytes.js';

/** The two ECN bits of the IPv4 TOS octet, and the same bits where the IPv6 Traffic Class has them. */
const CE_IP4 = 0x03;
const CE_IP6 = 0x30;

/**
 * Marks the packet `bytes[at..at + length)` as "Congestion Experienced" if its sender understands that, and fixes the
 * checksum of an IPv4 header. True when the packet carries the mark now; false when it must be dropped instead.
 */
export function markCongestion(bytes: Uint8Array, at: number, length: number): boolean {
  const version = length > 0 ? bytes[at]! >>> 4 : 0;
  const tos = at + 1;
  if (version === 4 && length >= 20) {
    if ((bytes[tos]! & CE_IP4) === 0) return false;
    const before = getU16(bytes, at);
    bytes[tos]! |= CE_IP4;
    const checksum = at + 10;
    putU16(bytes, checksum, fixChecksum(getU16(bytes, checksum), before, getU16(bytes, at)));
    return true;
  }
  if (version === 6 && length >= 40) {
    if ((bytes[tos]! & CE_IP6) === 0) return false;
    bytes[tos]! |= CE_IP6;
    return true;
  }
  return false;
}

/** The Internet checksum after one of its words has changed: RFC 1624, equation 3. */
function fixChecksum(checksum: number, before: number, after: number): number {
  let sum = (~checksum & 0xffff) + (~before & 0xffff) + after;
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
