/** What link quality monitoring is told by the config. RFC 1989 */
import type { Millis } from '../../base/clock.js';

export interface LqrOptions {
  /** How often the peer is asked to report: the Reporting-Period. */
  readonly intervalMs: Millis;
  /** An interval in which a larger part than this was lost, in either direction, is bad; 0 to 1. */
  readonly maxLoss: number;
  /** The link is kept while so many of the last `of` intervals were good. */
  readonly keep: number;
  readonly of: number;
}
