/**
 * RFC 1662 octet by octet, straight from its text, slow and without cleverness: what the real encoder and decoder are
 * compared with. It shares no code with them.
 */

export interface NaiveFraming {
  readonly accm: number;
  readonly pfc: boolean;
  readonly acfc: boolean;
  readonly escape: readonly number[];
}

/** Everything that a receiver can say of one piece of line between two flags. */
export type NaiveFrame =
  | { readonly kind: 'good'; readonly protocol: number; readonly packet: readonly number[] }
  | { readonly kind: 'empty' | 'runt' | 'fcs' | 'overrun' | 'abort' | 'badHeader' };

/** Appendix C.1, one bit at a time, without a table. */
export function naiveFcs(octets: readonly number[]): number {
  let fcs = 0xffff;
  for (const octet of octets) {
    for (let bit = 0; bit < 8; bit++) {
      const carry = (fcs ^ (octet >>> bit)) & 1;
      fcs >>>= 1;
      if (carry === 1) fcs ^= 0x8408;
    }
  }
  return fcs;
}

/** §3.1 and §4.2. LCP goes out by the defaults whatever was negotiated (RFC 1661 §6.5, §6.6). */
export function naiveEncode(protocol: number, packet: readonly number[], negotiated: NaiveFraming): number[] {
  const lcp = protocol === 0xc021;
  const framing = lcp ? { ...negotiated, accm: 0xffffffff, pfc: false, acfc: false } : negotiated;
  const content = [
    ...(framing.acfc ? [] : [0xff, 0x03]),
    ...(framing.pfc && protocol < 0x100 ? [protocol] : [protocol >>> 8, protocol & 0xff]),
    ...packet,
  ];
  const fcs = naiveFcs(content) ^ 0xffff;
  const escaped = [...content, fcs & 0xff, fcs >>> 8].flatMap((octet) =>
    mustEscape(octet, framing) ? [0x7d, octet ^ 0x20] : [octet],
  );
  return [0x7e, ...escaped, 0x7e];
}

function mustEscape(octet: number, { accm, escape }: NaiveFraming): boolean {
  if (octet === 0x7e || octet === 0x7d || escape.includes(octet)) return true;
  return octet < 0x20 && ((accm >>> octet) & 1) === 1;
}

/** What a receiver makes of all the octets up to the last flag. `maxFrame` as for the decoder. */
export function naiveDecode(octets: readonly number[], accm: number, maxFrame: number): NaiveFrame[] {
  const pieces: number[][] = [[]];
  for (const octet of octets) {
    if (octet === 0x7e) pieces.push([]);
    else pieces.at(-1)?.push(octet);
  }
  return pieces.slice(0, -1).map((piece) => naiveFrame(piece, accm, maxFrame));
}

function naiveFrame(piece: readonly number[], accm: number, maxFrame: number): NaiveFrame {
  // §4.2: first the octets that the line may have inserted, then the escapes.
  const sent = piece.filter((octet) => octet >= 0x20 || ((accm >>> octet) & 1) === 0);
  const frame: number[] = [];
  let escaped = false;
  for (const octet of sent) {
    if (escaped) frame.push(octet ^ 0x20);
    else if (octet !== 0x7d) frame.push(octet);
    escaped = !escaped && octet === 0x7d;
  }
  if (frame.length > maxFrame + 2) return { kind: 'overrun' };
  if (escaped) return { kind: 'abort' };
  if (frame.length === 0) return { kind: 'empty' };
  if (frame.length < 4) return { kind: 'runt' };
  if (naiveFcs(frame) !== 0xf0b8) return { kind: 'fcs' };
  return naiveHeader(frame.slice(0, -2));
}

/** §3.2 and RFC 1661 §6.5. */
function naiveHeader(frame: readonly number[]): NaiveFrame {
  const rest = frame[0] === 0xff && frame[1] === 0x03 ? frame.slice(2) : frame;
  const [first, second] = rest;
  if (first === undefined || first === 0xff) return { kind: 'badHeader' };
  if (first % 2 === 1) return { kind: 'good', protocol: first, packet: rest.slice(1) };
  if (second === undefined || (first === 0 && second === 0xff)) return { kind: 'badHeader' };
  return { kind: 'good', protocol: first * 256 + second, packet: rest.slice(2) };
}
