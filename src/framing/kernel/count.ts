/** Counts for the line's diagnosis. */

/** How many of the octets have bit 7 set. */
export function countHigh(from: usize, to: usize): u32 {
  let count: u32 = 0;
  for (; to - from >= 64; from += 64) {
    const a = high(from) | (high(from + 16) << 16);
    const b = high(from + 32) | (high(from + 48) << 16);
    count += <u32>popcnt<u64>(a | (b << 32));
  }
  for (; to - from >= 16; from += 16) count += popcnt<u32>(i8x16.bitmask(v128.load(from)));
  const left = <u32>(to - from);
  const rest = (1 << left) - 1;
  return count + popcnt<u32>(i8x16.bitmask(v128.load(from)) & rest);
}

function high(at: usize): u64 {
  return <u64>(<u32>i8x16.bitmask(v128.load(at)));
}
