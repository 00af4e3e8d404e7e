/** What the health checks beyond the peer are told by the config. */
import type { Millis } from '../base/clock.js';
import type { Ip4 } from '../base/ip.js';

export interface TrackOptions {
  /** The hosts behind the link; it is healthy while one of them answers. */
  readonly hosts: readonly Ip4[];
  readonly intervalMs: Millis;
  readonly timeoutMs: Millis;
  /** Rounds in a row without an answer before the link counts as failed. */
  readonly failures: number;
  /** Rounds in a row with an answer before it counts as healthy again. */
  readonly recoveries: number;
  /** What failure does: restart the link, or raise the metric of its routes so that another path takes over. */
  readonly action:
    { readonly kind: 'restart' } | { readonly kind: 'metric'; readonly add: number } | { readonly kind: 'hook' };
}
