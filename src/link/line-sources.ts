/** The sources of a link's lines, with what comes before PPP on them. */
import type { Scheduler } from '../base/clock.js';
import type { LinkConfig } from '../config/types.js';
import { AnsweringLineSource } from '../dial/answered-line.js';
import { DialedLineSource } from '../dial/dialed-line.js';
import { HandLineSource, type HandParts, type HandSource } from '../dial/hand-source.js';
import type { HandedLine } from '../line/handed.js';
import type { LineSource } from '../line/line.js';
import type { LineOptions } from '../line/options.js';
import { createLineSource, type LineContext } from '../line/source.js';
import { readSecret } from '../secrets/load.js';
import { readAccounts } from './callers.js';
import { linesOf } from './handed.js';

export interface SourceParts extends Omit<LineContext, 'handed'> {
  readonly scheduler: Scheduler;
  /** What an earlier process handed on, in the order of the config. */
  readonly handed: readonly (HandedLine | undefined)[];
}

/** In the order of the config. */
export function lineSources(config: LinkConfig, parts: SourceParts): readonly HandSource[] {
  return linesOf(config).map((options, i) => lineSource(config, options, parts, parts.handed[i]));
}

function lineSource(
  config: LinkConfig,
  options: LineOptions,
  parts: SourceParts,
  handed: HandedLine | undefined,
): HandSource {
  const bare = createLineSource(options, { ...parts, handed });
  const voice = {
    scheduler: parts.scheduler,
    tell: (level: 'debug' | 'info' | 'warn', message: string): void => {
      parts.log[level]({}, message);
    },
  };
  const whole = withCall(bare, config, voice, handed);
  return new HandLineSource(bare, whole, { ...voice, hangUp: config.dial ?? config.answer, bar: barOf(config) });
}

/** Where callers prove themselves at the prompt alone, a line without the prompt would let in whoever calls. */
export function barOf({ answer, auth }: LinkConfig): string | undefined {
  if (answer?.login === undefined || (auth?.require.length ?? 0) > 0) return undefined;
  return 'Callers of this link log in before PPP, which therefore does not begin by hand; with auth.require it does.';
}

/** The same line, with what comes before PPP on it. */
function withCall(
  inner: LineSource,
  { answer, auth, dial }: LinkConfig,
  voice: Pick<HandParts, 'scheduler' | 'tell'>,
  handed: HandedLine | undefined,
): LineSource {
  if (dial !== undefined) {
    // A pty that was handed on is there whether or not a call was made on it.
    const connected = handed !== undefined && handed.kind !== 'pty';
    return new DialedLineSource(inner, dial, { ...voice, connected, readSecret });
  }
  if (answer === undefined) return inner;
  return new AnsweringLineSource(inner, answer, {
    ...voice,
    readAccounts: (signal) => {
      // `answer-checks.ts` sees to it that a login has accounts.
      if (auth === undefined) throw new Error('a login without accounts');
      return readAccounts(auth, signal);
    },
    answered: handed?.call,
  });
}
