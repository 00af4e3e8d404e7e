/** UDP packets over IPv4 as octets, for tests that stand at the far end of a TUN. */
import { formatIp4, parseIp4 } from '../../src/base/ip.js';
import { getU16, getU32, putU16, putU32 } from '../../src/base/bytes.js';

const ipHeader = 20;
const udpHeader = 8;
const udpProtocol = 17;

export interface Datagram {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly payload: Uint8Array;
}

/** A UDP packet, from and to the same port, without the UDP checksum, which is optional (RFC 768). */
export function encodeDatagram({ from, to, port, payload }: Datagram): Uint8Array {
  const packet = new Uint8Array(ipHeader + udpHeader + payload.length);
  packet.set([0x45, 0, 0, 0, 0, 0, 0, 0, 64, udpProtocol]);
  putU16(packet, 2, packet.length);
  putU32(packet, 12, parseIp4(from) ?? 0);
  putU32(packet, 16, parseIp4(to) ?? 0);
  putU16(packet, 10, checksum(packet.subarray(0, ipHeader)));
  putU16(packet, ipHeader, port);
  putU16(packet, ipHeader + 2, port);
  putU16(packet, ipHeader + 4, udpHeader + payload.length);
  packet.set(payload, ipHeader + udpHeader);
  return packet;
}

/** Undefined for anything but UDP over IPv4 (the kernel sends IPv6 of its own accord). */
export function decodeDatagram(packet: Uint8Array): Datagram | undefined {
  if (packet.length < ipHeader + udpHeader || packet[0] !== 0x45 || packet[9] !== udpProtocol) return undefined;
  return {
    from: formatIp4(getU32(packet, 12)),
    to: formatIp4(getU32(packet, 16)),
    port: getU16(packet, ipHeader + 2),
    payload: packet.slice(ipHeader + udpHeader),
  };
}

/** RFC 1071. */
function checksum(header: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < header.length; i += 2) sum += getU16(header, i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
