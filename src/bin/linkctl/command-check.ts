/**
 * `linkctl check [FILE]`: reads a config as linkd would, without a daemon, and names every mistake; then holds it against
 * this machine's network, of which nothing is touched.
 */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatConfigErrors } from '../../config/format.js';
import { loadConfig } from '../../config/load.js';
import type { Logger } from '../../base/log.js';
import { checkScripts } from '../../dial/checks.js';
import type { LinkConfig } from '../../config/types.js';
import { checkMachine } from '../../net/inspect.js';
import type { Context, Output } from './context.js';
import { exitCodes } from './exit-codes.js';
import { formatCount } from './format.js';

const defaultFile = '/etc/linkd/linkd.yaml';

export function addCheckCommand(program: Command, { output, exit }: Context): void {
  program
    .command('check')
    .description('check a config file and its drop-ins; works without linkd running')
    .argument('[file]', 'the config file', defaultFile)
    .option('--file-only', "don't compare it with this machine's network")
    .action(async (file: string, { fileOnly = false }: { fileOnly?: boolean }) => {
      const result = await loadConfig(resolve(file), {}, process.env);
      if (result.warnings.length > 0) output.writeError(formatConfigErrors(result.warnings, 'warning'));
      if (result.ok) {
        output.write(`${file}: ${formatCount(result.config.links.length, 'link')}, no mistakes\n`);
        if (!fileOnly && !(await suitsMachine(result.config.links, output))) exit(exitCodes.badConfig);
        return;
      }
      output.writeError(formatConfigErrors(result.errors));
      exit(exitCodes.badConfig);
    });
}

/** Prints what this machine's network has against the config; false when a link can't do its job here. */
export async function suitsMachine(links: readonly LinkConfig[], output: Output): Promise<boolean> {
  const scripts = (await checkScripts(links)).map((problem) => ({ level: 'error' as const, ...problem }));
  const findings = [...scripts, ...(await checkMachine(links, silentLog))];
  for (const { level, link, message, remedy } of findings) {
    output.writeError(`this machine: ${link}: ${level}: ${message}. ${remedy}\n`);
  }
  return findings.every(({ level }) => level === 'warning');
}

const silentLog: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {
  // linkctl says itself what there is to say.
}
