/** The receiving half: octets of the line up to the next flag, unescaped. RFC 1662 §4.2 */
import { flagsAndEscapes, highRow, isMember, isPlain, lowRow, members } from './escapes';
import { fcs16 } from './fcs';
import { CONTROL_ESCAPE, FCS_INIT, FLAG, TRANS } from './octets';
import { COMPRESS } from './tables';

/** A frame being received, as the caller reads and writes it between calls: i32 in this order. */
@unmanaged
class Receiver {
  /** The octets of the line that are not read yet: [at, to). */
  at: usize;
  to: usize;
  /** Where the frame goes, and how long it may be; up to 64 octets behind that are overwritten. */
  buffer: usize;
  capacity: usize;
  /** The octets of the frame so far; one more than the capacity when there were more. */
  length: usize;
  /** 1 behind a Control Escape, else 0. */
  escaped: u32;
  /** The FCS register behind the frame, when it has ended and is no longer than it may be. */
  fcs: u32;
  /** Flag, Control Escape, and what is dropped: see `escapes`. */
  set: usize;
}

/** Reads up to and past the next flag; false when the octets end before one. */
export function readToFlag(address: usize): bool {
  const receiver = changetype<Receiver>(address);
  const to = receiver.to;
  const start = receiver.buffer;
  const limit = start + receiver.capacity;
  const plain = isPlain(receiver.set);
  const low = lowRow(receiver.set);
  const high = highRow(receiver.set);
  let at = receiver.at;
  let out = start + receiver.length;
  let escaped = receiver.escaped;
  let ended = false;

  while (at < to) {
    let before = i8x16.splat(<i8>-escaped);
    while (out <= limit && to - at >= 32) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      const specialA = plain ? flagsAndEscapes(a) : members(a, low, high);
      const specialB = plain ? flagsAndEscapes(b) : members(b, low, high);
      if (!(v128.any_true(v128.or(specialA, specialB)) || escaped)) {
        const copied = ordinaryOctets(at, min<usize>(to - 32, at + limit - out), out, plain, low, high);
        out += copied - at;
        at = copied;
        continue;
      }
      const escapesA = i8x16.eq(a, i8x16.splat(CONTROL_ESCAPE));
      const escapesB = i8x16.eq(b, i8x16.splat(CONTROL_ESCAPE));
      const bits = bitmask32(escapesA, escapesB);
      if (bits !== bitmask32(specialA, specialB) || bits & ((bits << 1) | escaped)) break;
      out = unescape(a, behind(before, escapesA), ~bits, out);
      out = unescape(b, behind(escapesA, escapesB), ~bits >> 16, out);
      before = escapesB;
      escaped = bits >> 31;
      at += 32;
    }
    if (out > limit) {
      at = findFlag(at, to);
      ended = at < to;
      if (ended) at++;
      break;
    }
    // There is a flag, the end, or an octet that was inserted. So many octets come before the flag, or before the end.
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const flagBits: u64 = bitmask32(i8x16.eq(a, i8x16.splat(FLAG)), i8x16.eq(b, i8x16.splat(FLAG)));
    const left: u64 = min<usize>(to - at, 32);
    const length = <u32>ctz<u64>(flagBits | ((1 as u64) << left));
    const valid = <u32>(((1 as u64) << length) - 1);
    const escapesA = i8x16.eq(a, i8x16.splat(CONTROL_ESCAPE));
    const escapesB = i8x16.eq(b, i8x16.splat(CONTROL_ESCAPE));
    const escapeBits = bitmask32(escapesA, escapesB) & valid;
    const behindEscape = ((escapeBits as u64) << 1) | escaped;
    const dropped = plain ? 0 : bitmask32(members(a, low, high), members(b, low, high)) & ~escapeBits & valid;
    if ((escapeBits & (<u32>behindEscape)) | dropped) {
      receiver.escaped = escaped;
      out = readOneByOne(receiver, at, at + length, out);
      escaped = receiver.escaped;
    } else {
      const kept = valid & ~escapeBits;
      out = unescape(a, behind(before, escapesA), kept, out);
      out = unescape(b, behind(escapesA, escapesB), kept >> 16, out);
      escaped = (<u32>(behindEscape >> length)) & 1;
    }
    at += length;
    if (at < to && (flagBits >> length) & 1) {
      at++;
      ended = true;
      break;
    }
  }

  const read = out > limit ? receiver.capacity + 1 : out - start;
  receiver.at = at;
  receiver.length = read;
  receiver.escaped = escaped;
  if (ended && out <= limit) receiver.fcs = fcs16(start, read, FCS_INIT);
  return ended;
}

/** Copies 32 octets at a time, until some are not ordinary or `at` is beyond `last`, and returns where that is. */
function ordinaryOctets(at: usize, last: usize, out: usize, plain: bool, low: v128, high: v128): usize {
  const distance = out - at;
  if (plain) {
    for (; at <= last; at += 32) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      if (v128.any_true(v128.or(flagsAndEscapes(a), flagsAndEscapes(b)))) return at;
      v128.store(at + distance, a);
      v128.store(at + distance, b, 16);
    }
  } else {
    for (; at <= last; at += 32) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      if (v128.any_true(v128.or(members(a, low, high), members(b, low, high)))) return at;
      v128.store(at + distance, a);
      v128.store(at + distance, b, 16);
    }
  }
  return at;
}

/** Sixteen octets, complemented where `escaped` is ff, of which those are kept whose bit is set. */
function unescape(octets: v128, escaped: v128, kept: u32, out: usize): usize {
  const unescaped = v128.xor(octets, v128.and(escaped, i8x16.splat(TRANS)));
  out = compress8(unescaped, kept & 0xff, out);
  return compress8(upper(unescaped), (kept >> 8) & 0xff, out);
}

/** One octet later. */
function behind(before: v128, octets: v128): v128 {
  return i8x16.shuffle(before, octets, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
}

function bitmask32(a: v128, b: v128): u32 {
  return i8x16.bitmask(a) | (i8x16.bitmask(b) << 16);
}

/** Of the lower eight octets, those whose bit is set. */
function compress8(octets: v128, bits: usize, out: usize): usize {
  v128.store64_lane(out, i8x16.swizzle(octets, v128.load64_zero(COMPRESS + (bits << 3))), 0);
  return out + popcnt<usize>(bits);
}

function upper(octets: v128): v128 {
  return i8x16.shuffle(octets, octets, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
}

/** Octets without a flag, among them some that the line inserted, or a Control Escape that is escaped. */
function readOneByOne(receiver: Receiver, at: usize, to: usize, out: usize): usize {
  for (; at < to; at++) {
    const octet = load<u8>(at);
    if (octet === CONTROL_ESCAPE && !receiver.escaped) {
      receiver.escaped = 1;
    } else if (octet === CONTROL_ESCAPE || !isMember(receiver.set, octet)) {
      store<u8>(out++, receiver.escaped ? octet ^ TRANS : octet);
      receiver.escaped = 0;
    }
  }
  return out;
}

/** Where the next flag is; `to` when there is none. */
function findFlag(at: usize, to: usize): usize {
  for (; at < to; at += 16) {
    const bits = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(FLAG)));
    if (bits) return min<usize>(at + ctz<u32>(bits), to);
  }
  return to;
}
