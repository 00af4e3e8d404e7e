/** Mistakes between the routes of links, and in what depends on them: proxy ARP and forwarding. */
import {
  bitsOf,
  formatIp,
  formatPrefix,
  hostPrefix,
  networkOf,
  overlaps,
  prefixOf,
  samePrefix,
  type Ip,
  type IpPrefix,
} from '../base/ip.js';
import { at, behind, isGiven, mention, refuseOwn, Uses, type LinkSite } from './site.js';
import { code } from './text.js';
import type { Mistake, Path } from './tree.js';

/** Two routes to one network can't have the same metric in the same table, and more that no link can do. */
export function checkRoutes(sites: readonly LinkSite[]): readonly Mistake[] {
  return [
    ...checkNetworks(routesOf(sites)),
    ...checkDefaultRoutes(sites),
    ...sites.flatMap(checkProxies),
    ...sites.flatMap(checkForward),
  ];
}

/** What is probably not meant: networks within networks, and around our own address. */
export function warnOfRoutes(sites: readonly LinkSite[]): readonly Mistake[] {
  return warnOfNetworks(routesOf(sites));
}

interface Route {
  readonly site: LinkSite;
  readonly path: Path;
  readonly prefix: IpPrefix;
  readonly metric: number;
  readonly table: number;
}

/** The kernel's table main. */
const mainTable = 254;

function routesOf(sites: readonly LinkSite[]): readonly Route[] {
  return sites.flatMap((site) =>
    site.facts.networks.flatMap((network, i): readonly Route[] => {
      if (network === undefined) return [];
      const { prefix, metric = 0, table = mainTable } = network;
      return [{ site, path: ['networks', i, 'network'], prefix, metric, table }];
    }),
  );
}

/** What makes a route one route to the kernel, but for its network. */
function keyOf({ metric, table }: Route): string {
  return `${metric} ${table}`;
}

function checkNetworks(routes: readonly Route[]): readonly Mistake[] {
  const uses = new Uses();
  return routes.flatMap((route) => {
    const { site, path, prefix, metric, table } = route;
    const name = formatPrefix(prefix);
    const { local, remote, local6, remote6 } = site.facts;
    const isOne = (address: Ip | undefined): boolean =>
      address !== undefined && samePrefix(prefix, hostPrefix(address));
    if (prefix.length === 0 && table === mainTable) {
      return [at(site, path, `${name} is the default route; write \`default-route: true\` instead`)];
    }
    if (isOne(local) || isOne(local6)) return [at(site, path, `${name} is our own address on the link`)];
    if (isOne(remote) || isOne(remote6)) {
      return [at(site, path, `${name} is the remote address, which is reached without being listed`)];
    }
    const where = table === mainTable ? '' : ` in the table ${table}`;
    const repeated = uses.claim(`${site.name} ${name} ${table}`, site, path, () => `${name} is listed twice${where}`);
    if (repeated.length > 0) return repeated;
    return uses.claim(
      `${name} ${keyOf(route)}`,
      site,
      path,
      (by) => `${name} is already behind ${by} with the metric ${metric}${where}`,
    );
  });
}

function checkDefaultRoutes(sites: readonly LinkSite[]): readonly Mistake[] {
  const uses = new Uses();
  return sites.flatMap((site) => {
    const route = site.facts['default-route'];
    if (route === undefined) return [];
    const { metric } = route;
    const taken = (by: string): string => `${by} already has a default route with the metric ${metric}`;
    return uses.claim(String(metric), site, ['default-route', 'metric'], taken);
  });
}

function checkProxies(site: LinkSite): readonly Mistake[] {
  return [...checkProxiesOf(site, 'proxy-arp'), ...checkProxiesOf(site, 'proxy-ndp')];
}

function checkProxiesOf(site: LinkSite, key: 'proxy-arp' | 'proxy-ndp'): readonly Mistake[] {
  const reachable = behind(site);
  const seen = new Set<string>();
  return site.facts[key].flatMap((proxy, i) => {
    if (proxy === undefined) return [];
    const { target, interface: lan } = proxy;
    const path = [key, i, 'target'];
    const name = target === 'peer' ? code(target) : formatPrefix(target);
    const mistakes: Mistake[] = [];
    if (target === 'peer' && key === 'proxy-ndp' && !isGiven(site, 'remote6')) {
      mistakes.push(at(site, path, `the peer has no global address; add ${code('remote6')}`));
    }
    if (target !== 'peer' && reachable?.covers(target) === false) {
      mistakes.push(at(site, path, `${name} is not behind the link; nobody there would get what linkd answers for`));
    }
    const thing = `${name} ${lan ?? ''}`;
    if (seen.has(thing)) mistakes.push(at(site, path, `${name} is listed twice`));
    seen.add(thing);
    return [...mistakes, ...refuseOwn(site, [key, i, 'interface'], lan, 'name that of a LAN')];
  });
}

function checkForward(site: LinkSite): readonly Mistake[] {
  const seen = new Set<string>();
  return (site.facts.forward?.interfaces ?? []).flatMap((name, i) => {
    const path = ['forward', i];
    if (seen.has(name)) return [at(site, path, `${code(name)} is listed twice`)];
    seen.add(name);
    return refuseOwn(site, path, name, 'it forwards without being listed');
  });
}

function warnOfNetworks(routes: readonly Route[]): readonly Mistake[] {
  const first = new Map<string, Route>();
  for (const route of routes) {
    const thing = `${formatPrefix(route.prefix)} ${keyOf(route)}`;
    if (!first.has(thing)) first.set(thing, route);
  }
  return routes.flatMap((route) => {
    const { site, path, prefix } = route;
    const name = formatPrefix(prefix);
    const { local, local6 } = site.facts;
    const warnings: Mistake[] = [];
    for (const address of [local, local6]) {
      if (address === undefined || prefix.length <= halfOfAll || prefix.length === bitsOf(address)) continue;
      if (!overlaps(prefix, hostPrefix(address))) continue;
      const by = typeof address === 'number' ? 'proxy ARP' : 'proxy NDP';
      warnings.push(
        at(site, path, `${name} contains our own address ${formatIp(address)}; its hosts reach us only by ${by}`),
      );
    }
    const wider = widerRoute(first, route);
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
function widerRoute(first: ReadonlyMap<string, Route>, route: Route): Route | undefined {
  const { address, length } = route.prefix;
  for (let shorter = length - 1; shorter > halfOfAll; shorter--) {
    const wider = first.get(`${formatPrefix(networkOf(prefixOf(address, shorter)))} ${keyOf(route)}`);
    if (wider !== undefined) return wider;
  }
  return undefined;
}
