/**
 * `linkctl reload` makes linkd read its config anew, `linkctl diff` shows what that would do; `linkctl restart-daemon` lets
 * a new linkd take the place of the one that runs.
 */
import type { Command } from 'commander';
import type { Answer } from '../../control/client.js';
import type { ReloadBody } from '../../control/protocol.js';
import type { Context } from './context.js';
import { exitCodes } from './exit-codes.js';
import { renderChanges, type Tense } from './render-changes.js';

interface JsonOption {
  readonly json?: true;
}

export function addConfigCommands(program: Command, context: Context): void {
  program
    .command('reload')
    .description('make linkd read its config anew and apply what changed; a config with mistakes changes nothing')
    .option('--json', "print the control API's answer as it is")
    .action(async (options: JsonOption) => {
      show(await context.client().reload(), 'done', options, context);
    });
  program
    .command('restart-daemon')
    .description('let a new linkd take the place of the one that runs, for a new version; the links go on')
    .option('--json', "print the control API's answer as it is")
    .action(async (options: JsonOption) => {
      await restart(options, context);
    });
  program
    .command('diff')
    .description('show what a reload would do, and do nothing')
    .option('--json', "print the control API's answer as it is")
    .action(async (options: JsonOption) => {
      show(await context.client().diff(), 'planned', options, context);
    });
}

function show({ body, json }: Answer<ReloadBody>, tense: Tense, options: JsonOption, { output, exit }: Context): void {
  if (!body.ok) exit(exitCodes.badConfig);
  if (options.json === true) {
    output.write(`${json}\n`);
    return;
  }
  output.writeError([...body.warnings, ...body.errors].map((text) => `${text.trimEnd()}\n`).join(''));
  if (body.ok) output.write(renderChanges(body.changes, tense, output.paint));
  else output.complain('the config has mistakes: nothing is changed, linkd goes on with the one it has.');
}

async function restart(options: JsonOption, { client, output, exit }: Context): Promise<void> {
  const { body, json } = await client().restart();
  if (!body.ok) exit(exitCodes.failed);
  if (options.json === true) {
    output.write(`${json}\n`);
    return;
  }
  output.writeError(body.errors.map((text) => `${text.trimEnd()}\n`).join(''));
  if (body.ok) output.write(`linkd runs as process ${body.pid ?? '?'} now.\n`);
  else output.complain('the new linkd did not take over: the one that runs goes on.');
}
