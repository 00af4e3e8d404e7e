/** `linkctl up|down|restart LINK...`: starts and ends links, and on wish waits for what becomes of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { RefusedError, type ControlClient } from '../../control/client.js';
import type { WireLink } from '../../control/protocol.js';
import type { CommandName, ErrorCode } from '../../control/wire.js';
import type { CauseCode } from '../../base/cause.js';
import type { Context, Output } from './context.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { formatCause, formatCount, formatSpan } from './format.js';
import { paintState } from './paint.js';

interface SteerOptions {
  readonly wait?: true;
  readonly timeout?: number;
}

const descriptions: Readonly<Record<CommandName, string>> = {
  up: 'start links; without --wait, returns when they have begun to start',
  down: 'end links, and keep them down',
  restart: 'end links and start them again',
};

/** How long --wait waits without --timeout, in seconds. */
const defaultWaitSeconds = 60;
const pollMs = 200;

export function addSteerCommands(program: Command, context: Context): void {
  for (const name of ['up', 'down', 'restart'] as const) {
    program
      .command(name)
      .description(descriptions[name])
      .argument('<link...>', 'the links')
      .option('--wait', `wait until they are ${goalOf(name)}, ${defaultWaitSeconds} seconds at most`)
      .option('--timeout <seconds>', 'wait this long at most (implies --wait)', parseSeconds)
      .action(async (links: string[], options: SteerOptions) => {
        context.exit(await steer(context.client(), name, [...new Set(links)], options, context.output));
      });
  }
}

async function steer(
  client: ControlClient,
  command: CommandName,
  names: readonly string[],
  { wait, timeout }: SteerOptions,
  output: Output,
): Promise<ExitCode> {
  const before = await lookUp(client, names);
  const waitMs = wait === true || timeout !== undefined ? (timeout ?? defaultWaitSeconds) * 1000 : undefined;
  const codes = before.map(async (link) => {
    const { body } = await client.command(link.name, command);
    if (waitMs === undefined) {
      output.write(`${link.name}: ${paintState(output.paint, body.link.state)}\n`);
      return exitCodes.ok;
    }
    return report(await outcome(client, command, link, waitMs), command, waitMs, output);
  });
  return worst(await Promise.all(codes));
}

/** The links as they are, before anything is done: one misspelt name, and nothing is. */
async function lookUp(client: ControlClient, names: readonly string[]): Promise<WireLink[]> {
  const { links } = (await client.status()).body;
  return names.map((name) => {
    const link = links.find((candidate) => candidate.name === name);
    if (link !== undefined) return link;
    const code: ErrorCode = 'unknown-link';
    const remedy = `The links are: ${links.map((known) => known.name).join(', ')}.`;
    throw new RefusedError(404, code, `there is no link ${JSON.stringify(name)}`, remedy);
  });
}

interface Outcome {
  readonly result: 'reached' | 'failed' | 'timeout';
  readonly link: WireLink;
  readonly tookMs: number;
}

/** Asks until the link is where the command leads, rests somewhere else, or the time is over. */
async function outcome(
  client: ControlClient,
  command: CommandName,
  before: WireLink,
  waitMs: number,
): Promise<Outcome> {
  const started = performance.now();
  for (;;) {
    const { link } = (await client.link(before.name)).body;
    const tookMs = performance.now() - started;
    const result = resultOf(command, before, link);
    if (result !== 'pending') return { result, link, tookMs };
    if (tookMs >= waitMs) return { result: 'timeout', link, tookMs };
    await sleep(Math.min(pollMs, waitMs - tookMs));
  }
}

function resultOf(command: CommandName, before: WireLink, link: WireLink): 'reached' | 'failed' | 'pending' {
  // A link that still is as it was before the command has not come to it yet.
  const moved = link.since !== before.since || link.state !== before.state;
  const restarting: CauseCode = 'restart-requested';
  switch (command) {
    case 'down':
      return link.state === 'down' ? 'reached' : 'pending';
    case 'up':
      if (link.state === 'up') return 'reached';
      return link.state === 'down' && moved ? 'failed' : 'pending';
    case 'restart':
      if (link.state === 'up' && moved) return 'reached';
      return link.state === 'down' && moved && link.last_cause?.code !== restarting ? 'failed' : 'pending';
  }
}

function report({ result, link, tookMs }: Outcome, command: CommandName, waitMs: number, output: Output): ExitCode {
  if (result === 'reached') {
    output.write(`${link.name}: ${paintState(output.paint, link.state)} after ${formatSpan(tookMs)}\n`);
    return exitCodes.ok;
  }
  const late =
    result === 'timeout' ? `not ${goalOf(command)} after ${formatCount(waitMs / 1000, 'second')}` : 'gave up';
  const cause = link.last_cause === null ? '' : `: ${formatCause(link.last_cause)}. ${link.last_cause.remedy}`;
  output.complain(`${link.name}: ${late}, it is ${link.state}${cause}`);
  return result === 'timeout' ? exitCodes.timeout : exitCodes.notUp;
}

function goalOf(command: CommandName): 'up' | 'down' {
  return command === 'down' ? 'down' : 'up';
}

/** Of several links' outcomes the one that asks for most attention. */
function worst(codes: readonly ExitCode[]): ExitCode {
  return codes.reduce((a, b) => (b > a ? b : a), exitCodes.ok);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds >= 0 && seconds <= 86_400)) {
    throw new InvalidArgumentError('A number of seconds is needed, up to 86400.');
  }
  return seconds;
}
