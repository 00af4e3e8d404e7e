/**
 * The receiving half of RFC 1662: octets of the line in, in pieces of any size, good frames out, one at a time. The caller
 * pulls, so that what one frame negotiated (`setAccm`) holds for the very next frame of the same piece.
 */
import type { Codec, FrameReader } from './codec.js';
import { ALL_STATIONS, DEFAULT_ACCM, FCS_OCTETS, MIN_FRAME_OCTETS, UNNUMBERED_INFORMATION } from './constants.js';
import { FCS_GOOD } from './fcs.js';
import { plainCodec } from './plain-codec.js';

/** How many octets the sample holds. */
export const SAMPLE_OCTETS = 64;

export interface DecoderOptions {
  /** The longest frame, in octets between its flags, unescaped and without FCS; one that is longer is an overrun. */
  readonly maxFrame: number;
  /** Does the work; plain JavaScript by default. */
  readonly codec?: Codec;
}

/** What the line brought, since the decoder was made. */
export interface DecoderCounters {
  /** Good frames. */
  frames: number;
  /** Their octets as RFC 1989 §2.3 counts them: unescaped, with FCS and one flag each. */
  goodOctets: number;
  /** All octets, framing included. */
  octets: number;
  /** Octets with bit 7 set: none of many means that the line is not 8-bit clean. */
  octetsHigh: number;
  /** Flag Sequences. */
  flags: number;
  /** Frames with a wrong FCS. */
  fcs: number;
  /** Frames of less than 4 octets. RFC 1662 §4.3 */
  runt: number;
  /** Frames longer than `maxFrame`. */
  overrun: number;
  /** Frames that the sender aborted (7d 7e). RFC 1662 §4.3 */
  abort: number;
  /** Frames whose FCS holds, but not their header: a wrong Control field, a Protocol field that is cut off or 0xff. */
  badHeader: number;
}

