/** The octets of RFC 1662 framing, and the numbers that follow from its frame format. */

/** Begins and ends a frame. §3.1 */
export const FLAG = 0x7e;
/** Announces that the next octet is complemented by `TRANS`. §4.2 */
export const CONTROL_ESCAPE = 0x7d;
export const TRANS = 0x20;

/** The only Address and Control fields that PPP uses. §3.1 */
export const ALL_STATIONS = 0xff;
export const UNNUMBERED_INFORMATION = 0x03;

/** Address, Control and a Protocol field of two octets. */
export const MAX_HEADER_OCTETS = 4;
export const FCS_OCTETS = 2;
/** A shorter frame is invalid, and no FCS error. §4.3 */
export const MIN_FRAME_OCTETS = 4;

/** What holds before anything is negotiated, and always for LCP: every control character escaped. §7.1 */
export const DEFAULT_ACCM = 0xffffffff;

/** The protocol whose packets are always framed by the defaults. RFC 1661 §6.5, §6.6 */
export const LCP = 0xc021;
