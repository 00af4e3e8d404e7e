/** Mistakes between the lines of links: two can't have the same device, path or port. */
import { posix } from 'node:path';
import { assertNever } from '../base/errors.js';
import type { TcpListenOptions } from '../line/options.js';
import { at, Uses, type LinkSite } from './site.js';
import { show } from './text.js';
import type { Mistake, Path } from './tree.js';

/** `control` is the path of the control socket. */
export function checkLines(sites: readonly LinkSite[], control: string): readonly Mistake[] {
  const uses = new Uses();
  return sites.flatMap((site): readonly Mistake[] => {
    const { line } = site.facts;
    const claim = (path: Path, thing: string, name: string) =>
      uses.claim(thing, site, path, (by) => `${show(name)} is already used by ${by}`);
    const claimPath = (key: string, path: string) =>
      posix.normalize(path) === posix.normalize(control)
        ? [at(site, ['line', key], `${show(path)} is the control socket`)]
        : claim(['line', key], `path ${posix.normalize(path)}`, path);
    switch (line?.kind) {
      case 'serial':
        return claim(['line', 'serial'], `device ${posix.normalize(line.device)}`, line.device);
      case 'rfc2217':
        return claim(['line', 'rfc2217'], `terminal server ${line.host} ${line.port}`, `${line.host}:${line.port}`);
      case 'pty':
        return claimPath('pty', line.link);
      case 'unix-listen':
        return claimPath('unix-listen', line.path);
      case 'tcp-listen':
        return checkPort(uses, site, line);
      // Whether a server takes two connections is its own matter.
      case 'tcp':
      case 'unix':
      case 'exec':
      case undefined:
        return [];
      default:
        return assertNever(line);
    }
  });
}

/** All addresses of a port include each single one. */
function checkPort(uses: Uses, site: LinkSite, { host, port }: TcpListenOptions): readonly Mistake[] {
  const path = ['line', 'tcp-listen'];
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
