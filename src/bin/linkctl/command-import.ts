/**
 * `linkctl import [FILE|NAME…]`: reads what pppd, wvdial and ifupdown were told, and writes a config for linkd, with a note
 * for each line that it could not carry over. Nothing else is touched; the config is checked as linkd would.
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, constants } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { codeOf, OpError } from '../../base/errors.js';
import { decodeText } from '../../base/text.js';
import { parseConfig } from '../../config/parse.js';
import type { Files } from '../../import/files.js';
import { importConfig, unknownTargets, type Imported } from '../../import/import.js';
import type { CheckMistake } from '../../import/settle.js';
import type { Context, Output } from './context.js';
import { exitCodes } from './exit-codes.js';
import { formatCount } from './format.js';

interface Options {
  readonly root?: string;
  readonly output?: string;
}

export function addImportCommand(program: Command, { output, exit }: Context): void {
  program
    .command('import')
    .description("write linkd's config from that of pppd, wvdial and interfaces(5); works without linkd running")
    .argument('[file...]', 'files, or names of peers in /etc/ppp/peers; without any, all that the system has')
    .option('--root <dir>', 'look below this directory instead of /')
    .option('--output <file>', 'write the config into this new file instead of standard output')
    .action(async (targets: readonly string[], { root = '/', output: file }: Options) => {
      const refused = new Set<string>();
      const files = filesBelow(resolve(root), refused);
      const paths = targets.map((target) => pathOf(files, target, root));
      const [unknown] = unknownTargets(files, paths);
      const imported = unknown === undefined ? importConfig(files, paths, check) : undefined;
      for (const path of refused)
        output.complain(`${path} could not be read: do this as root, or something is missing`);
      if (imported === undefined)
        throw new OpError(
          'import',
          unknown ?? '',
          'there is no peer of this name, and no such file that makes a link',
          'docs/import.md lists the files; the peers are those in /etc/ppp/peers.',
        );
      if (imported.links.length === 0) {
        const remedy = 'Name the files, or another --root.';
        throw new OpError('import', resolve(root), 'pppd, wvdial and interfaces(5) have no connection there', remedy);
      }
      if (file === undefined) output.write(imported.text);
      else await writeNew(file, imported.text);
      summarize(imported, output);
      if (imported.mistakes.length > 0) exit(exitCodes.badConfig);
      else if (refused.size > 0) exit(exitCodes.failed);
    });
}

/** What stands on the command line, as a path below the root, or the name of a peer. */
function pathOf(files: Files, target: string, root: string): string {
  const isPeer = !target.includes('/') && files.readText(`/etc/ppp/peers/${target}`) !== undefined;
  if (isPeer || root !== '/') return isPeer || target.startsWith('/') || !target.includes('/') ? target : `/${target}`;
  const path = resolve(target);
  return target.includes('/') || existsSync(path) ? path : target;
}

/** As linkd would. */
function check(text: string): readonly CheckMistake[] {
  const result = parseConfig([{ file: 'linkd.yaml', text }]);
  return result.ok ? [] : result.errors;
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    const remedy = codeOf(error) === 'EEXIST' ? 'Name another file, or move that one away.' : undefined;
    throw new OpError('write the config to', file, error, remedy);
  }
}

function summarize({ links, verdicts, notes, mistakes }: Imported, output: Output): void {
  const active = links.filter(({ isActive }) => isActive).length;
  const aside = links.length - active;
  const lines = (kind: string): number =>
    new Set(verdicts.filter(({ outcome }) => outcome.kind === kind).map(({ given }) => `${given.file}:${given.line}`))
      .size;
  const parts = [
    `${formatCount(active, 'link')}${aside > 0 ? `, and ${aside} commented out` : ''}`,
    `${formatCount(lines('carried'), 'line')} carried over, ${lines('needless')} not needed, ${lines('left')} left`,
  ];
  output.complain(`${parts.join('; ')}${notes.length > 0 ? ': the config says which, and what to do' : ''}`);
  for (const mistake of mistakes) output.complain(`the config has a mistake: ${mistake}`);
}

/** Larger ones are none of the files that are meant here. */
const largest = 1 << 20;

function filesBelow(root: string, refused: Set<string>): Files {
  const below = (path: string): string => join(root, path);
  return {
    readText(path) {
      try {
        return readFile(below(path));
      } catch (error) {
        if (codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM') refused.add(below(path));
        else if (!absent.includes(codeOf(error) ?? '')) throw new OpError('read', below(path), error);
        return undefined;
      }
    },
    list(folder) {
      try {
        return readdirSync(below(folder)).sort();
      } catch (error) {
        if (codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM') refused.add(below(folder));
        else if (!absent.includes(codeOf(error) ?? '')) throw new OpError('read', below(folder), error);
        return [];
      }
    },
  };
}

const absent = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENXIO', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'];

/** The text of a regular file; undefined for anything else. Without O_NONBLOCK, a FIFO would keep us waiting. */
function readFile(path: string): string | undefined {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile() || stat.size > largest) return undefined;
    const octets = Buffer.alloc(stat.size);
    let length = 0;
    while (length < octets.length) {
      const count = readSync(descriptor, octets, length, octets.length - length, null);
      if (count === 0) break;
      length += count;
    }
    return decodeText(octets.subarray(0, length));
  } finally {
    closeSync(descriptor);
  }
}
