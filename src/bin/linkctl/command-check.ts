/** `linkctl check [FILE]`: reads a config as linkd would, without a daemon, and names every mistake. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatConfigErrors } from '../../config/format.js';
import { loadConfig } from '../../config/load.js';
import type { Context } from './context.js';
import { exitCodes } from './exit-codes.js';
import { formatCount } from './format.js';

const defaultFile = '/etc/linkd/linkd.yaml';

export function addCheckCommand(program: Command, { output, exit }: Context): void {
  program
    .command('check')
    .description('check a config file and its drop-ins; works without linkd running')
    .argument('[file]', 'the config file', defaultFile)
    .action(async (file: string) => {
      const result = await loadConfig(resolve(file), {}, process.env);
      if (result.warnings.length > 0) output.writeError(formatConfigErrors(result.warnings, 'warning'));
      if (result.ok) {
        output.write(`${file}: ${formatCount(result.config.links.length, 'link')}, no mistakes\n`);
        return;
      }
      output.writeError(formatConfigErrors(result.errors));
      exit(exitCodes.badConfig);
    });
}
