/** linkctl's command line: every command and option, as commander has them. The man page and the completion come from here. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { ControlClient } from '../../control/client.js';
import { version } from '../version.js';
import { addAnswerCommand } from './command-answer.js';
import { addCheckCommand } from './command-check.js';
import { addCompletionCommand } from './command-completion.js';
import { addConfigCommands } from './command-config.js';
import { addDialCommands } from './command-dial.js';
import { addEventCommands } from './command-events.js';
import { addHistoryCommand } from './command-history.js';
import { addImportCommand } from './command-import.js';
import { addNetworkCommands } from './command-network.js';
import { addProbeCommand } from './command-probe.js';
import { addSetupCommand } from './command-setup.js';
import { addStatusCommand } from './command-status.js';
import { addSteerCommands } from './command-steer.js';
import { addTermCommand } from './command-term.js';
import type { Context, Output } from './context.js';
import type { ExitCode } from './exit-codes.js';

/** The program, ready to parse. `exit` is told with which code linkctl shall end. */
export function createProgram(output: Output, exit: (code: ExitCode) => void): Command {
  const program = new Command('linkctl')
    .description('Steers linkd and shows what it does.')
    .version(version)
    .addOption(
      new Option('--control <socket>', "linkd's control socket")
        .env('LINKD_CONTROL')
        .default('/run/linkd/control.sock')
        .argParser(readPath),
    )
    .helpCommand(false)
    .showHelpAfterError('(linkctl --help lists the commands, linkctl COMMAND --help the options)')
    .exitOverride();
  const context: Context = {
    output,
    client: () => new ControlClient(program.opts<{ control: string }>().control),
    exit,
  };
  addStatusCommand(program, context);
  addAnswerCommand(program, context);
  addSteerCommands(program, context);
  addDialCommands(program, context);
  addTermCommand(program, context);
  addEventCommands(program, context);
  addHistoryCommand(program, context);
  addConfigCommands(program, context);
  addNetworkCommands(program, context);
  addCheckCommand(program, context);
  addProbeCommand(program, context);
  addImportCommand(program, context);
  addSetupCommand(program, context);
  addCompletionCommand(program, context);
  return program;
}

/** An empty path is an unset variable of the caller's, and not the wish for the default daemon. */
function readPath(text: string): string {
  if (text === '') throw new InvalidArgumentError('A path is needed.');
  return text;
}
