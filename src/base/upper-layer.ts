/**
 * What an IP packet carries, and where: the protocol above IP, behind the options of IPv4 (RFC 791 §3.1) and the extension
 * headers of IPv6 (RFC 8200 §4), read in place.
 */
import { getU16 } from './bytes.js';

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;

const IP4_HEADER = 20;
const IP6_HEADER = 40;
/** Longer chains exist only to make work. */
const MAX_EXTENSION_HEADERS = 8;

/** One reads many packets, so that nothing is allocated for each. */
export class UpperLayer {
  /** The number of the protocol. */
  protocol = 0;
  /** Where its header begins in the array; -1 in a fragment behind the first, and where it can't be told. It may be cut off. */
  at = -1;
  /** The packet is a piece of one, the first or a later one. */
  isFragment = false;

  /** Reads the packet `bytes[at..at + length)`, which may hold anything; false when it is no IP, or less than a header. */
  read(bytes: Uint8Array, at: number, length: number): boolean {
    const version = length > 0 ? bytes[at]! >>> 4 : 0;
    if (version === 4 && length >= IP4_HEADER) this.#readIp4(bytes, at, length);
    else if (version === 6 && length >= IP6_HEADER) this.#readIp6(bytes, at, length);
    else return false;
    return true;
  }

  #readIp4(bytes: Uint8Array, at: number, length: number): void {
    const headerLength = (bytes[at]! & 0x0f) * 4;
    const fragment = getU16(bytes, at + 6);
    const isThere = (fragment & 0x1fff) === 0 && headerLength >= IP4_HEADER && headerLength <= length;
    this.protocol = bytes[at + 9]!;
    this.at = isThere ? at + headerLength : -1;
    this.isFragment = (fragment & 0x3fff) !== 0; // More Fragments, or an offset
  }

  #readIp6(bytes: Uint8Array, at: number, length: number): void {
    const end = at + length;
    let protocol = bytes[at + 6]!;
    let next = at + IP6_HEADER;
    this.isFragment = false;
    for (let i = 0; i < MAX_EXTENSION_HEADERS && next !== -1 && next + 8 <= end; i++) {
      if (protocol === FRAGMENT) {
        const fragment = getU16(bytes, next + 2);
        if ((fragment & 0xfff9) !== 0) this.isFragment = true; // an offset, or more to come
        protocol = bytes[next]!;
        next = fragment >>> 3 === 0 ? next + 8 : -1;
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
    this.protocol = protocol;
    this.at = next;
  }
}
