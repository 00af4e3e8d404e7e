/**
 * Cross-checks of what the config wants with what the machine has, before anything is touched: at `check` and at start.
 * Pure: over a snapshot. What the config alone tells is checked when it is read.
 */
import {
  anywhere,
  covers,
  familyOf,
  formatIp,
  formatPrefix,
  hostPrefix,
  overlaps,
  samePrefix,
  sizeOf,
  type Ip,
  type Ip4,
} from '../base/ip.js';
import { networksOn } from './machine.js';
import type { TableRoute } from './observed.js';
import { ROUTE_PROTOCOL } from './operation.js';
import { MAX_PROXIES, type NeighbourProxy, type NetOptions } from './options.js';
import { FORWARDING_REMEDY } from './remedy.js';
import type { Snapshot, SnapshotInterface } from './snapshot.js';
import { FORWARD_ALL_REMEDY } from './switches.js';
import { MAIN_TABLE, metricOf } from './wanted.js';

/** A link as the config has it. */
export interface CheckedLink {
  readonly name: string;
  readonly interface: string;
  readonly local: Ip4;
  readonly remote: Ip4;
  readonly net: NetOptions;
}

export interface Finding {
  /** `error`: the link can't do its job; `warning`: it may not. */
  readonly level: 'error' | 'warning';
  readonly link: string;
  readonly message: string;
  /** What the person can do about it, as a sentence. */
  readonly remedy: string;
}

/** All findings, link by link. */
export function crossCheck(links: readonly CheckedLink[], snapshot: Snapshot): Finding[] {
  // The links' own interfaces are ours: what an earlier run left there is no finding.
  const own = new Set(links.map((link) => link.interface));
  const others = snapshot.interfaces.filter(({ name }) => !own.has(name));
  const foreign = snapshot.routes.filter(
    (route) => route.protocol !== ROUTE_PROTOCOL && (route.interface === undefined || !own.has(route.interface)),
  );
  return links.flatMap((link) => [
    ...checkAddresses(link, others),
    ...checkNetworks(link, others),
    ...checkRoutes(link, foreign),
    ...checkInterfaces(link, snapshot, own),
    ...checkProxies(link, others),
    ...checkForwarding(link, snapshot),
    ...checkReversePath(link, links, snapshot, foreign),
  ]);
}

function checkAddresses(link: CheckedLink, others: readonly SnapshotInterface[]): Finding[] {
  const { local6, remote6 } = link.net;
  return [
    ...checkPair(link, { local: link.local, remote: link.remote, keys: ['local', 'remote'] }, others),
    ...(local6 === undefined || remote6 === undefined
      ? []
      : checkPair(link, { local: local6, remote: remote6, keys: ['local6', 'remote6'] }, others)),
  ];
}

interface CheckedPair {
  readonly local: Ip;
  readonly remote: Ip;
  /** The keys of the config that name them. */
  readonly keys: readonly [local: string, remote: string];
}

function checkPair(
  link: CheckedLink,
  { local, remote, keys }: CheckedPair,
  others: readonly SnapshotInterface[],
): Finding[] {
  const holder = (address: Ip): SnapshotInterface | undefined =>
    others.find(({ addresses }) => addresses.some((one) => one.local === address));
  const peerHolder = holder(remote);
  const localHolder = holder(local);
  return [
    ...(peerHolder === undefined
      ? []
      : [
          error(
            link,
            `the peer's address ${formatIp(remote)} is an address of this machine, on ${peerHolder.name}`,
            `Give \`${keys[1]}\` the address of the far end, or remove it here`,
          ),
        ]),
    // A router that borrows its LAN's address for the link is an old and good custom; but it should be meant.
    ...(localHolder === undefined || localHolder.loopback
      ? []
      : [
          warning(
            link,
            `the local address ${formatIp(local)} is on ${localHolder.name} as well`,
            `This is fine when the link shall borrow it; else give \`${keys[0]}\` an address of its own`,
          ),
        ]),
  ];
}

