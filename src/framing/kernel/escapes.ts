/**
 * Sets of octets: those that a sender escapes, or that a receiver drops. A set is 288 octets of memory, made by `makeSet` from the
 * one in its first 256: an entry per octet value, not 0 for a member. Behind them stand two rows of 16, by the low four bits of an
 * octet: a bit for each value of the high four, 0 to 7 and 8 to 15.
 */
import { CONTROL_ESCAPE, FLAG } from './octets';

const ROWS: usize = 256;
/** 1 when the set is the two octets that are always escaped: by far the most common, and the quickest. */
const PLAIN: usize = 288;

/** A set's memory. */
export const SET_BYTES: usize = 304;

/** Makes the rows of a set whose entries are there. */
export function makeSet(set: usize): void {
  memory.fill(set + ROWS, 0, 32);
  let members = 0;
  for (let octet: u32 = 0; octet < 256; octet++) {
    if (!load<u8>(set + octet)) continue;
    members++;
    const row = set + ROWS + ((octet >> 7) << 4) + (octet & 15);
    const bit: u32 = 1 << ((octet >> 4) & 7);
    store<u8>(row, <u8>(load<u8>(row) | bit));
  }
  const plain = members === 2 && load<u8>(set + FLAG) && load<u8>(set + CONTROL_ESCAPE);
  store<u8>(set + PLAIN, plain ? 1 : 0);
}

export function isPlain(set: usize): bool {
  return load<u8>(set + PLAIN) !== 0;
}

export function isMember(set: usize, octet: u32): bool {
  return load<u8>(set + octet) !== 0;
}

export function lowRow(set: usize): v128 {
  return v128.load(set + ROWS);
}

export function highRow(set: usize): v128 {
  return v128.load(set + ROWS + 16);
}

/** ff where the octet is a flag or a Control Escape. */
export function flagsAndEscapes(octets: v128): v128 {
  return v128.or(i8x16.eq(octets, i8x16.splat(FLAG)), i8x16.eq(octets, i8x16.splat(CONTROL_ESCAPE)));
}

/** ff where the octet is a member of the set with these rows. */
export function members(octets: v128, low: v128, high: v128): v128 {
  const nibble = i8x16.splat(0x0f);
  // A lane number of 0x80 or more gives 0, so one of the two rows counts.
  const half = v128.and(octets, i8x16.splat(<i8>0x8f));
  const row = v128.or(i8x16.swizzle(low, half), i8x16.swizzle(high, v128.xor(half, i8x16.splat(<i8>0x80))));
  const bit = i8x16.swizzle(BITS, v128.and(i16x8.shr_u(octets, 4), nibble));
  return i8x16.eq(v128.and(row, bit), bit);
}

const BITS: v128 = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
