/** What one key can't tell: mistakes between the keys of a link, and between links, wherever they are written. */
import { posix } from 'node:path';
import { assertNever } from '../base/errors.js';
import { formatIp4, formatPrefix, networkOf, overlaps, type Prefix } from '../base/ip.js';
import type { TcpListenOptions } from '../line/options.js';
import { formatDuration } from './duration.js';
import { flowControlCharacters, usesSoftwareFlow, type LinkFacts } from './schema.js';
import { code, listed, show } from './text.js';
import { formatPlace, mistakeAt, nodeAt, type Message, type Mistake, type Path, type Source } from './tree.js';
import { interfaceName, linkName } from './values.js';

/** A link in its file, with what is valid of it. */
export interface LinkSite {
  readonly name: string;
  readonly source: Source;
  readonly facts: LinkFacts;
}

export interface Checked {
  readonly errors: readonly Mistake[];
  readonly warnings: readonly Mistake[];
}

/** Checks all links together. `control` is the path of the control socket. */
export function checkLinks(sites: readonly LinkSite[], control: string): Checked {
  const routes = routesOf(sites);
  return {
    errors: [
      ...sites.flatMap(checkAddresses),
      ...sites.flatMap(checkInterface),
      ...sites.flatMap(checkRestart),
      ...checkLines(sites, control),
      ...checkClaims(sites),
      ...checkRoutes(routes),
    ],
    warnings: [...sites.flatMap(warnOfFlow), ...warnOfNetworks(routes)],
  };
}

function at(site: LinkSite, path: Path, message: Message, where?: 'key'): Mistake {
  return mistakeAt(site.source, ['links', site.name, ...path], message, where);
}

/** The link and the place of what it has: link `branch` (linkd.yaml:4:5). */
function mention(site: LinkSite, path: Path): string {
  return `link ${code(site.name)} (${formatPlace(at(site, path, ''))})`;
}

