/** `linkctl events [LINK]` follows what happens; `linkctl log LINK` prints what happened last. */
import type { Command } from 'commander';
import type { Context } from './context.js';
import { exitCodes } from './exit-codes.js';
import { renderEvent } from './render-event.js';

interface JsonOption {
  readonly json?: true;
}

export function addEventCommands(program: Command, context: Context): void {
  program
    .command('events')
    .description('print events as they happen, until Ctrl-C')
    .argument('[link]', 'only this link')
    .option('--json', "print the control API's lines as they are")
    .action(async (link: string | undefined, { json }: JsonOption) => {
      await follow(context, link, json === true);
    });
  program
    .command('log')
    .description('print the last events of a link')
    .argument('<link>', 'the link')
    .option('--json', "print the control API's answer as it is")
    .action(async (link: string, options: JsonOption) => {
      const { output } = context;
      const { json, body } = await context.client().log(link);
      output.write(
        options.json === true ? `${json}\n` : body.events.map((event) => renderEvent(event, output.paint)).join(''),
      );
    });
}

/** A stream has no end of its own: whatever ends it is told. */
async function follow({ client, output, exit }: Context, link: string | undefined, json: boolean): Promise<void> {
  for await (const line of client().events(link)) {
    if (json) output.write(`${line.json}\n`);
    switch (line.body.type) {
      case 'begin':
        break;
      case 'state':
      case 'log':
        if (!json) output.write(renderEvent(line.body, output.paint));
        break;
      case 'overflow':
        output.complain('events were lost: they came faster than they were read. Start again to go on.');
        exit(exitCodes.failed);
        return;
    }
  }
  output.complain('linkd ended the stream: it was stopped or restarted.');
  exit(exitCodes.unreachable);
}