/** The kernel prefers the longer prefix: hosts of a connected network that lies in a remote one, and so on, are cut off. */
function checkNetworks(link: CheckedLink, others: readonly SnapshotInterface[]): Finding[] {
  return link.net.networks.flatMap(({ prefix, table }) =>
    others
      .flatMap((one) => networksOn(one).map((network) => ({ name: one.name, network })))
      .filter(({ network }) => (table ?? MAIN_TABLE) === MAIN_TABLE && prefix.length > 0 && overlaps(network, prefix))
      .map(({ name, network }) =>
        (prefix.length > network.length ? warning : error)(
          link,
          `the remote network ${formatPrefix(prefix)} overlaps ${formatPrefix(network)}, which is connected to ${name}`,
          prefix.length > network.length
            ? `Hosts of ${name} reach the addresses behind the link only with \`${familyOf(prefix) === 4 ? 'proxy-arp' : 'proxy-ndp'}\` for ${formatPrefix(prefix)}`
            : 'One of the two networks has to be numbered anew',
        ),
      ),
  );
}

function checkRoutes(link: CheckedLink, foreign: readonly TableRoute[]): Finding[] {
  const { networks, defaultRoute } = link.net;
  const routes = networks.flatMap(({ prefix, metric: given, table = MAIN_TABLE }) => {
    const metric = metricOf({ prefix, metric: given });
    return foreign
      .filter((other) => other.table === table && samePrefix(other.prefix, prefix) && other.metric <= metric)
      .map((other) =>
        other.metric === metric
          ? error(
              link,
              `there is a route to ${formatPrefix(prefix)} with metric ${metric} already, ${describe(other)}`,
              'Delete that route, or give the network another `metric`',
            )
          : warning(
              link,
              `a route to ${formatPrefix(prefix)} with a lower metric wins over the link's, ${describe(other)}`,
              `Give the network a metric below ${other.metric}, unless the link is the reserve`,
            ),
      );
  });
  if (defaultRoute === undefined || defaultRoute.supersede) return routes;
  // The link's of IPv6 comes only if the peer agrees; that is told then.
  const winners = foreign.filter(
    ({ table, prefix, metric }) =>
      table === MAIN_TABLE && samePrefix(prefix, anywhere[4]) && metric <= defaultRoute.metric,
  );
  return [
    ...routes,
    ...winners.map((other) =>
      warning(
        link,
        `another default route wins over the link's (metric ${defaultRoute.metric}), ${describe(other)}`,
        'Give the link a lower metric, or let it supersede the other',
      ),
    ),
  ];
}

/** Those that the options name. */
function checkInterfaces({ net, ...link }: CheckedLink, snapshot: Snapshot, own: ReadonlySet<string>): Finding[] {
  const named = [
    ...net.proxyArp.flatMap((one) => (one.interface === undefined ? [] : [['proxy-arp', one.interface] as const])),
    ...net.proxyNdp.flatMap((one) => (one.interface === undefined ? [] : [['proxy-ndp', one.interface] as const])),
    ...net.masquerade.flatMap(({ out }) => (out === 'link' ? [] : [['masquerade', out.interface] as const])),
    ...net.portForwards.flatMap(({ on }) => (on === 'link' ? [] : [['port-forwards', on.interface] as const])),
    ...(net.forward?.interfaces ?? []).map((name) => ['forward', name] as const),
  ];
  return named
    .filter(([, name]) => !own.has(name) && !snapshot.interfaces.some((one) => one.name === name))
    .map(([key, name]) =>
      error(
        link,
        `\`${key}\` names the interface ${name}, which does not exist`,
        'See `ip link show` for those that do',
      ),
    );
}

function checkProxies(link: CheckedLink, others: readonly SnapshotInterface[]): Finding[] {
  const { proxyArp, proxyNdp, remote6 } = link.net;
  return [
    ...checkProxiesOf(link, { key: 'proxy-arp', proxies: proxyArp, peer: link.remote }, others),
    ...checkProxiesOf(link, { key: 'proxy-ndp', proxies: proxyNdp, peer: remote6 }, others),
  ];
}

interface CheckedProxies {
  readonly key: 'proxy-arp' | 'proxy-ndp';
  readonly proxies: readonly NeighbourProxy[];
  readonly peer: Ip | undefined;
}

