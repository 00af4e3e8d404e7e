/** What accounting is told by the config. */

export interface QuotaOptions {
  /** Octets in a calendar month, both directions together. */
  readonly monthlyBytes: number;
  /** The part of it at which a warning is given, 0 to 1. */
  readonly warnAt: number;
  /** Take the link down when it is used up, until the month ends. */
  readonly cutOff: boolean;
}
