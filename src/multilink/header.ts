/**
 * The Multilink header, which stands before every fragment: the flags B and E and a sequence number (RFC 1990 §3), and where
 * both ends have agreed on that a class (RFC 2686 §4).
 */
import { getU16, getU32, putU16, putU32 } from '../base/bytes.js';

/** The first octet's bits: this fragment begins a packet, ends one. */
export const beginBit = 0x80;
export const endBit = 0x40;

/** How sequence numbers are written, the same on all members of a bundle in one direction. */
export interface SequenceFormat {
  readonly headerOctets: 2 | 4;
  /** All bits of a sequence number. */
  readonly mask: number;
  /** How far left in the first octet the class is, of which there are so many. */
  readonly classShift: number;
  readonly classes: number;
}

/** RFC 1990 §3, figures 2 and 3; RFC 2686 §4, figures 2 and 3. */
export function sequenceFormat(short: boolean): SequenceFormat {
  return short
    ? { headerOctets: 2, mask: 0xfff, classShift: 4, classes: 4 }
    : { headerOctets: 4, mask: 0xff_ffff, classShift: 2, classes: 16 };
}

/** The class of the header at `at`: what else are reserved bits. RFC 2686 §4 */
export function readClass({ classShift, classes }: SequenceFormat, bytes: Uint8Array, at: number): number {
  return (bytes[at]! >>> classShift) & (classes - 1);
}

/** The sequence number of the header at `at`. The bits of the class and the reserved ones are not looked at. */
export function readSequence({ headerOctets, mask }: SequenceFormat, bytes: Uint8Array, at: number): number {
  return (headerOctets === 2 ? getU16(bytes, at) : getU32(bytes, at)) & mask;
}

/** Writes a header at the start of `target`; `bits` of `beginBit`, `endBit` and the class. */
export function writeHeader(
  { headerOctets }: SequenceFormat,
  bits: number,
  sequence: number,
  target: Uint8Array,
): void {
  if (headerOctets === 2) putU16(target, 0, sequence);
  else putU32(target, 0, sequence);
  target[0] = target[0]! | bits;
}
