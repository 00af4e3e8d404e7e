#!/usr/bin/env node
/** linkctl, the daemon's client on the command line: output and exit codes. The commands are in `linkctl/`. */
import { CommanderError } from 'commander';
import { codeOf, messageOf, OpError } from '../base/errors.js';
import { RefusedError } from '../control/client.js';
import { printable } from '../base/printable.js';
import type { Output } from './linkctl/context.js';
import { exitCodeOf, exitCodes, type ExitCode } from './linkctl/exit-codes.js';
import { createPaint, wantsColours } from './linkctl/paint.js';
import { createProgram } from './linkctl/program.js';

async function main(): Promise<void> {
  const output = standardOutput();
  try {
    const exit = (code: ExitCode): void => {
      process.exitCode = code;
    };
    await createProgram(output, exit).parseAsync();
  } catch (thrown) {
    process.exitCode = exitCodeOf(thrown);
    complainOf(thrown, output);
  }
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
