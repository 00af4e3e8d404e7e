/** `linkctl status [LINK]`: how the links stand, once or every second; `--system`: how the machine does. */
import { Option, type Command } from 'commander';
import type { ControlClient } from '../../control/client.js';
import type { Context } from './context.js';
import { exitCodes } from './exit-codes.js';
import { lookAtMachine } from './machine.js';
import { renderLink } from './render-link.js';
import { renderMachine } from './render-machine.js';
import { renderStatus, type Amount } from './render-status.js';
import { watch, type Snapshot } from './watch.js';

interface StatusOptions {
  readonly json?: true;
  readonly watch?: true;
  readonly brief?: true;
  readonly full?: true;
  readonly system?: true;
}

const usage = { exitCode: exitCodes.usage };

export function addStatusCommand(program: Command, context: Context): void {
  program
    .command('status')
    .description('show how the links stand; with LINK, that one in full (exit status 3 unless it is up)')
    .argument('[link]', 'a link; all without it')
    .addOption(new Option('--json', "print the control API's answer as it is").conflicts(['watch', 'brief', 'full']))
    .option('--watch', 'show it anew every second, also while linkd restarts (ends with Ctrl-C)')
    .addOption(new Option('--brief', 'one line for each link, however few').conflicts('full'))
    .option('--full', 'a block for each link, however many')
    .addOption(
      new Option(
        '--system',
        "show the machine's own load, memory, disks and temperature instead; needs no linkd",
      ).conflicts(['watch', 'brief', 'full']),
    )
    .action(async (name: string | undefined, options: StatusOptions, command: Command) => {
      const { output } = context;
      if (options.system === true) {
        if (name !== undefined) command.error('error: --system is of the machine, not of a link', usage);
        await showMachine(context, options.json === true);
        return;
      }
      const look = name === undefined ? lookAtAll(amountOf(options)) : lookAtOne(name);
      if (options.watch === true) {
        if (output.terminal === undefined) {
          command.error('error: --watch needs a terminal; programs read `linkctl events --json`', usage);
        }
        await watch(() => look(context.client()), output.terminal, output.paint);
        return;
      }
      const { json, render, exitCode } = await look(context.client());
      output.write(
        options.json === true ? `${json}\n` : render({ paint: output.paint, width: output.terminal?.columns }),
      );
      context.exit(exitCode);
    });
}

async function showMachine({ output }: Context, asJson: boolean): Promise<void> {
  const machine = await lookAtMachine();
  const screen = { paint: output.paint, width: output.terminal?.columns };
  output.write(asJson ? `${JSON.stringify(machine)}\n` : renderMachine(machine, screen));
}

function lookAtAll(amount: Amount): (client: ControlClient) => Promise<Snapshot> {
  return async (client) => {
    const { json, body } = await client.status();
    return {
      json,
      render: (screen) => renderStatus(body, { ...screen, now: new Date(body.time) }, amount),
      exitCode: exitCodes.ok,
    };
  };
}

function lookAtOne(name: string): (client: ControlClient) => Promise<Snapshot> {
  return async (client) => {
    const { json, body } = await client.link(name);
    return {
      json,
      render: (screen) => `${renderLink(body.link, { ...screen, now: new Date(body.time) }, true)}\n`,
      exitCode: body.link.state === 'up' ? exitCodes.ok : exitCodes.notUp,
    };
  };
}

function amountOf({ brief, full }: StatusOptions): Amount {
  if (brief === true) return 'brief';
  return full === true ? 'full' : 'auto';
}
