/** ICMP Echo (RFC 792) in IPv4 packets as they pass a TUN: requests made, replies recognised. */
import { getU16, getU32, putU16, putU32, sameBytes } from '../base/bytes.js';
import type { Ip4 } from '../base/ip.js';

/** Octets of the payload by which a reply is known to be ours. */
export const TOKEN_LENGTH = 8;

export interface Echo {
  readonly source: Ip4;
  readonly destination: Ip4;
  /** 16 bits each. */
  readonly identifier: number;
  readonly sequence: number;
  /** TOKEN_LENGTH octets. */
  readonly token: Uint8Array;
}

const ipHeader = 20;
const icmpHeader = 8;
const packetLength = ipHeader + icmpHeader + TOKEN_LENGTH;

const offset = {
  totalLength: 2,
  fragment: 6,
  ttl: 8,
  protocol: 9,
  headerChecksum: 10,
  source: 12,
  destination: 16,
  type: ipHeader,
  code: ipHeader + 1,
  checksum: ipHeader + 2,
  identifier: ipHeader + 4,
  sequence: ipHeader + 6,
  token: ipHeader + icmpHeader,
} as const;

const protocolIcmp = 1;
const echoReply = 0;
const echoRequest = 8;
/** Version 4, a header without options. */
const versionAndLength = 0x45;
const dontFragment = 0x4000;
/** The flag "more fragments" and the fragment's offset. */
const fragmentBits = 0x3fff;
const ttl = 64;

/** An IPv4 packet with an Echo Request. */
export function makeEchoRequest({ source, destination, identifier, sequence, token }: Echo): Uint8Array {
  const packet = new Uint8Array(packetLength);
  packet[0] = versionAndLength;
  putU16(packet, offset.totalLength, packetLength);
  putU16(packet, offset.fragment, dontFragment); // So the identification may be 0 (RFC 6864 §4.1).
  packet[offset.ttl] = ttl;
  packet[offset.protocol] = protocolIcmp;
  putU32(packet, offset.source, source);
  putU32(packet, offset.destination, destination);
  putU16(packet, offset.headerChecksum, internetChecksum(packet, 0, ipHeader));
  packet[offset.type] = echoRequest;
  putU16(packet, offset.identifier, identifier);
  putU16(packet, offset.sequence, sequence);
  packet.set(token, offset.token);
  putU16(packet, offset.checksum, internetChecksum(packet, ipHeader, packetLength));
  return packet;
}

/** The Echo Reply in an IPv4 packet; undefined when it is anything else, damaged, or not of our making. */
export function readEchoReply(packet: Uint8Array): Echo | undefined {
  if (!isEchoReply(packet, 0, packet.length)) return undefined;
  if (internetChecksum(packet, 0, ipHeader) !== 0 || internetChecksum(packet, ipHeader, packetLength) !== 0)
    return undefined;
  return {
    source: getU32(packet, offset.source),
    destination: getU32(packet, offset.destination),
    identifier: getU16(packet, offset.identifier),
    sequence: getU16(packet, offset.sequence),
    token: packet.slice(offset.token, offset.token + TOKEN_LENGTH),
  };
}

/**
 * For the pump, which sees every packet: true when the packet at `start` to `end` answers this request or another one of
 * the same prober. Allocates nothing, and looks at no more than a few octets of what is something else.
 */
export function answersProbe(request: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean {
  if (!isEchoReply(buffer, start, end)) return false;
  if (getU32(buffer, start + offset.destination) !== getU32(request, offset.source)) return false;
  if (getU16(buffer, start + offset.identifier) !== getU16(request, offset.identifier)) return false;
  for (let i = offset.token; i < packetLength; i++) if (buffer[start + i] !== request[i]) return false;
  return true;
}

export function sameToken(a: Echo, b: Pick<Echo, 'identifier' | 'token'>): boolean {
  return a.identifier === b.identifier && sameBytes(a.token, b.token);
}

/**
 * An answer has our request's length, no IP options and no fragments: a host sends back what it was sent. What the peer pads
 * the packet with is no part of it (RFC 1661 §2).
 */
function isEchoReply(buffer: Uint8Array, start: number, end: number): boolean {
  return (
    end - start >= packetLength &&
    buffer[start] === versionAndLength &&
    buffer[start + offset.protocol] === protocolIcmp &&
    buffer[start + offset.type] === echoReply &&
    buffer[start + offset.code] === 0 &&
    getU16(buffer, start + offset.totalLength) === packetLength &&
    (getU16(buffer, start + offset.fragment) & fragmentBits) === 0
  );
}

/** RFC 1071, over an even number of octets; 0 over what carries its right checksum. */
function internetChecksum(buffer: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at += 2) sum += getU16(buffer, at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
