/** `linkctl dial LINK` and `linkctl hangup LINK`: `up` and `down` of one link, with everything that is said meanwhile. */
import type { Command } from 'commander';
import type { WireEvent, WireLink } from '../../control/protocol.js';
import type { CommandName } from '../../control/wire.js';
import type { Context } from './context.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { formatCause } from './format.js';
import { paintState } from './paint.js';
import { renderEvent } from './render-event.js';

type State = WireLink['state'];

/** Where a command leads, and where an attempt ends. */
const ends: Readonly<Record<'up' | 'down', { readonly goal: State; readonly others: readonly State[] }>> = {
  up: { goal: 'up', others: ['waiting', 'down'] },
  down: { goal: 'down', others: [] },
};

export function addDialCommands(program: Command, context: Context): void {
  const add = (name: string, command: 'up' | 'down', description: string): void => {
    program
      .command(name)
      .description(description)
      .argument('<link>', 'the link')
      .action(async (link: string) => {
        context.exit(await steerAndFollow(context, link, command));
      });
  };
  add('dial', 'up', 'start a link, and print what is said until it is up or the attempt has failed');
  add('hangup', 'down', 'end a link, keep it down, and print what is said meanwhile');
}

async function steerAndFollow({ client, output }: Context, name: string, command: 'up' | 'down'): Promise<ExitCode> {
  const { goal, others } = ends[command];
  const before = (await client().link(name)).body.link;
  if (before.state === goal) {
    output.write(`${name}: ${paintState(output.paint, before.state)}\n`);
    return exitCodes.ok;
  }
  for await (const { body } of client().events(name)) {
    if (body.type === 'begin') await client().command(name, command satisfies CommandName);
    if (body.type === 'overflow') break;
    if (body.type !== 'state' && body.type !== 'log') continue;
    output.write(renderEvent(body, output.paint));
    if (body.type === 'state' && body.state === goal) return exitCodes.ok;
    if (body.type === 'state' && others.includes(body.state)) return failed(body, output);
  }
  output.complain('linkd ended the stream of events; linkctl status tells how the link stands.');
  return exitCodes.unreachable;
}

function failed({ link, state, cause }: WireEvent, output: Context['output']): ExitCode {
  const why = cause === null ? '' : `: ${formatCause(cause)}. ${cause.remedy}`;
  output.complain(`${link}: it is ${state}${why}`);
  return exitCodes.notUp;
}
