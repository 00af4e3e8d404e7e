/**
 * How long a link waits before its next attempt. The cause names the class of pause (`base/cause.ts`), the config the
 * lengths. Pauses double from attempt to attempt, with jitter so that the two ends don't move in step.
 */
import { causeFacts, type Cause, type CauseCode } from '../base/cause.js';
import type { Millis } from '../base/clock.js';

/** The lengths of the pauses; see `RestartOptions` of the config. */
export interface BackoffOptions {
  readonly quickMs: Millis;
  readonly quickMaxMs: Millis;
  readonly slowMs: Millis;
  readonly slowMaxMs: Millis;
  readonly stableMs: Millis;
  readonly maxAttempts: number;
  /** Pauses of their own, which don't grow; `never` gives up. */
  readonly redial?: Readonly<Partial<Record<CauseCode, Millis | 'never'>>>;
}

/** The part of a pause that jitter may take away. */
const jitter = 0.25;

export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #failures = 0;
  #upSince: Millis | undefined;

  /** `random` gives numbers from 0 up to 1. */
  constructor(options: BackoffOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  /** Attempts in a row that did not lead to a stable link. */
  get failures(): number {
    return this.#failures;
  }

  /** The link came up. */
  up(now: Millis): void {
    this.#upSince ??= now;
  }

  /** Someone steered: the attempts are counted from zero again. */
  reset(): void {
    this.#failures = 0;
    this.#upSince = undefined;
  }

  /** An attempt ended. The pause before the next; undefined when there shall be none. */
  next(cause: Cause, now: Millis): Millis | undefined {
    const { quickMs, slowMs, slowMaxMs, stableMs, maxAttempts } = this.#options;
    if (this.#upSince !== undefined && now - this.#upSince >= stableMs) this.#failures = 0;
    this.#upSince = undefined;
    this.#failures += 1;
    if (maxAttempts > 0 && this.#failures >= maxAttempts) return undefined;
    const fixed = this.#options.redial?.[cause.code];
    if (fixed !== undefined) return fixed === 'never' ? undefined : this.#spread(fixed);
    switch (causeFacts(cause.code).retry) {
      case 'stay':
        return undefined;
      case 'planned':
        return 0;
      case 'poll':
        return this.#spread(quickMs);
      case 'quick':
        return this.#failures === 1 ? 0 : this.#spread(grown(quickMs, this.#failures - 2, this.#longestQuick(cause)));
      case 'slow':
        return this.#spread(grown(slowMs, this.#failures - 1, slowMaxMs));
    }
  }

  /** A cable may be back at any time, and while the line is closed nothing of the peer is heard; a call costs, to nobody as well. */
  #longestQuick({ code }: Cause): Millis {
    const { quickMs, quickMaxMs, redial } = this.#options;
    return code === 'no-answer' && redial === undefined ? quickMs : quickMaxMs;
  }

  #spread(pause: Millis): Millis {
    return pause * (1 - jitter * this.#random());
  }
}

function grown(first: Millis, doublings: number, most: Millis): Millis {
  return Math.min(first * 2 ** doublings, most);
}
