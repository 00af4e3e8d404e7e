/**
 * Runs the hooks of a moment of a link, one after the other. Everything is asynchronous: a slow hook holds up neither
 * traffic nor other links, and whoever needs its end waits for it.
 */
import type { Logger } from '../base/log.js';
import type { Scheduler } from '../base/clock.js';
import type { LinkFacts } from './environment.js';
import { execute, type Surroundings } from './execution.js';
import type { HookMoment, HookOptions } from './options.js';
import { describeOutcome, succeeded, type HookResult } from './result.js';

/** The hooks of one moment, on their way. */
export interface HookRun {
  /** A result for each hook that was reached, in order. Never rejects: a hook that fails doesn't stop those behind it. */
  readonly done: Promise<readonly HookResult[]>;
  /** Ends the running one with its children, skips the rest, and resolves when all is over. Safe to call at any time. */
  cancel(): Promise<void>;
}

export class HookRunner {
  readonly #surroundings: Surroundings;

  constructor(options: { readonly log: Logger; readonly scheduler: Scheduler }) {
    this.#surroundings = options;
  }

  /** Begins at once. Two runs do not wait for each other. */
  run(moment: HookMoment, options: HookOptions, facts: LinkFacts): HookRun {
    const cancellation = new AbortController();
    const done = this.#runAll(moment, options, facts, cancellation.signal);
    return {
      done,
      cancel: async () => {
        cancellation.abort();
        await done;
      },
    };
  }

  async #runAll(
    moment: HookMoment,
    { hooks, ipparam }: HookOptions,
    facts: LinkFacts,
    signal: AbortSignal,
  ): Promise<readonly HookResult[]> {
    const results: HookResult[] = [];
    for (const hook of hooks[moment]) {
      if (signal.aborted) break;
      const result = await execute({ hook, moment, ipparam, facts }, signal, this.#surroundings);
      this.#tell(facts.link, result);
      results.push(result);
    }
    return results;
  }

  #tell(link: string, result: HookResult): void {
    const { log } = this.#surroundings;
    // The arguments stay out of the log: they may be private.
    const [hook] = result.command;
    const { moment, durationMs, output } = result;
    const fields = { link, hook, moment, durationMs: Math.round(durationMs), outcome: describeOutcome(result) };
    // Whoever asked for the run tells people; this is for those who look closely.
    if (succeeded(result) || result.outcome.kind === 'cancelled') log.debug(fields, 'the hook has ended');
    else log.debug({ ...fields, says: lastLine(output) }, 'the hook has failed');
  }
}

function lastLine(output: string): string {
  return (output.trimEnd().split('\n').at(-1) ?? '').slice(0, 200);
}
