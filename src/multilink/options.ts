/** What Multilink is told by the config, and what is negotiated of it. RFC 1990 §5.1 */
import type { Endpoint } from './endpoint.js';

export interface MultilinkOptions {
  /** Maximum-Receive-Reconstructed-Unit: the largest packet that we put together, in octets. RFC 1990 §5.1.1 */
  readonly mrru: number;
  /**
   * Ask the peer for headers with short sequence numbers, and grant them; undefined asks for them only where the peer knows of
   * classes, which the same option tells of. RFC 1990 §5.1.2, RFC 2686 §6.1
   */
  readonly shortSequence: boolean | undefined;
  /** Agree on classes of fragments, so that small packets overtake compressed ones. RFC 2686 */
  readonly classes: boolean;
  /** By what the peer knows which lines are ours; undefined sends no Endpoint Discriminator. RFC 1990 §5.1.3 */
  readonly endpoint: Endpoint | undefined;
  /** Octets below which a fragment isn't worth its header. */
  readonly minFragment: number;
  /** How long one fragment may take a member's wire, in milliseconds; Infinity: as long as it likes. */
  readonly maxFragmentMs: number;
  /** The link has one line and no more: what need not be cut goes out on it as it is. */
  readonly isSingle: boolean;
}

/** RFC 1990 §5.1.1: what everyone must be able to put together. */
export const defaultMrru = 1500;
/** With its header such a fragment wastes less than a tenth of the wire. */
export const defaultMinFragment = 128;
/** What is urgent then waits for no longer than a person notices. */
export const defaultMaxFragmentMs = 50;