export class FrameDecoder {
  readonly #reader: FrameReader;
  readonly #dropped = new Uint8Array(256);
  readonly #counters: DecoderCounters = {
    frames: 0,
    goodOctets: 0,
    octets: 0,
    octetsHigh: 0,
    flags: 0,
    fcs: 0,
    runt: 0,
    overrun: 0,
    abort: 0,
    badHeader: 0,
  };

  /** The piece being read. */
  #bytes: Uint8Array = new Uint8Array(0);
  #to = 0;
  #drained = true;

  /** The frame being received, FCS included. */
  readonly #buffer: Uint8Array;

  /** The last good frame: its protocol, and where its packet ends and starts in the buffer. */
  #protocol = 0;
  #start = 0;
  #end = 0;

  /** The sample; the first octets of the frame being received that came with earlier pieces; where it goes on in this one. */
  readonly #sample = new Uint8Array(SAMPLE_OCTETS);
  #sampled = 0;
  readonly #undecided = new Uint8Array(SAMPLE_OCTETS);
  #undecidedLength = 0;
  #frameFrom = 0;

  constructor({ maxFrame, codec = plainCodec }: DecoderOptions) {
    if (!Number.isInteger(maxFrame) || maxFrame < MIN_FRAME_OCTETS) throw new RangeError(`maxFrame: ${maxFrame}`);
    this.#reader = codec.reader(maxFrame + FCS_OCTETS);
    this.#buffer = this.#reader.buffer;
    this.setAccm(DEFAULT_ACCM);
  }

  /** The receiving ACCM: control characters that the line may insert, so they are dropped. RFC 1662 §4.2, §7.1 */
  setAccm(rxAccm: number): void {
    for (let control = 0; control < 32; control++) this.#dropped[control] = (rxAccm >>> control) & 1;
    this.#reader.setDropped(this.#dropped);
  }

  /**
   * Takes the next piece, `bytes[from..to)`, which must stay as it is until `next` has returned false. Throws when the piece
   * before is not drained yet.
   */
  push(bytes: Uint8Array, from: number, to: number): void {
    if (!this.#drained) throw new Error('the octets before are not drained: call next() until it returns false');
    if (from < 0 || from > to || to > bytes.length) throw new RangeError(`no octets at ${from}..${to}`);
    this.#bytes = bytes;
    this.#to = to;
    this.#frameFrom = from;
    this.#drained = false;
    this.#counters.octets += to - from;
    this.#counters.octetsHigh += this.#reader.push(bytes, from, to);
  }

  /**
   * Goes on to the next good frame; false when the piece holds no other. `protocol` and `buffer[start..end)`, the packet
   * behind the Protocol field, are then valid until the next call of `next` or `push`.
   */
  next(): boolean {
    while (this.#readToFlag()) {
      const good = this.#judgeFrame();
      this.#sampleFrame(good);
      if (good) return true;
    }
    if (!this.#drained) this.#keepUndecided(this.#to);
    this.#drained = true;
    return false;
  }

  get protocol(): number {
    return this.#protocol;
  }

  get buffer(): Uint8Array {
    return this.#buffer;
  }

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  /** Live: they count on. */
  get counters(): Readonly<DecoderCounters> {
    return this.#counters;
  }

  /**
   * The first octets (at most 64, as they came, without flags) that did not become part of a good frame, those of the
   * unfinished frame included: what the far end says if it doesn't speak PPP.
   */
  get sample(): Uint8Array {
    const sample = new Uint8Array(Math.min(this.#sampled + this.#undecidedLength, SAMPLE_OCTETS));
    sample.set(this.#sample.subarray(0, this.#sampled));
    sample.set(this.#undecided.subarray(0, sample.length - this.#sampled), this.#sampled);
    return sample;
  }

  resetSample(): void {
    this.#sampled = 0;
    this.#undecidedLength = 0;
    this.#frameFrom = this.#reader.at;
  }

  #readToFlag(): boolean {
    const reader = this.#reader;
    const fitted = reader.length <= this.#buffer.length;
    const ended = reader.readToFlag();
    if (fitted && reader.length > this.#buffer.length) this.#counters.overrun++;
    return ended;
  }

  /** Decides on the frame that a flag has just ended, and begins the next one. */
  #judgeFrame(): boolean {
    const reader = this.#reader;
    const counters = this.#counters;
    const { length, escaped } = reader;
    counters.flags++;
    const fcs = length >= MIN_FRAME_OCTETS && length <= this.#buffer.length ? reader.fcs : 0;
    reader.begin();
    if (length > this.#buffer.length) return false; // counted when it happened
    if (escaped) {
      counters.abort++;
      return false;
    }
    if (length === 0) return false; // RFC 1662 §3.1: two flags in a row are no error
    if (length < MIN_FRAME_OCTETS) {
      counters.runt++;
      return false;
    }
    if (fcs !== FCS_GOOD) {
      counters.fcs++;
      return false;
    }
    if (!this.#readHeader(length - FCS_OCTETS)) {
      counters.badHeader++;
      return false;
    }
    counters.frames++;
    counters.goodOctets += length + 1;
    return true;
  }

  /**
   * Finds protocol and packet in a frame of two octets or more; false when the header is wrong. Compressed fields are taken
   * whether negotiated or not. An even protocol number is passed on, to be rejected as unknown (RFC 1661 §2).
   */
  #readHeader(end: number): boolean {
    const buffer = this.#buffer;
    let at = buffer[0] === ALL_STATIONS && buffer[1] === UNNUMBERED_INFORMATION ? 2 : 0;
    let protocol = at < end ? buffer[at++]! : 0;
    if ((protocol & 1) === 0) {
      if (at === end) return false;
      protocol = (protocol << 8) | buffer[at++]!; // RFC 1661 §6.5: an even octet is not the last one
    }
    if (protocol === 0x00ff) return false; // RFC 1662 §3.2: reserved, so it's an Address without its Control field
    this.#protocol = protocol;
    this.#start = at;
    this.#end = end;
    return true;
  }

  /** Adds the octets of the frame that has just ended to the sample, unless it was good. */
  #sampleFrame(good: boolean): void {
    if (!good && this.#sampled < SAMPLE_OCTETS) {
      this.#keepUndecided(this.#reader.at - 1);
      const length = Math.min(this.#undecidedLength, SAMPLE_OCTETS - this.#sampled);
      for (let i = 0; i < length; i++) this.#sample[this.#sampled++] = this.#undecided[i]!;
    }
    this.#undecidedLength = 0;
    this.#frameFrom = this.#reader.at;
  }

  /** Keeps the first octets of the frame being received, as far as the piece is read: up to `to`. */
  #keepUndecided(to: number): void {
    if (this.#sampled === SAMPLE_OCTETS) return;
    const length = Math.min(to - this.#frameFrom, SAMPLE_OCTETS - this.#undecidedLength);
    for (let i = 0; i < length; i++) this.#undecided[this.#undecidedLength++] = this.#bytes[this.#frameFrom + i]!;
    this.#frameFrom = to;
  }
}
