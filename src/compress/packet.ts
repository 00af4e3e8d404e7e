/**
 * The packet as compressors see it: the Protocol field, compressed where it can be, and the Information field behind it.
 * RFC 1661 §6.5, RFC 1979 §2.1
 */
import { getU16 } from '../base/bytes.js';
import type { PacketView } from './coder.js';

/** The longest packet that a decompressor gives out, in octets: the largest MRU that linkd asks for, and the Protocol field. */
export const longestPacket = 16_386;

/** What Deflate compresses: everything but control packets and what is compressed already. RFC 1979 §2 */
export function isNetworkLayer(protocol: number): boolean {
  return protocol <= 0x3fff && protocol !== 0xfd && protocol !== 0xfb;
}

/** Octets of the Protocol field once it is compressed. */
export function protocolLength(protocol: number): 1 | 2 {
  return protocol <= 0xff ? 1 : 2;
}

/** Reads the Protocol field, compressed or not, from `bytes[start..end)`; undefined where there is no legal one. RFC 1661 §2 */
export function readPacket(bytes: Uint8Array, start: number, end: number): PacketView | undefined {
  if (end - start >= 1 && (bytes[start]! & 1) === 1) {
    return { protocol: bytes[start]!, buffer: bytes, start: start + 1, end };
  }
  if (end - start < 2 || (bytes[start + 1]! & 1) === 0) return undefined;
  return { protocol: getU16(bytes, start), buffer: bytes, start: start + 2, end };
}
