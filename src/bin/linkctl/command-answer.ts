/**
 * `linkctl answer [LINK]`: brings its terminal to linkd as the line of a link. A getty, a login shell or an sshd starts it; it
 * ends when PPP has ended, or when the terminal is hung up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { RefusedError, type ControlClient } from '../../control/client.js';
import type { WireCause } from '../../control/protocol.js';
import type { Context, Output } from './context.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { formatCause } from './format.js';
import { RawTerminal, relay } from './relay.js';

export function addAnswerCommand(program: Command, context: Context): void {
  program
    .command('answer')
    .description('bring this terminal to linkd as the line of a link, and wait until PPP on it ends')
    .argument('[link]', 'the link; without it, the first that waits for a terminal and that you may steer')
    .action(async (link: string | undefined) => {
      context.exit(await answer(context.client(), link, context.output));
    });
}

async function answer(client: ControlClient, wanted: string | undefined, output: Output): Promise<ExitCode> {
  const began = new Date();
  const { name, line, head } = await bring(client, wanted);
  let terminal: RawTerminal | undefined;
  let hungUp: boolean;
  try {
    terminal = RawTerminal.of(process.stdin);
    hungUp = (await relay(line, head, process.stdin, process.stdout)) === 'terminal';
  } finally {
    line.destroy();
    terminal?.restore();
  }
  const { wasUp, why } = await outcome(client, name, began);
  if (wasUp) return exitCodes.ok;
  if (!hungUp)
    output.complain(`${name}: PPP did not come up${why === undefined ? '' : `: ${formatCause(why)}. ${why.remedy}`}`);
  return exitCodes.notUp;
}

interface Brought extends Awaited<ReturnType<ControlClient['terminal']>> {
  readonly name: string;
}

/** Throws the refusal of the link, or of the last one that was tried. */
async function bring(client: ControlClient, wanted: string | undefined): Promise<Brought> {
  if (wanted !== undefined) return { name: wanted, ...(await client.terminal(wanted)) };
  const { links } = (await client.status()).body;
  const remedy = 'Give one `line: {terminal: on}`, or wait until one is free; linkctl status shows them.';
  let refusal = new RefusedError(409, 'not-waiting', 'no link waits for a terminal', remedy);
  for (const { name } of links.filter(({ line }) => line.kind === 'terminal')) {
    try {
      return { name, ...(await client.terminal(name)) };
    } catch (thrown) {
      if (!(thrown instanceof RefusedError)) throw thrown;
      refusal = thrown;
    }
  }
  throw refusal;
}

/** What became of the line that was brought at `began`: asked until the link has said why it ended, a moment at most. */
async function outcome(client: ControlClient, name: string, began: Date): Promise<{ wasUp: boolean; why?: WireCause }> {
  for (let asked = 0; asked < mostAsked; asked++) {
    const [{ link }, { sessions }] = await Promise.all([
      client.link(name).then(({ body }) => body),
      client.history(name, 1).then(({ body }) => body),
    ]);
    const wasUp = sessions.some(({ started_at }) => new Date(started_at) >= began);
    if (link.last_cause !== null && new Date(link.last_cause_at ?? 0) >= began) return { wasUp, why: link.last_cause };
    if (wasUp) return { wasUp };
    await sleep(askAgainMs);
  }
  return { wasUp: false };
}

const askAgainMs = 100;
const mostAsked = 20;
