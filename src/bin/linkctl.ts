#!/usr/bin/env node
/** linkctl, the daemon's client on the command line: arguments, output and exit codes. The commands are in `linkctl/`. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { codeOf, messageOf, OpError } from '../base/errors.js';
import { ControlClient, RefusedError } from '../control/client.js';
import { printable } from '../control/printable.js';
import { addCheckCommand } from './linkctl/command-check.js';
import { addEventCommands } from './linkctl/command-events.js';
import { addStatusCommand } from './linkctl/command-status.js';
import { addSteerCommands } from './linkctl/command-steer.js';
import type { Context, Output } from './linkctl/context.js';
import { exitCodeOf, exitCodes } from './linkctl/exit-codes.js';
import { createPaint, wantsColours } from './linkctl/paint.js';
import { version } from './version.js';

async function main(): Promise<void> {
  const output = standardOutput();
  try {
    await createProgram(output).parseAsync();
  } catch (thrown) {
    process.exitCode = exitCodeOf(thrown);
    complainOf(thrown, output);
  }
}

function createProgram(output: Output): Command {
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
    exit: (code) => {
      process.exitCode = code;
    },
  };
  addStatusCommand(program, context);
  addSteerCommands(program, context);
  addEventCommands(program, context);
  addCheckCommand(program, context);
  return program;
}

/** An empty path is an unset variable of the caller's, and not the wish for the default daemon. */
function readPath(text: string): string {
  if (text === '') throw new InvalidArgumentError('A path is needed.');
  return text;
}

function standardOutput(): Output {
  const { stdout, stderr } = process;
  stdout.on('error', (error: Error) => {
    // Whoever reads our output (`| head`) may have seen enough.
    if (codeOf(error) === 'EPIPE') process.exit(exitCodes.ok);
    stderr.write(`linkctl: cannot write the output: ${error.message}\n`);
    process.exit(exitCodes.failed);
  });
  stderr.on('error', () => process.exit(exitCodes.failed));
  return {
    write: (text) => stdout.write(text),
    complain: (message) => stderr.write(`linkctl: ${printable(message)}\n`),
    writeError: (text) => stderr.write(text),
    paint: createPaint(wantsColours(stdout.isTTY, process.env)),
    terminal: stdout.isTTY ? stdout : undefined,
  };
}

function complainOf(thrown: unknown, { complain }: Output): void {
  // commander has said what is wrong with the command line.
  if (thrown instanceof CommanderError) return;
  if (thrown instanceof RefusedError) complain([thrown.message, thrown.remedy ?? ''].join('. '));
  else if (thrown instanceof OpError) complain(thrown.message);
  else
    complain(`internal error, please report it: ${thrown instanceof Error ? (thrown.stack ?? '') : messageOf(thrown)}`);
}

await main();
