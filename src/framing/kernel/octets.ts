/** The octets of RFC 1662 framing, as in `../constants.ts`. */
export const FLAG: u8 = 0x7e;
export const CONTROL_ESCAPE: u8 = 0x7d;
export const TRANS: u8 = 0x20;

/** What is left when the FCS of a good frame runs over its own FCS field too. */
export const FCS_INIT: u32 = 0xffff;
