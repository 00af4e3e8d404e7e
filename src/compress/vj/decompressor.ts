/**
 * The receiving half of Van Jacobson's TCP/IP header compression (RFC 1144): what came as a packet of type compressed or
 * uncompressed leaves as IP. What a lost frame leaves behind is never passed on: see `lost`.
 */
import { copyOctets, getU16, getU32, putU16, putU32 } from '../../base/bytes.js';
import { type Copier, OctetCopy } from '../../base/octet-copy.js';
import type { PacketView } from '../coder.js';
import type { VjOptions } from '../method.js';
import {
  Change,
  Ip,
  Tcp,
  TcpFlag,
  VjProtocol,
  addWords,
  foldSum,
  headersLength,
  ipHeaderLength,
  largestHeaders,
  mostSlots,
  specialData,
  specialInteractive,
  specialsMask,
  tcpNumber,
} from './header.js';

export interface VjDecompressorCounters {
  /** Good packets of type uncompressed. */
  uncompressed: number;
  /** Good packets of type compressed. */
  compressed: number;
  /** Without a slot's number, while it was unknown which one is meant. RFC 1144 §4.1 */
  tossed: number;
  /** For a slot that there isn't, or that is empty. */
  badSlot: number;
  /** Headers that are malformed or cut off. */
  badHeader: number;
  /** Whole headers with a wrong checksum of IP. */
  ipChecksum: number;
  /** By a history that had missed a frame: TCP's checksum was wrong. */
  tcpChecksum: number;
}

type Failure = Exclude<keyof VjDecompressorCounters, 'uncompressed' | 'compressed'>;

/** The change mask and TCP's checksum. */
const shortestHeader = 3;
export const largestPacket = 0xffff;

