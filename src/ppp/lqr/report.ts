/** The Link-Quality-Report packet, and the counters that it is made of. RFC 1989 §2.3, §2.6 */
import { getU32, putU32 } from '../../base/bytes.js';

/**
 * What the framing counted on the line since the session began. Packets are whole frames of every protocol; octets are those
 * that the FCS covers, the FCS, and one flag for each frame, but no escapes. RFC 1989 §2.3
 */
export interface LineCounts {
  /** Sent, with what waits to be sent before anything that is handed over from now on. */
  readonly outPackets: number;
  readonly outOctets: number;
  /** Received well, the frame that is being read included. */
  readonly inPackets: number;
  readonly inOctets: number;
  /** Received well, and dropped for want of room. */
  readonly inDiscards: number;
  /** Frames that were damaged. */
  readonly inErrors: number;
}

export function nothingCounted(): LineCounts {
  return { outPackets: 0, outOctets: 0, inPackets: 0, inOctets: 0, inDiscards: 0, inErrors: 0 };
}

/** "Last" is what the receiver sent, "PeerIn" what of it came to the sender, "PeerOut" what the sender sent. */
export interface Report {
  readonly magic: number;
  readonly lastOutLqrs: number;
  readonly lastOutPackets: number;
  readonly lastOutOctets: number;
  readonly peerInLqrs: number;
  readonly peerInPackets: number;
  readonly peerInDiscards: number;
  readonly peerInErrors: number;
  readonly peerInOctets: number;
  readonly peerOutLqrs: number;
  readonly peerOutPackets: number;
  readonly peerOutOctets: number;
}

export const reportLength = 48;

/** Undefined when it is too short; octets behind it are padding. */
export function parseReport(bytes: Uint8Array): Report | undefined {
  if (bytes.length < reportLength) return undefined;
  const field = (index: number): number => getU32(bytes, 4 * index);
  return {
    magic: field(0),
    lastOutLqrs: field(1),
    lastOutPackets: field(2),
    lastOutOctets: field(3),
    peerInLqrs: field(4),
    peerInPackets: field(5),
    peerInDiscards: field(6),
    peerInErrors: field(7),
    peerInOctets: field(8),
    peerOutLqrs: field(9),
    peerOutPackets: field(10),
    peerOutOctets: field(11),
  };
}

/** Counters are taken modulo 2^32. */
export function buildReport(report: Report): Uint8Array {
  const bytes = new Uint8Array(reportLength);
  const fields = [
    report.magic,
    report.lastOutLqrs,
    report.lastOutPackets,
    report.lastOutOctets,
    report.peerInLqrs,
    report.peerInPackets,
    report.peerInDiscards,
    report.peerInErrors,
    report.peerInOctets,
    report.peerOutLqrs,
    report.peerOutPackets,
    report.peerOutOctets,
  ];
  fields.forEach((value, index) => {
    putU32(bytes, 4 * index, value >>> 0);
  });
  return bytes;
}
