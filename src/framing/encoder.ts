/**
 * The sending half of RFC 1662: a packet in, one frame of octet-stuffed HDLC out, into a buffer of the caller's. The pump
 * calls it when the line has room, so packets stay packets as long as they can.
 */
import type { Codec, FrameWriter } from './codec.js';
import {
  ALL_STATIONS,
  CONTROL_ESCAPE,
  DEFAULT_ACCM,
  FCS_OCTETS,
  FLAG,
  LCP,
  MAX_HEADER_OCTETS,
  UNNUMBERED_INFORMATION,
} from './constants.js';
import { plainCodec } from './plain-codec.js';

export interface EncoderOptions {
  /** Characters that the line swallows, escaped in every frame beside the ACCM's: see `canEscape`. */
  readonly escape?: readonly number[];
  /** Does the work; plain JavaScript by default. */
  readonly codec?: Codec;
}

/** What was framed, since the encoder was made. */
export interface EncoderCounters {
  frames: number;
  /** As RFC 1989 §2.3 counts them: what the FCS covers, the FCS, and one flag to a frame; no escapes. */
  octets: number;
}

/** The room that a frame around a packet of so many octets needs at most: both flags, everything in between escaped. */
export function maxFrameLength(packetLength: number): number {
  return 2 + 2 * (MAX_HEADER_OCTETS + packetLength + FCS_OCTETS);
}

/**
 * True for the octets that may be sent escaped (RFC 1662 §7.1): 0x20..0x3f would turn into control characters, which the
 * peer may drop, and 0x5e into a flag.
 */
export function canEscape(octet: number): boolean {
  return Number.isInteger(octet) && octet >= 0 && octet <= 0xff && octet !== 0x5e && !(octet >= 0x20 && octet < 0x40);
}

export class FrameEncoder {
  /** One entry per octet value: not 0 where it is sent escaped. */
  readonly #escapes = new Uint8Array(256);
  readonly #lcpEscapes = new Uint8Array(256);
  /** The control characters that are escaped whatever the ACCM. */
  readonly #extraControls = new Uint8Array(32);
  readonly #writer: FrameWriter;
  #pfc = false;
  #acfc = false;
  readonly #counters: EncoderCounters = { frames: 0, octets: 0 };

  /** Begins with the default framing. Throws when an extra escape is not possible. */
  constructor({ escape = [], codec = plainCodec }: EncoderOptions = {}) {
    this.#writer = codec.writer();
    for (const octet of [...escape, FLAG, CONTROL_ESCAPE]) {
      if (!canEscape(octet)) throw new RangeError(`the octet ${octet} cannot be sent escaped`);
      this.#escapes[octet] = 1;
      this.#lcpEscapes[octet] = 1;
    }
    this.#extraControls.set(this.#escapes.subarray(0, 32));
    setControls(this.#lcpEscapes, DEFAULT_ACCM, this.#extraControls);
    this.#writer.setEscapes(true, this.#lcpEscapes);
    this.setFraming(DEFAULT_ACCM, false, false);
  }

  /**
   * How frames are built from now on, other than LCP's: the sending ACCM (bit n is character n, RFC 1662 §7.1), Protocol-
   * and Address-and-Control-Field-Compression (RFC 1661 §6.5, §6.6).
   */
  setFraming(txAccm: number, txPfc: boolean, txAcfc: boolean): void {
    setControls(this.#escapes, txAccm, this.#extraControls);
    this.#writer.setEscapes(false, this.#escapes);
    this.#pfc = txPfc;
    this.#acfc = txAcfc;
  }

  /**
   * Writes the frame around `packet[from..to)` to `out` from `at` on and returns where it ends. Without `openFlag` it shares
   * the flag of a frame that ends right there; after a pause a frame needs its own (RFC 1662 §4.4.2). `out` must hold
   * `maxFrameLength(to - from)` octets from `at` on, whatever the content; throws when it doesn't.
   */
  encode(
    protocol: number,
    packet: Uint8Array,
    from: number,
    to: number,
    out: Uint8Array,
    at: number,
    openFlag = true,
  ): number {
    if (from < 0 || from > to || to > packet.length) throw new RangeError(`no packet at ${from}..${to}`);
    if (at < 0 || out.length - at < maxFrameLength(to - from)) {
      throw new RangeError(`a frame of ${to - from} octets may not fit from ${at} on`);
    }
    // LCP is never compressed (RFC 1661 §6.5, §6.6).
    const lcp = protocol === LCP;
    const short = this.#pfc && protocol <= 0xff && !lcp;
    let header = short ? protocol : swapped(protocol);
    let headerOctets = short ? 1 : 2;
    if (!this.#acfc || lcp) {
      header = (header << 16) | (UNNUMBERED_INFORMATION << 8) | ALL_STATIONS;
      headerOctets += 2;
    }
    this.#counters.frames++;
    this.#counters.octets += headerOctets + (to - from) + FCS_OCTETS + 1;
    return this.#writer.write(lcp, header, headerOctets, packet, from, to, out, at, openFlag);
  }

  /** Live: they count on. */
  get counters(): Readonly<EncoderCounters> {
    return this.#counters;
  }
}

/** The high octet of 16 bits below the low one. */
function swapped(field: number): number {
  return ((field & 0xff) << 8) | (field >>> 8);
}

/** Sets which control characters are escaped: the map's and the extra ones. */
function setControls(escapes: Uint8Array, accm: number, extra: Uint8Array): void {
  for (let control = 0; control < 32; control++) escapes[control] = ((accm >>> control) & 1) | extra[control]!;
}