function checkAddresses(site: LinkSite): readonly Mistake[] {
  const { local, remote } = site.facts;
  if (local === undefined || local !== remote) return [];
  return [at(site, ['remote'], `${formatIp4(remote)} is the local address too; each end needs its own`)];
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

function interfaceOf({ name, source, facts }: LinkSite): string | undefined {
  const isGiven = nodeAt(source.root, ['links', name, 'interface']) !== undefined;
  return isGiven ? facts.interface : name;
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

/** The first user of each thing that only one link can have. */
class Uses {
  readonly #uses = new Map<string, { readonly site: LinkSite; readonly path: Path }>();

  /** A mistake when the thing is taken. */
  claim(thing: string, site: LinkSite, path: Path, message: (by: string) => string): readonly Mistake[] {
    const first = this.#uses.get(thing);
    if (first !== undefined) return [at(site, path, () => message(mention(first.site, first.path)))];
    this.#uses.set(thing, { site, path });
    return [];
  }

  /** A mistake when the thing is taken, which is not claimed. */
  refuse(thing: string, site: LinkSite, path: Path, message: (by: string) => string): readonly Mistake[] {
    const first = this.#uses.get(thing);
    return first === undefined ? [] : [at(site, path, () => message(mention(first.site, first.path)))];
  }
}

/** Devices, paths and ports: two links can't have the same one. */
function checkLines(sites: readonly LinkSite[], control: string): readonly Mistake[] {
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

/** Interface names and remote addresses: two links can't have the same one, and no remote address is our own. */
function checkClaims(sites: readonly LinkSite[]): readonly Mistake[] {
  const interfaces = new Uses();
  const remotes = new Uses();
  const locals = new Uses();
  for (const site of sites) {
    if (site.facts.local !== undefined) locals.claim(String(site.facts.local), site, ['local'], () => '');
  }
  return sites.flatMap((site) => {
    const { local, remote } = site.facts;
    const tun = interfaceOf(site);
    const mistakes: Mistake[] = [];
    if (tun !== undefined) {
      const taken = (by: string): string => `the interface ${code(tun)} is already used by ${by}`;
      mistakes.push(...interfaces.claim(tun, site, ['interface'], taken));
    }
    if (remote === undefined || remote === local) return mistakes;
    const address = formatIp4(remote);
    mistakes.push(
      ...locals.refuse(String(remote), site, ['remote'], (by) => `${address} is our own address on ${by}`),
      ...remotes.claim(String(remote), site, ['remote'], (by) => `${address} is already the remote address of ${by}`),
    );
    return mistakes;
  });
}

interface Route {
  readonly site: LinkSite;
  readonly path: Path;
  readonly prefix: Prefix;
  readonly metric: number;
}

function routesOf(sites: readonly LinkSite[]): readonly Route[] {
  return sites.flatMap((site) =>
    site.facts.networks.flatMap((network, i) =>
      network === undefined
        ? []
        : [{ site, path: ['networks', i, 'network'], prefix: network.network, metric: network.metric ?? 0 }],
    ),
  );
}

function checkRoutes(routes: readonly Route[]): readonly Mistake[] {
  const uses = new Uses();
  return routes.flatMap(({ site, path, prefix, metric }) => {
    const name = formatPrefix(prefix);
    const { local, remote } = site.facts;
    if (prefix.length === 32 && prefix.address === local)
      return [at(site, path, `${name} is our own address on the link`)];
    if (prefix.length === 32 && prefix.address === remote) {
      return [at(site, path, `${name} is the remote address, which is reached without being listed`)];
    }
    const repeated = uses.claim(`${site.name} ${name}`, site, path, () => `${name} is listed twice`);
    if (repeated.length > 0) return repeated;
    return uses.claim(
      `${name} ${metric}`,
      site,
      path,
      (by) => `${name} is already behind ${by} with the metric ${metric}`,
    );
  });
}

function warnOfNetworks(routes: readonly Route[]): readonly Mistake[] {
  const first = new Map<string, Route>();
  for (const route of routes) {
    const thing = `${formatPrefix(route.prefix)} ${route.metric}`;
    if (!first.has(thing)) first.set(thing, route);
  }
  return routes.flatMap((route) => {
    const { site, path, prefix, metric } = route;
    const name = formatPrefix(prefix);
    const { local } = site.facts;
    const warnings: Mistake[] = [];
    if (
      local !== undefined &&
      prefix.length > halfOfAll &&
      prefix.length < 32 &&
      overlaps(prefix, { address: local, length: 32 })
    ) {
      warnings.push(
        at(site, path, `${name} contains our own address ${formatIp4(local)}; its hosts reach us only by proxy ARP`),
      );
    }
    const wider = widerRoute(first, prefix, metric);
    if (wider === undefined) return warnings;
    const around = formatPrefix(wider.prefix);
    const message = (): string =>
      wider.site === site
        ? `${name} is part of ${around}, which is listed too`
        : `${name} is part of ${around} behind ${mention(wider.site, wider.path)} and takes precedence; different metrics say that this is meant`;
    return [...warnings, at(site, path, message)];
  });
}

/** The default route, also as its two halves, is meant to be around everything. */
const halfOfAll = 1;

/** The narrowest route around a network with the same metric. */
function widerRoute(first: ReadonlyMap<string, Route>, { address, length }: Prefix, metric: number): Route | undefined {
  for (let shorter = length - 1; shorter > halfOfAll; shorter--) {
    const wider = first.get(`${formatPrefix(networkOf({ address, length: shorter }))} ${metric}`);
    if (wider !== undefined) return wider;
  }
  return undefined;
}

function warnOfFlow(site: LinkSite): readonly Mistake[] {
  const { asyncmap } = site.facts.lcp;
  if (asyncmap === undefined || !usesSoftwareFlow(site.facts.line)) return [];
  const lacking = flowControlCharacters.filter(({ octet }) => (asyncmap & (1 << octet)) === 0);
  if (lacking.length === 0) return [];
  const names = listed(lacking.map(({ name, octet }) => `${name} (${octet})`));
  const message = `lacks ${names}, which \`flow: xonxoff\` takes out of the line; without \`asyncmap\` both are in it`;
  return [at(site, ['lcp', 'asyncmap'], message)];
}
