/**
 * `linkctl term LINK`: a terminal on the line of a link that is down. What the keys do, and when PPP begins, is linkd's matter
 * (`dial/hand.ts`); here octets are passed on, and what becomes of the line is told by the exit code.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { CauseCode } from '../../base/cause.js';
import type { ControlClient } from '../../control/client.js';
import type { WireLink } from '../../control/protocol.js';
import type { Context, Output } from './context.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { formatCause } from './format.js';
import { paintState } from './paint.js';
import { RawTerminal, relay } from './relay.js';

/** How long PPP may take on a line that was led to it. */
const patienceMs = 60_000;
const pollMs = 200;

export function addTermCommand(program: Command, context: Context): void {
  program
    .command('term')
    .description(
      'talk over the line of a link that is down by hand (Ctrl-] opens a menu); when PPP comes, linkd takes the line over',
    )
    .argument('<link>', 'the link')
    .action(async (link: string) => {
      context.exit(await term(context.client(), link, context.output));
    });
}

async function term(client: ControlClient, name: string, output: Output): Promise<ExitCode> {
  const { line, head } = await client.byHand(name);
  const isTerminal = process.stdin.isTTY;
  let terminal: RawTerminal | undefined;
  let endedBy: 'line' | 'terminal';
  try {
    terminal = RawTerminal.of(process.stdin);
    endedBy = await relay(line, head, process.stdin, process.stdout, { staysAfter: !isTerminal });
  } finally {
    line.destroy();
    terminal?.restore();
  }
  if (endedBy === 'terminal') return exitCodes.failed;
  return report(name, await settled(client, name), output);
}

/** The link when it is no longer on its way from the hand to PPP, or to rest. */
async function settled(client: ControlClient, name: string): Promise<WireLink> {
  const started = performance.now();
  for (;;) {
    const { link } = (await client.link(name)).body;
    const isOnItsWay = link.state === 'negotiating' || link.state === 'closing';
    if (!isOnItsWay || performance.now() - started > patienceMs) return link;
    await sleep(pollMs);
  }
}

function report(name: string, { state, last_cause: why }: WireLink, output: Output): ExitCode {
  const byHand: CauseCode = 'by-hand';
  if (state === 'up') output.write(`${name}: ${paintState(output.paint, state)}\n`);
  // Whoever was there has hung up, or has left the line as it is; a link that is wanted goes its own way then.
  if (state === 'up' || why === null || why.code === byHand) return exitCodes.ok;
  output.complain(`${name}: it is ${state}: ${formatCause(why)}. ${why.remedy}`);
  return exitCodes.notUp;
}
