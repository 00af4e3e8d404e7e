/**
 * How PPP shows itself among text: a flag, the Address field 0xff, and the Control field, escaped (7d 23) or plain (03).
 * RFC 1662 §3.1, RFC 1661 §6. A line that isn't 8-bit clean puts a parity into the eighth bit, or nothing: it isn't looked at.
 */

const sign: readonly (readonly number[])[] = [
  [0x7e, 0x7f, 0x7d, 0x23],
  [0x7e, 0x7f, 0x03],
];

export type PppSign =
  /** A frame begins there. */
  | { readonly kind: 'found'; readonly at: number }
  /** From there on it might be the beginning of one; with the octets' end nothing begins. */
  | { readonly kind: 'open'; readonly at: number };

/** Looks for the first frame. */
export function findPpp(octets: Uint8Array): PppSign {
  for (let at = 0; at < octets.length; at++) {
    if (sign.some((pattern) => pattern.every((octet, i) => low(octets[at + i]) === octet)))
      return { kind: 'found', at };
    if (sign.some((pattern) => at + pattern.length > octets.length && begins(octets, at, pattern)))
      return { kind: 'open', at };
  }
  return { kind: 'open', at: octets.length };
}

function begins(octets: Uint8Array, at: number, pattern: readonly number[]): boolean {
  return octets.subarray(at).every((octet, i) => low(octet) === pattern[i]);
}

function low(octet: number | undefined): number | undefined {
  return octet === undefined ? undefined : octet & 0x7f;
}
