/**
 * The 16-bit FCS (RFC 1662 appendix C), 64 octets at a time and almost without tables.
 *
 * Its polynomial says x^16 = x^12 + x^5 + 1, and squaring keeps that true: with words of w bits, w a power of two, a word of the
 * message may be dropped when it is XORed to the words 4, 11 and 16 behind it (16 - 12, 16 - 5, 16 - 0). So a message shrinks to
 * its last 16 words by three XORs a word, with nothing moved but whole words: first words of 32 bits, which leaves 64 octets, then of
 * 16 and of 8 bits, which leaves 16 octets. Only these go through tables.
 */
import { FCS_TABLES, FCS_TABLE_BYTES, KEEP_LAST, PAIR_AT } from './tables';

/** The FCS register after `length` octets, begun at `fcs`. Reads up to 63 octets before `from`, and uses none of them. */
export function fcs16(from: usize, length: usize, fcs: u32): u32 {
  if ((length & 63) === 1) {
    // Lest the two octets to which the register goes lie in two blocks.
    fcs = afterOctet(fcs, load<u8>(from++));
    length--;
  }
  if (length === 0) return fcs;

  // The first 64 octets begin so far before the message that the rest is a multiple of 64. Zeros in front of a message change
  // nothing when the register begins at 0, and beginning at `fcs` is the same as XORing it to the first two octets.
  const pad = -length & 63;
  let at = from - pad;
  const last = from + length - 64;
  const begin = i16x8.splat(<i16>(pad & 1 ? (fcs >> 8) | (fcs << 8) : fcs));
  const keep = KEEP_LAST + 64 - pad;
  const pair = PAIR_AT + 64 - pad;
  let a = first(at, keep, pair, begin);
  let b = first(at + 16, keep + 16, pair + 16, begin);
  let c = first(at + 32, keep + 32, pair + 32, begin);
  let d = first(at + 48, keep + 48, pair + 48, begin);
  if (at < last) {
    const none = i64x2.splat(0);
    b = v128.xor(b, a);
    c = v128.xor(v128.xor(c, skip(none, a)), b);
    d = v128.xor(v128.xor(d, skip(a, b)), c);
    for (at += 64; at < last; at += 64) {
      a = v128.xor(v128.xor(v128.xor(v128.load(at), a), skip(b, c)), d);
      b = v128.xor(v128.xor(v128.xor(v128.load(at, 16), b), skip(c, d)), a);
      c = v128.xor(v128.xor(v128.xor(v128.load(at, 32), c), skip(d, a)), b);
      d = v128.xor(v128.xor(v128.xor(v128.load(at, 48), d), skip(a, b)), c);
    }
    // The last 16 words are not dropped, so nothing goes from one of them to another.
    a = v128.xor(v128.xor(v128.xor(v128.load(at), a), skip(b, c)), d);
    b = v128.xor(v128.xor(v128.load(at, 16), b), skip(c, d));
    c = v128.xor(v128.xor(v128.load(at, 32), c), skip(d, none));
    d = v128.xor(v128.load(at, 48), d);
  }
  return fcsOf64(a, b, c, d);
}

/** The FCS register after one more octet. */
export function afterOctet(fcs: u32, octet: u32): u32 {
  return (fcs >> 8) ^ load<u16>(FCS_TABLES + (((fcs ^ octet) & 0xff) << 1));
}

/** Sixteen octets from near the beginning. */
function first(at: usize, keep: usize, pair: usize, begin: v128): v128 {
  return v128.xor(v128.and(v128.load(at), v128.load(keep)), v128.and(begin, v128.load(pair)));
}

/** Words of 32 bits: of vectors that follow each other, those 11 before the words of the vector behind the next. */
function skip(b: v128, c: v128): v128 {
  return i8x16.shuffle(b, c, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19);
}

/** Words of 16 bits: a and b are dropped, c and d remain. */
function fcsOf64(a: v128, b: v128, c: v128, d: v128): u32 {
  const none = i64x2.splat(0);
  a = v128.xor(a, up8(a));
  b = v128.xor(v128.xor(b, across10(none, a)), down8(a));
  b = v128.xor(b, up8(b));
  c = v128.xor(v128.xor(v128.xor(c, a), across10(a, b)), down8(b));
  d = v128.xor(v128.xor(d, b), across10(b, none));
  return fcsOf32(c, d);
}

/**
 * Words of 8 bits: a is dropped, b remains. What the words of a pass on among themselves is the inverse of 1 + y^4 + y^11, up to
 * y^15: 1 + y^4 + y^8 + y^11 + y^12.
 */
function fcsOf32(a: v128, b: v128): u32 {
  const none = i64x2.splat(0);
  const a4 = i8x16.shuffle(none, a, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27);
  const a11 = i8x16.shuffle(none, a, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20);
  const a12 = i8x16.shuffle(none, a, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19);
  a = v128.xor(v128.xor(v128.xor(a, a4), v128.xor(up8(a), a11)), a12);
  const by11 = i8x16.shuffle(a, none, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20);
  const by4 = i8x16.shuffle(a, none, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27);
  return fcsOf16(v128.xor(v128.xor(b, a), v128.xor(by11, by4)));
}

function across10(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25);
}

function up8(a: v128): v128 {
  return i8x16.shuffle(i64x2.splat(0), a, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
}

function down8(a: v128): v128 {
  return i8x16.shuffle(a, i64x2.splat(0), 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
}

/** The FCS of sixteen octets, the register begun at 0. */
function fcsOf16(v: v128): u32 {
  const low = i64x2.extract_lane(v, 0);
  const high = i64x2.extract_lane(v, 1);
  return (
    entry(15, low) ^
    entry(14, low >> 8) ^
    (entry(13, low >> 16) ^ entry(12, low >> 24)) ^
    (entry(11, low >> 32) ^ entry(10, low >> 40) ^ (entry(9, low >> 48) ^ entry(8, low >>> 56))) ^
    (entry(7, high) ^ entry(6, high >> 8) ^ (entry(5, high >> 16) ^ entry(4, high >> 24))) ^
    (entry(3, high >> 32) ^ entry(2, high >> 40) ^ (entry(1, high >> 48) ^ entry(0, high >>> 56)))
  );
}

/** What an octet leaves in the register, so many octets after it. */
function entry(after: usize, octet: u64): u32 {
  return load<u16>(FCS_TABLES + after * FCS_TABLE_BYTES + (((<usize>octet) & 0xff) << 1));
}
