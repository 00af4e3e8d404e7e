/** `linkctl plan [LINK]`: what a link puts into the system; `linkctl routes`: which route comes from where. */
import type { Command } from 'commander';
import type { Context } from './context.js';
import { renderRoutes } from './render-routes.js';

interface JsonOption {
  readonly json?: true;
}

export function addNetworkCommands(program: Command, context: Context): void {
  program
    .command('plan')
    .description('show what is in the system for a link and what would change, as ip and nft commands; does nothing')
    .argument('[link]', 'a link; all without it')
    .option('--json', "print the control API's answer as it is, a line for each link")
    .action(async (link: string | undefined, options: JsonOption) => {
      await plan(context, link, options.json === true);
    });
  program
    .command('routes')
    .description("show the machine's routes, and which line of which link each comes from")
    .option('--json', "print the control API's answer as it is")
    .action(async (options: JsonOption) => {
      const { output } = context;
      const { body, json } = await context.client().routes();
      const screen = { paint: output.paint, width: output.terminal?.columns };
      output.write(options.json === true ? `${json}\n` : renderRoutes(body.routes, screen));
    });
}

async function plan({ client, output }: Context, link: string | undefined, asJson: boolean): Promise<void> {
  const control = client();
  const names = link === undefined ? (await control.status()).body.links.map(({ name }) => name) : [link];
  for (const name of names) {
    const { body, json } = await control.plan(name);
    // Headings are comments: the whole may be read by a shell.
    const heading = link === undefined ? [`# ${name}`] : [];
    const lines = body.commands.length === 0 ? ['# nothing to do'] : body.commands;
    output.write(asJson ? `${json}\n` : [...heading, ...lines].map((line) => `${line}\n`).join(''));
  }
}