function checkProxiesOf(
  link: CheckedLink,
  { key, proxies, peer }: CheckedProxies,
  others: readonly SnapshotInterface[],
): Finding[] {
  return proxies.flatMap((proxy) => {
    if (proxy.target === 'peer' && peer === undefined) return [];
    const target = proxy.target === 'peer' ? hostPrefix(peer ?? 0) : proxy.target;
    const subject = proxy.target === 'peer' ? `the peer ${formatIp(target.address)}` : formatPrefix(target);
    if (sizeOf(target) > MAX_PROXIES) {
      const message = `\`${key}\` for ${subject} would be more than ${MAX_PROXIES} entries`;
      return [error(link, message, 'Name smaller networks, or give the hosts of the LAN a route')];
    }
    const lans = others.filter((one) =>
      proxy.interface === undefined
        ? !one.loopback && networksOn(one).some((network) => covers(network, target))
        : one.name === proxy.interface,
    );
    if (lans.length === 0 && proxy.interface === undefined) {
      const message = `\`${key}\` for ${subject}: no interface has a network that holds it`;
      return [error(link, message, 'Name the interface, or give the hosts of the LAN a route')];
    }
    // The kernel answers only for what it would forward.
    const forwards = (one: SnapshotInterface): boolean => (key === 'proxy-arp' ? one.forwarding : one.forwarding6);
    return lans
      .filter((one) => !forwards(one) && link.net.forward?.interfaces.includes(one.name) !== true)
      .map(({ name }) =>
        warning(link, `\`${key}\` on ${name} has no effect, as forwarding is off there`, `Add ${name} to \`forward\``),
      );
  });
}

function checkForwarding(link: CheckedLink, { interfaces, newInterface }: Snapshot): Finding[] {
  if (link.net.forward === undefined) return [];
  const has6 = link.net.local6 !== undefined || link.net.networks.some(({ prefix }) => familyOf(prefix) === 6);
  return [link.interface, ...link.net.forward.interfaces].flatMap((name) => {
    const one = interfaces.find((other) => other.name === name) ?? (name === link.interface ? newInterface : undefined);
    if (one === undefined) return [];
    const message = `forwarding is off for ${name}, and linkd may not switch it on`;
    return [
      ...(one.forwarding || one.forwardingWritable ? [] : [error(link, message, FORWARDING_REMEDY)]),
      ...(!has6 || one.forwarding6 || one.forwarding6Writable
        ? []
        : [error(link, `IPv6 ${message}`, `${FORWARDING_REMEDY}. Before Linux 6.17: ${FORWARD_ALL_REMEDY}`)]),
    ];
  });
}

/** RFC 3704: a strict filter drops what comes in where the route back does not go out. */
function checkReversePath(
  link: CheckedLink,
  links: readonly CheckedLink[],
  { interfaces, newInterface }: Snapshot,
  foreign: readonly TableRoute[],
): Finding[] {
  const { rpFilter } = interfaces.find(({ name }) => name === link.interface) ?? newInterface;
  if (rpFilter !== 1) return [];
  const elsewhere = link.net.networks.filter(({ prefix, metric = 0, table = MAIN_TABLE }) => {
    // IPv6 has no such filter.
    if (familyOf(prefix) === 6) return false;
    const better = (other: Pick<TableRoute, 'prefix' | 'metric' | 'table'>): boolean =>
      other.table === MAIN_TABLE && samePrefix(other.prefix, prefix) && other.metric < metric;
    const siblings = links
      .filter((other) => other.name !== link.name)
      .flatMap((other) => other.net.networks)
      .map((other) => ({ prefix: other.prefix, metric: other.metric ?? 0, table: other.table ?? MAIN_TABLE }));
    return table !== MAIN_TABLE || siblings.some(better) || foreign.some(better);
  });
  return elsewhere.map(({ prefix }) =>
    warning(
      link,
      `rp_filter is strict on ${link.interface}, and drops what comes from ${formatPrefix(prefix)}: the way back leads elsewhere`,
      `Make it loose: \`sysctl -w net.ipv4.conf.all.rp_filter=2\``,
    ),
  );
}

function describe({ interface: name, gateway, metric, protocol }: TableRoute): string {
  const via = gateway === undefined ? '' : ` via ${formatIp(gateway)}`;
  const dev = name === undefined ? '' : ` on ${name}`;
  return `of protocol ${protocol}${via}${dev} (metric ${metric})`;
}

function error({ name }: Pick<CheckedLink, 'name'>, message: string, remedy: string): Finding {
  return { level: 'error', link: name, message, remedy };
}

function warning({ name }: Pick<CheckedLink, 'name'>, message: string, remedy: string): Finding {
  return { level: 'warning', link: name, message, remedy };
}
