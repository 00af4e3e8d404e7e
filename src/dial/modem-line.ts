/** A modem's words, line by line; parity is looked over. */
import { withoutEighthBit } from './talk.js';
import type { Octets } from '../chat/script.js';

export interface TakenLine {
  /** Without its end, and without white space around it. */
  readonly line: Octets;
  readonly rest: Uint8Array;
}

/** The first line, when its end is there. */
export function takeLine(octets: Uint8Array): TakenLine | undefined {
  const end = octets.findIndex((octet) => (octet & 0x7f) === 0x0d || (octet & 0x7f) === 0x0a);
  if (end < 0) return undefined;
  const isPair = ((octets[end] ?? 0) & 0x7f) === 0x0d && ((octets[end + 1] ?? 0) & 0x7f) === 0x0a;
  const line = withoutEighthBit(octets.subarray(0, end)).trim();
  return { line, rest: octets.subarray(end + (isPair ? 2 : 1)) };
}
