/** What one key can't tell: mistakes between the keys of a link, and between links, wherever they are written. */
import { formatIp } from '../base/ip.js';
import { checkAnswer } from './answer-checks.js';
import { checkDial } from './dial-checks.js';
import { formatDuration } from './duration.js';
import { checkEncryption } from './encryption-checks.js';
import { checkFamilies } from './family-checks.js';
import { checkFilters, warnOfFilters } from './filter-checks.js';
import { checkLines } from './line-checks.js';
import { checkOversight, warnOfOversight } from './oversight-checks.js';
import { checkPools, warnOfPools, type PoolSite } from './pool-checks.js';
import { checkRoutes, warnOfRoutes } from './route-checks.js';
import { flowControlCharacters, usesSoftwareFlow } from './schema.js';
import { at, interfaceOf, isGiven, Uses, type LinkSite } from './site.js';
import { code, listed } from './text.js';
import type { Mistake } from './tree.js';
import { interfaceName, linkName } from './values.js';
import { checkWhen, warnOfWhen } from './when-checks.js';

export interface Checked {
  readonly errors: readonly Mistake[];
  readonly warnings: readonly Mistake[];
}

/** Checks all links and pools together. `control` is the path of the control socket. */
export function checkLinks(sites: readonly LinkSite[], pools: readonly PoolSite[], control: string): Checked {
  return {
    errors: [
      ...checkLines(sites, control),
      ...sites.flatMap(checkAddresses),
      ...sites.flatMap(checkInterface),
      ...sites.flatMap(checkFamilies),
      ...checkPools(pools, sites),
      ...sites.flatMap(checkRestart),
      ...checkClaims(sites),
      ...checkRoutes(sites),
      ...checkFilters(sites),
      ...sites.flatMap(checkOversight),
      ...checkWhen(sites),
      ...sites.flatMap(checkDial),
      ...sites.flatMap(checkAnswer),
      ...sites.flatMap(checkEncryption),
    ],
    warnings: [
      ...sites.flatMap(warnOfFlow),
      ...warnOfPools(pools, sites),
      ...warnOfRoutes(sites),
      ...sites.flatMap(warnOfFilters),
      ...sites.flatMap(warnOfOversight),
      ...sites.flatMap(warnOfWhen),
    ],
  };
}

function checkAddresses(site: LinkSite): readonly Mistake[] {
  const [has, lacks] = isGiven(site, 'local6') ? ['local6', 'remote6'] : ['remote6', 'local6'];
  return [
    ...addressKeys(site).flatMap(({ local, remote, keys: [, key] }) => {
      if (local === undefined || local !== remote) return [];
      return [at(site, [key], `${formatIp(remote)} is the local address too; each end needs its own`)];
    }),
    ...(isGiven(site, has) && !isGiven(site, lacks)
      ? [at(site, [has], `stands without ${code(lacks)}; the two ends have addresses together`, 'key')]
      : []),
  ];
}

/** The addresses of both ends, of each family, and the keys that have them. */
function addressKeys({ facts }: LinkSite) {
  const { local, remote, local6, remote6 } = facts;
  return [
    { local, remote, keys: ['local', 'remote'] },
    { local: local6, remote: remote6, keys: ['local6', 'remote6'] },
  ] as const;
}

/** Without `interface`, the link's name is the interface's; not every name will do. */
function checkInterface(site: LinkSite): readonly Mistake[] {
  const reading = interfaceName.read(site.name);
  // A name that no link can have is reported as such.
  if (!linkName.read(site.name).ok) return [];
  if (reading.ok || interfaceOf(site) !== site.name) return [];
  const problem = `this is the name of the interface too, and ${reading.problem}`;
  return [at(site, [], `${problem}; add \`interface\` with ${interfaceName.allowed}`, 'key')];
}

function checkRestart(site: LinkSite): readonly Mistake[] {
  const { restart } = site.facts;
  const pairs = [
    ['quick', restart?.quick, restart?.['quick-max']],
    ['slow', restart?.slow, restart?.['slow-max']],
  ] as const;
  return pairs
    .filter(([, first, most]) => first !== undefined && most !== undefined && most < first)
    .map(([name, first = 0]) => {
      return at(site, ['restart', `${name}-max`], `is shorter than ${code(name)}, which is ${formatDuration(first)}`);
    });
}

/** Interface names and remote addresses: two links can't have the same one, and no remote address is our own. */
function checkClaims(sites: readonly LinkSite[]): readonly Mistake[] {
  const interfaces = new Uses();
  const remotes = new Uses();
  const locals = new Uses();
  for (const site of sites) {
    for (const { local, keys } of addressKeys(site)) {
      if (local !== undefined) locals.claim(String(local), site, [keys[0]], () => '');
    }
  }
  return sites.flatMap((site) => {
    const tun = interfaceOf(site);
    const mistakes: Mistake[] = [];
    if (tun !== undefined) {
      const taken = (by: string): string => `the interface ${code(tun)} is already used by ${by}`;
      mistakes.push(...interfaces.claim(tun, site, ['interface'], taken));
    }
    for (const { local, remote, keys } of addressKeys(site)) {
      if (remote === undefined || remote === local) continue;
      const address = formatIp(remote);
      const path = [keys[1]];
      mistakes.push(
        ...locals.refuse(String(remote), site, path, (by) => `${address} is our own address on ${by}`),
        ...remotes.claim(String(remote), site, path, (by) => `${address} is already the remote address of ${by}`),
      );
    }
    return mistakes;
  });
}

function warnOfFlow(site: LinkSite): readonly Mistake[] {
  const { asyncmap } = site.facts.lcp;
  if (asyncmap === undefined || ![site.facts.line, ...site.facts.lines].some(usesSoftwareFlow)) return [];
  const lacking = flowControlCharacters.filter(({ octet }) => (asyncmap & (1 << octet)) === 0);
  if (lacking.length === 0) return [];
  const names = listed(lacking.map(({ name, octet }) => `${name} (${octet})`));
  const message = `lacks ${names}, which \`flow: xonxoff\` takes out of the line; without \`asyncmap\` both are in it`;
  return [at(site, ['lcp', 'asyncmap'], message)];
}
