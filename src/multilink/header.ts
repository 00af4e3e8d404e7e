/** The Multilink header, which stands before every fragment: the flags B and E and a sequence number. RFC 1990 §3 */
import { getU16, getU32, putU16, putU32 } from '../base/bytes.js';

/** The first octet's bits: this fragment begins a packet, ends one. */
export const beginBit = 0x80;
export const endBit = 0x40;

/** How sequence numbers are written, the same on all members of a bundle in one direction. */
export interface SequenceFormat {
  readonly headerOctets: 2 | 4;
  /** All bits of a sequence number. */
  readonly mask: number;
}

/** RFC 1990 §3, figures 2 and 3. */
export function sequenceFormat(short: boolean): SequenceFormat {
  return short ? { headerOctets: 2, mask: 0xfff } : { headerOctets: 4, mask: 0xff_ffff };
}

/** The sequence number of the header at `at`. The reserved bits are not looked at. */
export function readSequence({ headerOctets, mask }: SequenceFormat, bytes: Uint8Array, at: number): number {
  return (headerOctets === 2 ? getU16(bytes, at) : getU32(bytes, at)) & mask;
}

/** Writes a header at the start of `target`; `bits` of `beginBit` and `endBit`. */
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
