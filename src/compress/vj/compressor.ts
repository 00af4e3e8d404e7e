/**
 * The sending half of Van Jacobson's TCP/IP header compression (RFC 1144): packets come from the queue right before they are
 * framed, and leave with as little header as tells the peer what has changed since the last one of their connection.
 */
import { copyOctets, getU16, getU32 } from '../../base/bytes.js';
import type { VjOptions } from '../method.js';
import {
  Change,
  Ip,
  Tcp,
  TcpFlag,
  VjProtocol,
  headersLength,
  ipHeaderLength,
  largestHeaders,
  mostSlots,
  specialData,
  specialInteractive,
  tcpNumber,
} from './header.js';

/** A packet as it goes out: `start` has moved if its headers were compressed. Valid until the next call. */
export interface VjCompressed {
  readonly protocol: 0x0021 | 0x002f | 0x002d;
  readonly start: number;
  readonly end: number;
}

export interface VjCompressorCounters {
  /** Sent as they were: no TCP, or TCP that is never compressed. */
  ip: number;
  /** Sent with whole headers, to make or mend the peer's copy of a slot. */
  uncompressed: number;
  compressed: number;
}

/** Five changes of three octets each. */
const longestChanges = 15;
/** The change mask, the slot, and TCP's checksum. */
const longestFixedPart = 4;
/** More Fragments, and the Fragment Offset. RFC 791 §3.1 */
const fragmentBits = 0x3fff;
const largestChange = 0xffff;
const notCompressible = -1;

const connectionFlags = TcpFlag.syn | TcpFlag.fin | TcpFlag.rst;
/** What the change mask tells of the flags; the others must stay as they were. */
const tellableFlags = TcpFlag.psh | TcpFlag.urg;

export class VjCompressor {
  readonly #options: VjOptions;
  /** The headers last sent in each slot, slot n at `n * largestHeaders`. */
  readonly #headers: Uint8Array;
  /** Which connection has the slot: addresses and both ports. */
  readonly #sources: Uint32Array;
  readonly #destinations: Uint32Array;
  readonly #ports: Uint32Array;
  /** The slots, the most recently used one first. */
  readonly #order: Uint8Array;
  /** The slot that the peer takes when a packet names none; -1 before the first. */
  #current = -1;
  readonly #changes = new Uint8Array(longestChanges);
  #changesLength = 0;
  readonly #result: { protocol: VjCompressed['protocol']; start: number; end: number };
  readonly #counters: VjCompressorCounters = { ip: 0, uncompressed: 0, compressed: 0 };

  /** Throws when the number of slots is none from 1 to 256. */
  constructor(options: VjOptions) {
    const { slots } = options;
    if (!Number.isInteger(slots) || slots < 1 || slots > mostSlots) throw new RangeError(`${slots} slots`);
    this.#options = options;
    this.#headers = new Uint8Array(slots * largestHeaders);
    this.#sources = new Uint32Array(slots);
    this.#destinations = new Uint32Array(slots);
    this.#ports = new Uint32Array(slots);
    this.#order = Uint8Array.from({ length: slots }, (_, i) => slots - 1 - i);
    this.#result = { protocol: VjProtocol.ip, start: 0, end: 0 };
  }

  /** Live: they count on. */
  get counters(): Readonly<VjCompressorCounters> {
    return this.#counters;
  }

  /**
   * Compresses the IP packet `buffer[start..end)` in place: a compressed header is written right before TCP's payload, which
   * stays where it is. What this gives has to be sent, and in this order: it is in the history.
   */
  compress(buffer: Uint8Array, start: number, end: number): VjCompressed {
    const headers = compressibleHeaders(buffer, start, end);
    if (headers === 0) {
      this.#counters.ip++;
      return this.#give(VjProtocol.ip, start, end);
    }
    const tcp = start + ipHeaderLength(buffer, start);
    const known = this.#findSlot(buffer, start, tcp);
    const slot = known < 0 ? this.#newSlot(buffer, start, tcp) : known;
    const mask = known < 0 ? notCompressible : this.#encodeChanges(slot, buffer, start, tcp, headers);
    copyOctets(buffer, start, start + headers, this.#headers, slot * largestHeaders);
    if (mask === notCompressible) {
      buffer[start + Ip.protocol] = slot;
      this.#current = slot;
      this.#counters.uncompressed++;
      return this.#give(VjProtocol.uncompressed, start, end);
    }
    this.#counters.compressed++;
    return this.#give(VjProtocol.compressed, this.#writeHeader(mask, slot, buffer, tcp, start + headers), end);
  }

  #give(protocol: VjCompressed['protocol'], start: number, end: number): VjCompressed {
    const result = this.#result;
    result.protocol = protocol;
    result.start = start;
    result.end = end;
    return result;
  }

