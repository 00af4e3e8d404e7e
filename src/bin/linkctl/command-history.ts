/** `linkctl history [LINK]`: the sessions that there were, and what went through the links each month. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Context } from './context.js';
import { renderMonths, renderSessions } from './render-history.js';

interface HistoryOptions {
  readonly limit?: number;
  readonly months?: true;
  readonly json?: true;
}

const usualLimit = 20;

export function addHistoryCommand(program: Command, { client, output }: Context): void {
  program
    .command('history')
    .description('show the last sessions: when, how long, how much, and why they ended')
    .argument('[link]', 'only this link')
    .option('--limit <count>', `so many sessions at most, ${usualLimit} without it`, parseLimit)
    .addOption(new Option('--months', 'show the sums of each month instead').conflicts('limit'))
    .option('--json', "print the control API's answer as it is")
    .action(async (link: string | undefined, { limit = usualLimit, months, json: asJson }: HistoryOptions) => {
      const screen = { paint: output.paint, width: output.terminal?.columns };
      if (months === true) {
        const { body, json } = await client().totals(link);
        output.write(asJson === true ? `${json}\n` : renderMonths(body.months, screen));
        return;
      }
      const { body, json } = await client().history(link, limit);
      const view = { ...screen, now: new Date(body.time) };
      output.write(asJson === true ? `${json}\n` : renderSessions(body.sessions, view));
    });
}

function parseLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > 1000) throw new InvalidArgumentError('A number from 1 to 1000 is needed.');
  return limit;
}
