/** Mistakes in the lines of links: one too many or none, and two that have the same device, path or port. */
import { posix } from 'node:path';
import { assertNever } from '../base/errors.js';
import type { LineOptions, TcpListenOptions } from '../line/options.js';
import { keyFacts } from './keys.js';
import { line } from './lines.js';
import { at, isGiven, isSection, Uses, type LinkSite } from './site.js';
import { show, withAllowed } from './text.js';
import type { Mistake, Path } from './tree.js';

/** `control` is the path of the control socket. */
export function checkLines(sites: readonly LinkSite[], control: string): readonly Mistake[] {
  const uses = new Uses();
  return sites.flatMap((site) => [
    ...checkNumber(site),
    ...checkLine(uses, control, site, ['line'], site.facts.line),
    ...site.facts.lines.flatMap((line, i) => checkLine(uses, control, site, ['lines', i], line)),
  ]);
}

function checkNumber(site: LinkSite): readonly Mistake[] {
  const { multilink } = site.facts;
  const hasSeveral = isGiven(site, 'lines');
  if (isSection(site) && !hasSeveral && !isGiven(site, 'line'))
    return [at(site, ['line'], withAllowed('is missing', keyFacts.get(line)?.allowed ?? ''))];
  return [
    ...(hasSeveral && isGiven(site, 'line')
      ? [at(site, ['lines'], '`line` is there as well; put all lines into one of them', 'key')]
      : []),
    ...(multilink === false && site.facts.lines.length > 1
      ? [at(site, ['multilink'], '`lines` has several lines, and they need it')]
      : []),
  ];
}

function checkLine(
  uses: Uses,
  control: string,
  site: LinkSite,
  path: Path,
  options: LineOptions | undefined,
): readonly Mistake[] {
  const claim = (key: string, thing: string, name: string) =>
    uses.claim(thing, site, [...path, key], (by) => `${show(name)} is already used by ${by}`);
  const claimPath = (key: string, file: string) =>
    posix.normalize(file) === posix.normalize(control)
      ? [at(site, [...path, key], `${show(file)} is the control socket`)]
      : claim(key, `path ${posix.normalize(file)}`, file);
  switch (options?.kind) {
    case 'serial':
      return claim('serial', `device ${posix.normalize(options.device)}`, options.device);
    case 'rfc2217':
      return claim('rfc2217', `terminal server ${options.host} ${options.port}`, `${options.host}:${options.port}`);
    case 'pty':
      return claimPath('pty', options.link);
    case 'unix-listen':
      return claimPath('unix-listen', options.path);
    case 'tcp-listen':
      return checkPort(uses, site, [...path, 'tcp-listen'], options);
    // Whether a server takes two connections is its own matter.
    case 'tcp':
    case 'unix':
    case 'terminal':
    case 'exec':
    case undefined:
      return [];
    default:
      return assertNever(options);
  }
}

/** All addresses of a port include each single one. */
function checkPort(uses: Uses, site: LinkSite, path: Path, { host, port }: TcpListenOptions): readonly Mistake[] {
  const taken = (by: string): string => `port ${port} is already used by ${by}`;
  const isEvery = host === '0.0.0.0' || host === '::';
  const clash = isEvery ? `port ${port}` : `every ${port}`;
  const refused = uses.refuse(clash, site, path, taken);
  if (refused.length > 0) return refused;
  const own = uses.claim(isEvery ? `every ${port}` : `port ${host} ${port}`, site, path, taken);
  // The first of a port stands for all its addresses.
  uses.claim(`port ${port}`, site, path, taken);
  return own;
}
