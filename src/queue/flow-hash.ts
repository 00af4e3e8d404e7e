/**
 * Which flow a packet belongs to: a hash of its addresses, protocol and ports, read in place. Whatever can't be read (cut
 * off, a fragment, another version) makes the hash coarser, never wrong: the packets of one flow share it.
 */
import { getU32 } from '../base/bytes.js';
import { UpperLayer } from '../base/upper-layer.js';

/**
 * 32 bits for the packet `bytes[at..at + length)`, which may hold anything. `perturbation` is a secret of this queue's, so
 * that nobody can pick flows that meet in one bucket (RFC 8290 §4.1). `upper` is what reads the packet.
 */
export function flowHash(
  bytes: Uint8Array,
  at: number,
  length: number,
  perturbation: number,
  upper = new UpperLayer(),
): number {
  if (!upper.read(bytes, at, length)) return scatter(perturbation);
  const isIp4 = bytes[at]! >>> 4 === 4;
  let hash = perturbation;
  for (let i = isIp4 ? 12 : 8; i < (isIp4 ? 20 : 40); i += 4) hash = mix(hash, getU32(bytes, at + i));
  // The pieces of one packet have to come to the same: in IPv6, some of them don't tell the protocol.
  if (isIp4 || !upper.isFragment) hash = mix(hash, upper.protocol);
  if (upper.isFragment || upper.at === -1) return scatter(hash);
  return hashPorts(bytes, upper.at, at + length, upper.protocol, hash);
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
