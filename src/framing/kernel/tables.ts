/**
 * What the kernel looks up, in the memory below the arena; `makeTables` fills it once. Addresses are constants of the module.
 */

/**
 * Sixteen tables of 256 u16: the first is that of RFC 1662 appendix C.2 (the FCS of one octet), each next one holds the same
 * after one more octet of zero.
 */
export const FCS_TABLES: usize = memory.data(16 * 512, 64);
export const FCS_TABLE_BYTES: usize = 512;

/** For eight octets, a bit each: where every octet goes when those whose bit is set get an escape (lane 8) in front. 16 octets each. */
export const EXPAND: usize = memory.data(256 * 16, 64);
/** For eight octets, a bit each: those whose bit is set, moved together. 8 octets each. */
export const COMPRESS: usize = memory.data(256 * 8, 64);

/** 64 octets of 00, then 64 of ff: from `KEEP_LAST + n` on, 64 octets of which the last n are ff. */
export const KEEP_LAST: usize = memory.data(128, 64);
/** 64 octets of 00, two of ff, 64 of 00: from `PAIR_AT + n` on, 64 octets of which the two that follow 64 - n are ff. */
export const PAIR_AT: usize = memory.data(192, 64);

/** The FCS polynomial, its bits in the order of the line. RFC 1662 appendix C.2 */
const POLYNOMIAL: u32 = 0x8408;

export function makeTables(): void {
  for (let octet: u32 = 0; octet < 256; octet++) {
    makeFcs(octet);
    makeShuffles(octet);
  }
  memory.fill(KEEP_LAST + 64, 0xff, 64);
  store<u16>(PAIR_AT + 64, 0xffff);
}

function makeFcs(octet: u32): void {
  let fcs = octet;
  for (let bit = 0; bit < 8; bit++) fcs = (fcs >> 1) ^ (fcs & 1 ? POLYNOMIAL : 0);
  store<u16>(FCS_TABLES + (octet << 1), fcs);
  for (let table: usize = 1; table < 16; table++) {
    // Shifting a zero in takes the table's entry for the register's low octet, which this function makes before it is needed
    // only if that is below `octet`; so it is reckoned bit by bit.
    for (let bit = 0; bit < 8; bit++) fcs = (fcs >> 1) ^ (fcs & 1 ? POLYNOMIAL : 0);
    store<u16>(FCS_TABLES + table * FCS_TABLE_BYTES + (octet << 1), fcs);
  }
}

function makeShuffles(bits: u32): void {
  const expand = EXPAND + (bits << 4);
  const compress = COMPRESS + (bits << 3);
  let expanded: usize = 0;
  let compressed: usize = 0;
  for (let lane: u32 = 0; lane < 8; lane++) {
    if ((bits >> lane) & 1) {
      store<u8>(expand + expanded++, 8);
      store<u8>(compress + compressed++, lane);
    }
    store<u8>(expand + expanded++, lane);
  }
}
