/** The sending half: FCS and octet stuffing. RFC 1662 §3.1, §4.2 */
import { flagsAndEscapes, highRow, isMember, isPlain, lowRow, members } from './escapes';
import { afterOctet, fcs16 } from './fcs';
import { CONTROL_ESCAPE, FCS_INIT, FLAG, TRANS } from './octets';
import { EXPAND } from './tables';

/**
 * Writes a frame from `at` on, around a header of so many octets (the first is the lowest of `header`) and the packet
 * [from, to), and returns its end. Writes nothing behind that.
 */
export function encode(
  set: usize,
  header: u32,
  headerOctets: u32,
  from: usize,
  to: usize,
  at: usize,
  openFlag: bool,
): usize {
  let fcs = FCS_INIT;
  if (openFlag) store<u8>(at++, FLAG);
  for (; headerOctets > 0; headerOctets--) {
    fcs = afterOctet(fcs, header & 0xff);
    at = stuffOctet(set, header & 0xff, at);
    header >>= 8;
  }
  fcs = ~fcs16(from, to - from, fcs);
  at = stuff(set, from, to, at);
  at = stuffOctet(set, fcs & 0xff, at);
  at = stuffOctet(set, (fcs >> 8) & 0xff, at);
  store<u8>(at, FLAG);
  return at + 1;
}

/**
 * Eight octets are written as sixteen, however many they become: the rest is overwritten by what follows, of which there is enough
 * while five octets are left, FCS and flag.
 */
function stuff(set: usize, from: usize, to: usize, at: usize): usize {
  const plain = isPlain(set);
  const low = lowRow(set);
  const high = highRow(set);
  while (to - from >= 32 + 5) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const escapesA = plain ? flagsAndEscapes(a) : members(a, low, high);
    const escapesB = plain ? flagsAndEscapes(b) : members(b, low, high);
    if (v128.any_true(v128.or(escapesA, escapesB))) {
      at = stuff8(a, escapesA, at);
      at = stuff8(upper(a), upper(escapesA), at);
      at = stuff8(b, escapesB, at);
      at = stuff8(upper(b), upper(escapesB), at);
    } else {
      v128.store(at, a);
      v128.store(at, b, 16);
      at += 32;
    }
    from += 32;
  }
  while (to - from >= 8 + 5) {
    const octets = v128.load64_zero(from);
    at = stuff8(octets, plain ? flagsAndEscapes(octets) : members(octets, low, high), at);
    from += 8;
  }
  for (; from < to; from++) at = stuffOctet(set, load<u8>(from), at);
  return at;
}

/** The lower eight octets; `escapes` is ff where one is escaped. */
function stuff8(octets: v128, escapes: v128, at: usize): usize {
  const bits = (<usize>i8x16.bitmask(escapes)) & 0xff;
  const complemented = v128.xor(octets, v128.and(escapes, i8x16.splat(TRANS)));
  const withEscape = i8x16.shuffle(
    complemented,
    i8x16.splat(CONTROL_ESCAPE),
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    16,
    17,
    18,
    19,
    20,
    21,
    22,
    23,
  );
  v128.store(at, i8x16.swizzle(withEscape, v128.load(EXPAND + (bits << 4))));
  return at + 8 + popcnt<usize>(bits);
}

function upper(octets: v128): v128 {
  return i8x16.shuffle(octets, octets, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
}

function stuffOctet(set: usize, octet: u32, at: usize): usize {
  if (isMember(set, octet)) {
    store<u8>(at++, CONTROL_ESCAPE);
    octet ^= TRANS;
  }
  store<u8>(at, octet);
  return at + 1;
}
