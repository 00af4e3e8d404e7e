/** `status --watch`: the same text drawn anew every second, for as long as someone looks. linkd may come and go. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogUpdate } from 'log-update';
import { UnreachableError } from '../../control/client.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { formatSpan, formatTime } from './format.js';
import type { Paint } from './paint.js';
import type { Screen } from './render-link.js';

/** What linkd answered, and how it is shown. */
export interface Snapshot {
  /** The control API's answer as it came. */
  readonly json: string;
  /** As text, with its final line end. */
  readonly render: (screen: Screen) => string;
  readonly exitCode: ExitCode;
}

const everyMs = 1000;

/** Draws until Ctrl-C. Throws what waiting does not heal: an unknown link, no right to use the socket. */
export async function watch(look: () => Promise<Snapshot>, terminal: NodeJS.WriteStream, paint: Paint): Promise<never> {
  const draw = createLogUpdate(terminal);
  const stop = (): void => {
    draw.done();
    process.exit(exitCodes.ok);
  };
  process.once('SIGINT', stop);
  /** Since when linkd is away, and what there is to say of its last absence. */
  let awaySince: Date | undefined;
  let note = '';
  try {
    for (;;) {
      const now = new Date();
      try {
        const { render } = await look();
        if (awaySince !== undefined) note = describeAbsence(awaySince, now);
        awaySince = undefined;
        const text = render({ paint, width: terminal.columns });
        draw(fit(note === '' ? text : `${text}\n${paint.warn(note)}\n`, terminal.rows));
      } catch (thrown) {
        if (!(thrown instanceof UnreachableError) || thrown.code === 'EACCES') throw thrown;
        awaySince ??= now;
        const away = `linkd has not answered for ${formatSpan(now.getTime() - awaySince.getTime())}; trying every second.`;
        draw(fit(`${paint.bad(away)}\n${thrown.message}\n`, terminal.rows));
      }
      await sleep(everyMs);
    }
  } finally {
    process.off('SIGINT', stop);
    draw.done();
  }
}

function describeAbsence(from: Date, to: Date): string {
  return `linkd was away from ${formatTime(from.toISOString())} to ${formatTime(to.toISOString())}.`;
}

/** The beginning of the text, as many lines as the terminal has but one. */
function fit(text: string, rows: number): string {
  const lines = text.trimEnd().split('\n');
  const room = Math.max(1, rows - 1);
  if (lines.length <= room) return lines.join('\n');
  return [...lines.slice(0, room - 1), `(${lines.length - room + 1} more lines)`].join('\n');
}