export class VjDecompressor {
  readonly #options: VjOptions;
  /** The headers last received in each slot, slot n at `n * largestHeaders`. */
  readonly #headers: Uint8Array;
  /** Octets of the headers in each slot; 0 when the slot is empty. */
  readonly #lengths: Uint8Array;
  /** How many losses there had been when the slot's headers were last known to be right. */
  readonly #trusted: Float64Array;
  #losses = 0;
  /** The slot of packets that name none. */
  #current = 0;
  /** The slot's headers before the last changes. */
  readonly #before = new Uint8Array(largestHeaders);
  /** Which slot is meant is unknown until a packet names one. RFC 1144 §4.1 */
  #tossing = true;
  /** Where the next change is read; beyond the end when there was none. */
  #at = 0;
  /** Compressed packets are made whole here. */
  readonly #packet: Uint8Array;
  readonly #copier: Copier;
  readonly #view: { -readonly [Key in keyof PacketView]: PacketView[Key] };
  readonly #counters: VjDecompressorCounters = {
    uncompressed: 0,
    compressed: 0,
    tossed: 0,
    badSlot: 0,
    badHeader: 0,
    ipChecksum: 0,
    tcpChecksum: 0,
  };

  /**
   * Makes packets whole in memory of the caller's, of `largestPacket` octets, with what copies into it best, or in its own. Throws
   * when the number of slots is none from 1 to 256.
   */
  constructor(
    options: VjOptions,
    packet: Uint8Array = new Uint8Array(largestPacket),
    copier: Copier = new OctetCopy(packet),
  ) {
    const { slots } = options;
    if (!Number.isInteger(slots) || slots < 1 || slots > mostSlots) throw new RangeError(`${slots} slots`);
    this.#options = options;
    this.#packet = packet;
    this.#copier = copier;
    this.#headers = new Uint8Array(slots * largestHeaders);
    this.#lengths = new Uint8Array(slots);
    this.#trusted = new Float64Array(slots);
    this.#view = { protocol: VjProtocol.ip, buffer: this.#packet, start: 0, end: 0 };
  }

  /** Live: they count on. */
  get counters(): Readonly<VjDecompressorCounters> {
    return this.#counters;
  }

  /**
   * A frame was lost or damaged on its way, and it may have been ours. From now on packets without a slot's number are tossed
   * until one names it (RFC 1144 §4.1); and what a slot gives is passed on only if TCP's checksum is right, until a packet
   * has proved the slot, or renewed it.
   */
  lost(): void {
    this.doubt();
    this.#tossing = true;
  }

  /** A frame may have vanished without a trace: every slot has to prove itself anew. */
  doubt(): void {
    this.#losses++;
  }

  /**
   * A packet of type uncompressed, `buffer[start..end)`, as the IP packet that it was: mended in place, padding cut off. Valid
   * as long as the buffer is. Undefined when it is damaged.
   */
  uncompressed(buffer: Uint8Array, start: number, end: number): PacketView | undefined {
    const headers = headersLength(buffer, start, end);
    if (headers === 0) return this.#refuse('badHeader');
    const length = getU16(buffer, start + Ip.totalLength);
    if (length < headers || length > end - start) return this.#refuse('badHeader');
    const slot = buffer[start + Ip.protocol]!;
    buffer[start + Ip.protocol] = tcpNumber;
    if (foldSum(addWords(0, buffer, start, start + ipHeaderLength(buffer, start))) !== 0xffff)
      return this.#refuse('ipChecksum');
    if (slot >= this.#options.slots) return this.#refuse('badSlot');
    copyOctets(buffer, start, start + headers, this.#headers, slot * largestHeaders);
    this.#lengths[slot] = headers;
    this.#trusted[slot] = this.#losses;
    this.#current = slot;
    this.#tossing = false;
    this.#counters.uncompressed++;
    return this.#give(buffer, start, start + length);
  }

  /**
   * A packet of type compressed, `buffer[start..end)`, as the IP packet that it was: valid until the next call. Undefined
   * when it is damaged, or the history may be.
   */
  compressed(buffer: Uint8Array, start: number, end: number): PacketView | undefined {
    if (end - start < shortestHeader) return this.#refuse('badHeader');
    const mask = buffer[start]!;
    const named = (mask & Change.slot) !== 0;
    if (!named && this.#tossing) {
      this.#counters.tossed++;
      return undefined;
    }
    const slot = named ? buffer[start + 1]! : this.#current;
    const headers = slot < this.#options.slots ? this.#lengths[slot]! : 0;
    if (headers === 0) return this.#refuse('badSlot');
    this.#current = slot;
    this.#tossing = false;
    const saved = slot * largestHeaders;
    copyOctets(this.#headers, saved, saved + headers, this.#before, 0);

    const payload = this.#applyChanges(mask, slot, headers, buffer, named ? start + 2 : start + 1, end);
    const length = headers + end - payload;
    if (payload < 0 || length > largestPacket) return this.#refuse('badHeader');
    this.#finishHeader(slot, length);
    copyOctets(this.#headers, slot * largestHeaders, slot * largestHeaders + headers, this.#packet, 0);
    const sum = this.#copier.copyAndSum(buffer, payload, end, headers);
    if (this.#trusted[slot] !== this.#losses) {
      if (!hasRightTcpChecksum(this.#packet, headers, length, sum)) {
        this.#counters.tcpChecksum++;
        // It may have been of another slot, whose name was lost. What it would have changed is taken back: sums of what a slot has missed
        // and of what it got wrongly would come out even, where segments and acknowledgments count alike.
        copyOctets(this.#before, 0, headers, this.#headers, saved);
        this.#tossing = true;
        return undefined;
      }
      this.#trusted[slot] = this.#losses;
    }
    this.#counters.compressed++;
    return this.#give(this.#packet, 0, length);
  }

  #give(buffer: Uint8Array, start: number, end: number): PacketView {
    const view = this.#view;
    view.buffer = buffer;
    view.start = start;
    view.end = end;
    return view;
  }

  /** Garbage: what the frame was to change is unknown, so it is as good as lost. */
  #refuse(why: Failure): PacketView | undefined {
    this.#counters[why]++;
    this.lost();
    return undefined;
  }

  /**
   * Brings the slot's TCP header and IP's identification up to date by the changes that begin at `at`, with the checksum.
   * Returns where the payload starts; -1 when the changes are cut off, and then nothing is changed. RFC 1144 §3.2.4
   */
  #applyChanges(mask: number, slot: number, headers: number, buffer: Uint8Array, at: number, end: number): number {
    const saved = this.#headers;
    const ip = slot * largestHeaders;
    const tcp = ip + ipHeaderLength(saved, ip);
    const savedPayload = getU16(saved, ip + Ip.totalLength) - headers;
    const special = mask & specialsMask;
    const isSpecial = special === specialInteractive || special === specialData;
    const told = isSpecial ? 0 : special;

    this.#at = at + 2; // behind the checksum
    const urgent = (told & Change.urgent) === 0 ? getU16(saved, tcp + Tcp.urgent) : this.#readChange(buffer, end);
    const window = (told & Change.window) === 0 ? 0 : this.#readChange(buffer, end);
    let acknowledged = (told & Change.acknowledgment) === 0 ? 0 : this.#readChange(buffer, end);
    let sent = (told & Change.sequence) === 0 ? 0 : this.#readChange(buffer, end);
    const id = (mask & Change.ipId) === 0 ? 1 : this.#readChange(buffer, end);
    if (this.#at > end) return -1;
    if (isSpecial) sent = savedPayload;
    if (special === specialInteractive) acknowledged = savedPayload;

    let flags = saved[tcp + Tcp.flags]! & ~(TcpFlag.psh | TcpFlag.urg);
    if ((mask & Change.push) !== 0) flags |= TcpFlag.psh;
    if ((told & Change.urgent) !== 0) flags |= TcpFlag.urg;
    saved[tcp + Tcp.flags] = flags;
    saved[tcp + Tcp.checksum] = buffer[at]!;
    saved[tcp + Tcp.checksum + 1] = buffer[at + 1]!;
    putU16(saved, tcp + Tcp.urgent, urgent);
    putU16(saved, tcp + Tcp.window, (getU16(saved, tcp + Tcp.window) + window) & 0xffff);
    putU32(saved, tcp + Tcp.acknowledgment, (getU32(saved, tcp + Tcp.acknowledgment) + acknowledged) >>> 0);
    putU32(saved, tcp + Tcp.sequence, (getU32(saved, tcp + Tcp.sequence) + sent) >>> 0);
    putU16(saved, ip + Ip.id, (getU16(saved, ip + Ip.id) + id) & 0xffff);
    return this.#at;
  }

  /** One octet, or a zero and two octets; when they aren't there, `#at` ends up beyond the end. RFC 1144 §3.2.2 */
  #readChange(buffer: Uint8Array, end: number): number {
    const at = this.#at;
    const octet = at < end ? buffer[at]! : 0;
    this.#at = at + (octet === 0 ? 3 : 1);
    if (octet !== 0 || this.#at > end) return octet;
    return getU16(buffer, at + 1);
  }

  /** What a compressed header doesn't tell: IP's length, and the checksum of its header. */
  #finishHeader(slot: number, length: number): void {
    const saved = this.#headers;
    const ip = slot * largestHeaders;
    putU16(saved, ip + Ip.totalLength, length);
    putU16(saved, ip + Ip.checksum, 0);
    putU16(saved, ip + Ip.checksum, foldSum(addWords(0, saved, ip, ip + ipHeaderLength(saved, ip))) ^ 0xffff);
  }
}

/** Over the pseudo-header, header and payload, of which the sum is given, of the IP packet `packet[0..length)`. RFC 9293 §3.1 */
function hasRightTcpChecksum(packet: Uint8Array, headers: number, length: number, payload: number): boolean {
  const tcp = ipHeaderLength(packet, 0);
  const pseudo = addWords(tcpNumber + (length - tcp), packet, Ip.source, Ip.options);
  return foldSum(addWords(pseudo, packet, tcp, headers) + payload) === 0xffff;
}
