/** How a hook went. Pure. */
import type { Millis } from '../base/clock.js';
import { assertNever } from '../base/errors.js';
import type { HookMoment } from './options.js';

export type HookOutcome =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  /** It took longer than it may, and was killed with its children. */
  | { readonly kind: 'timeout' }
  /** It was not run, or could not be; the reason is a sentence for people. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The link went on before the hook had ended: it was killed with its children. */
  | { readonly kind: 'cancelled' };

export interface HookResult {
  readonly command: readonly [string, ...string[]];
  readonly moment: HookMoment;
  readonly startedAt: Date;
  readonly durationMs: Millis;
  readonly outcome: HookOutcome;
  /** What it printed on standard output and standard error, in order, printable; its beginning and end where it is long. */
  readonly output: string;
  /** True when something in the middle of the output was left out. */
  readonly truncated: boolean;
}

export function succeeded({ outcome }: HookResult): boolean {
  return outcome.kind === 'exit' && outcome.code === 0;
}

/** For a log or a status: `exit status 1`. */
export function describeOutcome({ outcome, durationMs }: HookResult): string {
  switch (outcome.kind) {
    case 'exit':
      return `exit status ${outcome.code}`;
    case 'signal':
      return `ended by ${outcome.signal}`;
    case 'timeout':
      return `killed after ${(durationMs / 1000).toFixed(1)} s: it took too long`;
    case 'refused':
      return `not run: ${outcome.reason}`;
    case 'cancelled':
      return 'ended early: the link went on';
    default:
      return assertNever(outcome);
  }
}
