/**
 * Which flow a packet belongs to: a hash of its addresses, protocol and ports, read in place. Whatever can't be read (cut
 * off, a fragment, another version) makes the hash coarser, never wrong: the packets of one flow share it.
 */
import { getU16, getU32 } from '../base/bytes.js';

/**
 * 32 bits for the packet `bytes[at..at + length)`, which may hold anything. `perturbation` is a secret of this queue's, so
 * that nobody can pick flows that meet in one bucket (RFC 8290 §4.1).
 */
export function flowHash(bytes: Uint8Array, at: number, length: number, perturbation: number): number {
  const version = length > 0 ? bytes[at]! >>> 4 : 0;
  if (version === 4 && length >= 20) return hashIp4(bytes, at, length, perturbation);
  if (version === 6 && length >= 40) return hashIp6(bytes, at, length, perturbation);
  return scatter(perturbation);
}

function hashIp4(bytes: Uint8Array, at: number, length: number, perturbation: number): number {
  const protocol = bytes[at + 9]!;
  let hash = mix(perturbation, getU32(bytes, at + 12));
  hash = mix(hash, getU32(bytes, at + 16));
  hash = mix(hash, protocol);
  const headerLength = (bytes[at]! & 0x0f) * 4;
  const isFragment = (getU16(bytes, at + 6) & 0x3fff) !== 0; // More Fragments, or an offset
  return isFragment || headerLength < 20
    ? scatter(hash)
    : hashPorts(bytes, at + headerLength, at + length, protocol, hash);
}

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;

/** Longer chains exist only to make work. */
const MAX_EXTENSION_HEADERS = 8;

function hashIp6(bytes: Uint8Array, at: number, length: number, perturbation: number): number {
  const end = at + length;
  let hash = perturbation;
  for (let i = 8; i < 40; i += 4) hash = mix(hash, getU32(bytes, at + i));

  let protocol = bytes[at + 6]!;
  let next = at + 40;
  for (let i = 0; i < MAX_EXTENSION_HEADERS && next + 8 <= end; i++) {
    if (protocol === FRAGMENT) {
      if ((getU16(bytes, next + 2) & 0xfff9) !== 0) return scatter(hash); // an offset, or more to come
      protocol = bytes[next]!;
      next += 8;
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
  return hashPorts(bytes, next, end, protocol, mix(hash, protocol));
}

/** Ends a hash with the ports, where the protocol has such and they are there. */
function hashPorts(bytes: Uint8Array, at: number, end: number, protocol: number, hash: number): number {
  return hasPorts(protocol) && at + 4 <= end ? scatter(mix(hash, getU32(bytes, at))) : scatter(hash);
}

/** TCP, UDP, DCCP, SCTP and UDP-Lite begin with two ports, ESP with its SPI, which does as well. */
function hasPorts(protocol: number): boolean {
  return (
    protocol === 6 || protocol === 17 || protocol === 33 || protocol === 50 || protocol === 132 || protocol === 136
  );
}

/** Takes one more word into a hash. */
function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

/** Spreads the last word over all bits; unsigned. */
function scatter(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}