  /** The connection's slot, now the most recently used one; -1 when it has none. */
  #findSlot(buffer: Uint8Array, ip: number, tcp: number): number {
    const source = getU32(buffer, ip + Ip.source);
    const destination = getU32(buffer, ip + Ip.destination);
    const ports = getU32(buffer, tcp + Tcp.ports);
    const order = this.#order;
    for (let i = 0; i < order.length; i++) {
      const slot = order[i]!;
      if (
        this.#ports[slot] === ports &&
        this.#sources[slot] === source &&
        this.#destinations[slot] === destination &&
        this.#headers[slot * largestHeaders] !== 0 // a slot that was used
      ) {
        this.#touch(i);
        return slot;
      }
    }
    return -1;
  }

  /** The least recently used slot becomes this connection's. */
  #newSlot(buffer: Uint8Array, ip: number, tcp: number): number {
    this.#touch(this.#order.length - 1);
    const slot = this.#order[0]!;
    this.#sources[slot] = getU32(buffer, ip + Ip.source);
    this.#destinations[slot] = getU32(buffer, ip + Ip.destination);
    this.#ports[slot] = getU32(buffer, tcp + Tcp.ports);
    return slot;
  }

  #touch(place: number): void {
    const slot = this.#order[place]!;
    this.#order.copyWithin(1, 0, place);
    this.#order[0] = slot;
  }

  /** The change mask without the slot's bit, its changes in `#changes`; or that they can't be told. RFC 1144 §3.2.3 */
  #encodeChanges(slot: number, buffer: Uint8Array, ip: number, tcp: number, headers: number): number {
    const saved = this.#headers;
    const savedIp = slot * largestHeaders;
    if (!sameConstants(buffer, ip, tcp, headers, saved, savedIp)) return notCompressible;
    const savedTcp = savedIp + (tcp - ip);
    this.#changesLength = 0;
    let mask = 0;

    const urgent = getU16(buffer, tcp + Tcp.urgent);
    if ((buffer[tcp + Tcp.flags]! & TcpFlag.urg) !== 0) {
      this.#addChange(urgent);
      mask |= Change.urgent;
    } else if (urgent !== getU16(saved, savedTcp + Tcp.urgent)) {
      return notCompressible; // no sane TCP does it, but none is forbidden to
    }
    const window = (getU16(buffer, tcp + Tcp.window) - getU16(saved, savedTcp + Tcp.window)) & 0xffff;
    if (window !== 0) {
      this.#addChange(window);
      mask |= Change.window;
    }
    const acknowledged = difference(buffer, tcp + Tcp.acknowledgment, saved, savedTcp + Tcp.acknowledgment);
    if (acknowledged > largestChange) return notCompressible;
    if (acknowledged !== 0) {
      this.#addChange(acknowledged);
      mask |= Change.acknowledgment;
    }
    const sent = difference(buffer, tcp + Tcp.sequence, saved, savedTcp + Tcp.sequence);
    if (sent > largestChange) return notCompressible;
    if (sent !== 0) {
      this.#addChange(sent);
      mask |= Change.sequence;
    }

    const savedPayload = getU16(saved, savedIp + Ip.totalLength) - headers;
    // The decompressor of RFC 1144 leaves the urgent flag as it is in the special cases.
    const specialAllowed = (saved[savedTcp + Tcp.flags]! & TcpFlag.urg) === 0;
    switch (mask) {
      case 0:
        // Data behind an acknowledgment; anything else is sent again, so the peer may have missed the packet before.
        if (savedPayload !== 0 || ip + getU16(buffer, ip + Ip.totalLength) === ip + headers) return notCompressible;
        break;
      case specialInteractive:
      case specialData:
        return notCompressible; // these changes have come about, but the mask means something else
      case Change.sequence | Change.acknowledgment:
        if (specialAllowed && sent === acknowledged && sent === savedPayload) {
          mask = specialInteractive;
          this.#changesLength = 0;
        }
        break;
      case Change.sequence:
        if (specialAllowed && sent === savedPayload) {
          mask = specialData;
          this.#changesLength = 0;
        }
        break;
    }

    const id = (getU16(buffer, ip + Ip.id) - getU16(saved, savedIp + Ip.id)) & 0xffff;
    if (id !== 1) {
      this.#addChange(id);
      mask |= Change.ipId;
    }
    return (buffer[tcp + Tcp.flags]! & TcpFlag.psh) === 0 ? mask : mask | Change.push;
  }

  /** One octet for 1 to 255, else a zero and two octets. RFC 1144 §3.2.2 */
  #addChange(value: number): void {
    const changes = this.#changes;
    if (value === 0 || value > 255) {
      changes[this.#changesLength++] = 0;
      changes[this.#changesLength++] = value >>> 8;
    }
    changes[this.#changesLength++] = value;
  }

  /** Writes the compressed header so that it ends at `payload`; returns where it starts. */
  #writeHeader(mask: number, slot: number, buffer: Uint8Array, tcp: number, payload: number): number {
    const high = buffer[tcp + Tcp.checksum]!;
    const low = buffer[tcp + Tcp.checksum + 1]!;
    const implicit = this.#options.slotCompression && slot === this.#current;
    const start = payload - this.#changesLength - (implicit ? longestFixedPart - 1 : longestFixedPart);
    let at = start;
    buffer[at++] = implicit ? mask : mask | Change.slot;
    if (!implicit) buffer[at++] = slot;
    buffer[at++] = high;
    buffer[at++] = low;
    copyOctets(this.#changes, 0, this.#changesLength, buffer, at);
    this.#current = slot;
    return start;
  }
}

/** Octets of both headers, if the packet may be compressed; else 0: it goes out as type IP. RFC 1144 §3.2.3 */
function compressibleHeaders(buffer: Uint8Array, start: number, end: number): number {
  const headers = headersLength(buffer, start, end);
  if (headers === 0 || buffer[start + Ip.protocol] !== tcpNumber) return 0;
  if ((getU16(buffer, start + Ip.fragment) & fragmentBits) !== 0) return 0;
  if (getU16(buffer, start + Ip.totalLength) !== end - start) return 0; // the peer reckons it from the frame's length
  const flags = buffer[start + ipHeaderLength(buffer, start) + Tcp.flags]!;
  return (flags & TcpFlag.ack) === 0 || (flags & connectionFlags) !== 0 ? 0 : headers;
}

/**
 * Whether all is as it was that must not change within a slot: version, lengths, type of service, flags, time to live and
 * the options of both. Unlike RFC 1144, the flags that came to TCP with ECN (RFC 3168) and the reserved ones count as well.
 */
function sameConstants(
  buffer: Uint8Array,
  ip: number,
  tcp: number,
  headers: number,
  saved: Uint8Array,
  savedIp: number,
): boolean {
  if (buffer[ip] !== saved[savedIp] || buffer[ip + Ip.tos] !== saved[savedIp + Ip.tos]) return false;
  if (getU16(buffer, ip + Ip.fragment) !== getU16(saved, savedIp + Ip.fragment)) return false;
  if (buffer[ip + Ip.ttl] !== saved[savedIp + Ip.ttl]) return false;
  const savedTcp = savedIp + (tcp - ip);
  if (buffer[tcp + Tcp.dataOffset] !== saved[savedTcp + Tcp.dataOffset]) return false;
  if (((buffer[tcp + Tcp.flags]! ^ saved[savedTcp + Tcp.flags]!) & ~tellableFlags) !== 0) return false;
  for (let at = Ip.options; at < tcp - ip; at++) if (buffer[ip + at] !== saved[savedIp + at]) return false;
  for (let at = tcp - ip + Tcp.options; at < headers; at++) if (buffer[ip + at] !== saved[savedIp + at]) return false;
  return true;
}

/** How far a 32-bit number has grown, in its circle. */
function difference(bytes: Uint8Array, at: number, before: Uint8Array, beforeAt: number): number {
  return (getU32(bytes, at) - getU32(before, beforeAt)) >>> 0;
}
