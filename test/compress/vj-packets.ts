/** TCP/IP packets for the tests of Van Jacobson's compression, built field by field, and connections that send them. */
import { concatBytes, getU16, putU16, putU32 } from '../../src/base/bytes.js';
import type { PacketView } from '../../src/compress/coder.js';
import type { VjCompressor } from '../../src/compress/vj/compressor.js';
import type { VjDecompressor } from '../../src/compress/vj/decompressor.js';

export const flag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 } as const;

export interface TcpFields {
  readonly source?: number;
  readonly destination?: number;
  readonly ports?: readonly [number, number];
  readonly tos?: number;
  readonly ttl?: number;
  readonly id?: number;
  /** Flags and fragment offset as they are in the header. */
  readonly fragment?: number;
  readonly protocol?: number;
  readonly sequence?: number;
  readonly acknowledgment?: number;
  readonly window?: number;
  readonly urgent?: number;
  readonly flags?: number;
  /** The four bits behind the Data Offset. */
  readonly reserved?: number;
  /** Whole 32-bit words. */
  readonly ipOptions?: readonly number[];
  readonly tcpOptions?: readonly number[];
  readonly payload?: Uint8Array;
  /** TCP's, instead of the right one. */
  readonly checksum?: number;
}

/** An IPv4 packet with TCP in it, with right checksums. RFC 791 §3.1, RFC 9293 §3.1 */
export function tcpPacket(fields: TcpFields): Uint8Array {
  const { ipOptions = [], tcpOptions = [], payload = new Uint8Array(0), ports = [1000, 2000] } = fields;
  const ipLength = 20 + ipOptions.length;
  const tcpLength = 20 + tcpOptions.length;
  const packet = concatBytes([new Uint8Array(ipLength + tcpLength), payload]);
  packet[0] = 0x40 | (ipLength / 4);
  packet[1] = fields.tos ?? 0;
  putU16(packet, 2, packet.length);
  putU16(packet, 4, (fields.id ?? 100) & 0xffff);
  putU16(packet, 6, fields.fragment ?? 0x4000);
  packet[8] = fields.ttl ?? 64;
  packet[9] = fields.protocol ?? 6;
  putU32(packet, 12, fields.source ?? 0x0a010001);
  putU32(packet, 16, fields.destination ?? 0x0a020001);
  packet.set(ipOptions, 20);
  putU16(packet, 10, internetChecksum(packet.subarray(0, ipLength)));
  putU16(packet, ipLength, ports[0]);
  putU16(packet, ipLength + 2, ports[1]);
  putU32(packet, ipLength + 4, (fields.sequence ?? 1000) >>> 0);
  putU32(packet, ipLength + 8, (fields.acknowledgment ?? 5000) >>> 0);
  packet[ipLength + 12] = (tcpLength << 2) | (fields.reserved ?? 0);
  packet[ipLength + 13] = fields.flags ?? flag.ack;
  putU16(packet, ipLength + 14, (fields.window ?? 4096) & 0xffff);
  putU16(packet, ipLength + 18, fields.urgent ?? 0);
  packet.set(tcpOptions, ipLength + 20);
  putU16(packet, ipLength + 16, fields.checksum ?? tcpChecksum(packet));
  return packet;
}

/** What TCP's checksum must be when its field is 0; 0 when the field holds the right one. */
export function tcpChecksum(packet: Uint8Array): number {
  const ipLength = (packet[0]! & 0x0f) * 4;
  const segment = packet.subarray(ipLength);
  const pseudo = Uint8Array.of(...packet.subarray(12, 20), 0, 6, segment.length >>> 8, segment.length & 0xff);
  return internetChecksum(concatBytes([pseudo, segment]));
}

/** RFC 1071 */
export function internetChecksum(bytes: Uint8Array): number {
  const even = bytes.length % 2 === 0 ? bytes : concatBytes([bytes, Uint8Array.of(0)]);
  let sum = 0;
  for (let at = 0; at < even.length; at += 2) sum += getU16(even, at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** One end of a TCP connection: each packet continues the one before, as `next` is told. */
export class Flow {
  readonly #fixed: TcpFields;
  #sequence: number;
  #acknowledgment: number;
  #window = 8192;
  #id: number;
  #sent: TcpFields = {};

  constructor(number: number, random: () => number) {
    this.#fixed = {
      source: 0x0a010001 + (number % 3),
      destination: 0x0a020001,
      ports: [1024 + number, number % 2 === 0 ? 80 : 22],
      tcpOptions: number % 4 === 0 ? [1, 1, 8, 10, 0, 0, 0, number & 0xff, 0, 0, 0, 0] : [],
      ipOptions: number % 7 === 6 ? [1, 1, 1, 0] : [],
    };
    this.#sequence = random();
    this.#acknowledgment = random();
    this.#id = random() & 0xffff;
  }

  /** `growth` is how far acknowledgment and window move; both may be 0. */
  next(fields: TcpFields & { readonly acknowledged?: number; readonly opened?: number }): Uint8Array {
    const { acknowledged = 0, opened = 0, ...rest } = fields;
    this.#acknowledgment += acknowledged;
    this.#window += opened;
    this.#sent = {
      ...this.#fixed,
      sequence: this.#sequence,
      acknowledgment: this.#acknowledgment,
      window: this.#window,
      id: this.#id++,
      ...rest,
    };
    this.#sequence += rest.payload?.length ?? 0;
    return tcpPacket(this.#sent);
  }

  /** The last packet once more, as another IP packet. */
  again(): Uint8Array {
    return tcpPacket({ ...this.#sent, id: this.#id++ });
  }
}

export interface VjFrame {
  readonly protocol: number;
  readonly packet: Uint8Array;
}

/** What goes over the line for a packet; it stands somewhere within a larger buffer, as in the queue's pool. */
export function compress(compressor: VjCompressor, packet: Uint8Array): VjFrame {
  const buffer = concatBytes([new Uint8Array(7), packet, new Uint8Array(5)]);
  const { protocol, start, end } = compressor.compress(buffer, 7, 7 + packet.length);
  return { protocol, packet: buffer.slice(start, end) };
}

/** What the far end makes of it: a copy of the packet; undefined when it gives none. */
export function decompress(decompressor: VjDecompressor, { protocol, packet }: VjFrame): Uint8Array | undefined {
  const buffer = concatBytes([new Uint8Array(3), packet, new Uint8Array(2)]);
  const view = viewOf(decompressor, protocol, buffer, 3, 3 + packet.length);
  return view?.buffer.slice(view.start, view.end);
}

function viewOf(
  decompressor: VjDecompressor,
  protocol: number,
  buffer: Uint8Array,
  start: number,
  end: number,
): PacketView | undefined {
  switch (protocol) {
    case 0x0021:
      return { protocol, buffer, start, end };
    case 0x002d:
      return decompressor.compressed(buffer, start, end);
    case 0x002f:
      return decompressor.uncompressed(buffer, start, end);
    default:
      throw new Error(`no protocol of RFC 1332 §4: ${protocol}`);
  }
}
