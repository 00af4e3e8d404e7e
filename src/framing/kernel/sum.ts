/** The Internet's checksum. */

/**
 * Copies [from, to) to `at`, and gives the sum of its 16-bit words in network order (RFC 1071), folded; an odd octet at the end is
 * a high half. 64 KiB at most.
 */
export function copyAndSum(from: usize, to: usize, at: usize): u32 {
  let sums = i32x4.splat(0);
  for (; to - from >= 16; from += 16) {
    const octets = v128.load(from);
    v128.store(at, octets);
    sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(octets));
    at += 16;
  }
  // Words are added in this machine's order, low octet first: the sum's octets come out exchanged, and are set right at the end.
  const pairs = i64x2.add(i64x2.extend_low_i32x4_u(sums), i64x2.extend_high_i32x4_u(sums));
  let sum = <u64>i64x2.extract_lane(pairs, 0) + <u64>i64x2.extract_lane(pairs, 1);
  for (; to - from >= 2; from += 2) {
    const word = load<u16>(from);
    store<u16>(at, word);
    sum += word;
    at += 2;
  }
  if (from < to) {
    const octet = load<u8>(from);
    store<u8>(at, octet);
    sum += octet;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  const folded = <u32>sum;
  return ((folded & 0xff) << 8) | (folded >> 8);
}
