/**
 * The hooks of one link, in the order of its life: each moment waits for the one before. When the link falls, an up hook
 * that still runs is ended and one that has not begun is skipped, so that down runs at once and last.
 */
import type { LinkFacts } from '../hooks/environment.js';
import type { HookMoment, HookOptions } from '../hooks/options.js';
import { succeeded, type HookResult } from '../hooks/result.js';
import type { HookRun } from '../hooks/runner.js';

/** The part of `HookRunner` that is used. */
export interface HookStarter {
  run(moment: HookMoment, options: HookOptions, facts: LinkFacts): HookRun;
}

export interface LinkHooksParts {
  readonly runner: HookStarter;
  /** What the config says at that time. */
  readonly options: () => HookOptions;
  readonly ended: (result: HookResult) => void;
}

/** Moments that lose their sense when the link falls. */
const ofTheRise: readonly HookMoment[] = ['pre-up', 'up', 'address-changed'];

interface Entry {
  readonly moment: HookMoment;
  run: HookRun | undefined;
  skipped: boolean;
}

export class LinkHooks {
  readonly #parts: LinkHooksParts;
  readonly #entries = new Set<Entry>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: LinkHooksParts) {
    this.#parts = parts;
  }

  /** Runs a moment's hooks behind those of the moments before; true when all of them succeeded, and when there are none. */
  run(moment: HookMoment, facts: LinkFacts): Promise<boolean> {
    const options = this.#parts.options();
    const entry: Entry = { moment, run: undefined, skipped: false };
    this.#entries.add(entry);
    const done = this.#last.then(async () => {
      if (entry.skipped) return false;
      entry.run = this.#parts.runner.run(moment, options, facts);
      const results = await entry.run.done;
      for (const result of results) this.#parts.ended(result);
      return results.every(succeeded);
    });
    this.#last = done.finally(() => this.#entries.delete(entry)).catch(() => undefined);
    return done;
  }

  /** The link falls, or shall not rise: what belongs to its rise is ended. */
  fall(): void {
    this.#end((moment) => ofTheRise.includes(moment));
  }

  /** Ends all that runs and skips all that waits. */
  endAll(): void {
    this.#end(() => true);
  }

  /** Resolves when nothing runs or waits any more. */
  async idle(): Promise<void> {
    while (this.#entries.size > 0) await this.#last;
  }

  #end(concerns: (moment: HookMoment) => boolean): void {
    for (const entry of this.#entries) {
      if (!concerns(entry.moment)) continue;
      entry.skipped = true;
      void entry.run?.cancel();
    }
  }
}
