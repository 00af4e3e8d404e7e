/** Packets for the tests of the queue: headers as the RFCs draw them, built field by field. */
import { getU16, putU16, putU32 } from '../../src/base/bytes.js';

export const UDP = 17;
export const TCP = 6;

/** Not ECN-capable, ECN-capable (both code points), and marked. RFC 3168 §5 */
export const NOT_ECT = 0;
export const ECT_1 = 1;
export const ECT_0 = 2;
export const CE = 3;

export interface Ip4Fields {
  readonly length?: number;
  readonly source?: number;
  readonly destination?: number;
  readonly protocol?: number;
  readonly ports?: readonly [number, number];
  readonly ecn?: number;
  /** Flags and fragment offset as they are in the header. */
  readonly fragment?: number;
  /** 32-bit words of options. */
  readonly options?: number;
  readonly identification?: number;
}

/** An IPv4 packet (RFC 791 §3.1) with a right checksum; what follows the ports is zero. */
export function ip4({
  length = 100,
  source = 0x0a010001,
  destination = 0x0a020001,
  protocol = UDP,
  ports = [1000, 2000],
  ecn = NOT_ECT,
  fragment = 0,
  options = 0,
  identification = 0,
}: Ip4Fields): Uint8Array {
  const headerLength = 20 + 4 * options;
  const packet = new Uint8Array(Math.max(length, headerLength + 4));
  packet[0] = 0x40 | (headerLength / 4);
  packet[1] = ecn;
  putU16(packet, 2, packet.length);
  putU16(packet, 4, identification);
  putU16(packet, 6, fragment);
  packet[8] = 64;
  packet[9] = protocol;
  putU32(packet, 12, source);
  putU32(packet, 16, destination);
  putU16(packet, 10, internetChecksum(packet.subarray(0, headerLength)));
  putU16(packet, headerLength, ports[0]);
  putU16(packet, headerLength + 2, ports[1]);
  return packet;
}

/** An IPv6 packet (RFC 8200 §3): extension headers as given, each with the number that names it, then the ports. */
export function ip6({
  source = 1,
  extensions = [],
  protocol = UDP,
  ports = [1000, 2000],
  trafficClass = 0,
}: {
  readonly source?: number;
  readonly extensions?: readonly { readonly type: number; readonly octets: readonly number[] }[];
  readonly protocol?: number;
  readonly ports?: readonly [number, number];
  readonly trafficClass?: number;
}): Uint8Array {
  const fixed = new Uint8Array(40);
  fixed[0] = 0x60 | (trafficClass >>> 4);
  fixed[1] = (trafficClass & 0x0f) << 4;
  fixed[6] = extensions[0]?.type ?? protocol;
  fixed[7] = 64;
  fixed[23] = source;
  fixed[39] = 2;
  const chain = extensions.flatMap(({ octets }, i) => [extensions[i + 1]?.type ?? protocol, ...octets.slice(1)]);
  const [from, to] = ports;
  const packet = Uint8Array.of(...fixed, ...chain, from >>> 8, from & 0xff, to >>> 8, to & 0xff, 0, 0, 0, 0);
  putU16(packet, 4, packet.length - 40);
  return packet;
}

/** RFC 1071; over a header that holds its right checksum it gives 0. */
export function internetChecksum(header: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < header.length; i += 2) sum += getU16(header, i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
