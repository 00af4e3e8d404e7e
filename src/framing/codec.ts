/**
 * The work on octets that encoder and decoder leave to others: FCS and octet stuffing. It is done by plain JavaScript
 * (`plain-codec.ts`) or by the kernel (`kernel-codec.ts`), and both do the same.
 */
import type { Copier } from '../base/octet-copy.js';

/** Writes frames. */
export interface FrameWriter {
  /** Which octets are escaped from now on, an entry per octet value, not 0 for those; LCP's frames have a set of their own. */
  setEscapes(lcp: boolean, escapes: Uint8Array): void;
  /**
   * Writes the frame around a header of so many octets, 4 at most, the lowest of `header` first, and `packet[from..to)` to
   * `out[at..)`, which has room for it, and returns its end.
   */
  write(
    lcp: boolean,
    header: number,
    headerOctets: number,
    packet: Uint8Array,
    from: number,
    to: number,
    out: Uint8Array,
    at: number,
    openFlag: boolean,
  ): number;
}

/** Receives frames. */
export interface FrameReader {
  /** Holds the frame that is being received. */
  readonly buffer: Uint8Array;
  /** The octets of the frame so far, unescaped; one more than the buffer holds when there were more. */
  readonly length: number;
  /** The last octet was a Control Escape. */
  readonly escaped: boolean;
  /** The FCS register behind the frame that has ended, if the buffer holds it. */
  readonly fcs: number;
  /** Where reading goes on in the piece. */
  readonly at: number;
  /** Which octets are dropped from now on, an entry per octet value, not 0 for those; not flag or Control Escape. */
  setDropped(dropped: Uint8Array): void;
  /** Takes the piece `bytes[from..to)`, the one before being read, and returns how many of its octets have bit 7 set. */
  push(bytes: Uint8Array, from: number, to: number): number;
  /** Reads past the next flag; false when the piece ends before one. */
  readToFlag(): boolean;
  /** Begins the next frame, behind a flag. */
  begin(): void;
}

/** The means of one encoder or decoder, or of several that end together. */
export interface Codec {
  /** Memory on which this codec works best: others are copied. What it holds at first is anything. */
  octets(length: number): Uint8Array;
  writer(): FrameWriter;
  copier(target: Uint8Array): Copier;
  /** For frames of so many octets at most, FCS included. */
  reader(capacity: number): FrameReader;
  /** One that ends by itself, and works best on the same memory. */
  another(): Codec;
  /** Gives all memory back: nothing that this codec made may be used afterwards. */
  release(): void;
}
