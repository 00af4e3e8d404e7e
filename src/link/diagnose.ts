/**
 * Tells a silent peer from one that doesn't speak PPP and from a line that eats the eighth bit, by what the decoder saw
 * while LCP got no answer.
 */
import { cause, type Cause } from '../base/cause.js';

/** What a frame decoder counted and kept; see `framing/decoder.ts`. */
export interface LineEvidence {
  readonly frames: number;
  readonly octets: number;
  readonly octetsHigh: number;
}

/** The most of the peer's text that a message shows. */
const shownOctets = 40;

/** Refines `no-answer` by the evidence; every other cause stays as it is. */
export function diagnose(finished: Cause, evidence: LineEvidence, sample: Uint8Array): Cause {
  if (finished.code !== 'no-answer' || evidence.octets === 0 || evidence.frames > 0) return finished;
  const received = `${evidence.octets} octets, none of them a good frame`;
  if (evidence.octetsHigh === 0 && looksStripped(sample)) return cause('not-8-bit-clean', received);
  return cause('not-ppp', `${received}; it sent ${JSON.stringify(printable(sample))}`);
}

/** An LCP frame starts with ff 7d 23; without its eighth bit that is 7f 7d 23. RFC 1662 §4 */
function looksStripped(sample: Uint8Array): boolean {
  return sample.some((octet, i) => octet === 0x7f && sample[i + 1] === 0x7d && sample[i + 2] === 0x23);
}

/** Text that is safe on a terminal and in a log: what isn't printable ASCII becomes a dot. */
function printable(octets: Uint8Array): string {
  return Array.from(octets.subarray(0, shownOctets), (octet) =>
    octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '.',
  ).join('');
}
