/** What the hooks are told by the config. */
import type { Millis } from '../base/clock.js';

/** When hooks run: before the line opens, up, down, after the line closed, after a failed attempt, and when an address changed. */
export const hookMoments = ['pre-up', 'up', 'down', 'post-down', 'fail', 'address-changed'] as const;
export type HookMoment = (typeof hookMoments)[number];

export interface Hook {
  /** The program by its absolute path, and its arguments; no shell. */
  readonly command: readonly [string, ...string[]];
  /** The user that it runs as; undefined is linkd's own. */
  readonly user: string | undefined;
  /** Then it and its children are killed. */
  readonly timeoutMs: Millis;
  /** Call it as pppd calls ip-up: six arguments and pppd's variables. */
  readonly pppd: boolean;
}

export interface HookOptions {
  readonly hooks: Readonly<Record<HookMoment, readonly Hook[]>>;
  /** pppd's `ipparam`: the sixth argument. */
  readonly ipparam: string;
}
