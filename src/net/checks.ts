/**
 * Cross-checks of what the config wants with what the machine has, before anything is touched: at `check` and at start.
 * Pure: over a snapshot. What the config alone tells is checked when it is read.
 */
import { formatIp4, formatPrefix, overlaps, type Ip4, type Prefix } from '../base/ip.js';
import { MAX_PROXIES, networksOn } from './machine.js';
import type { TableRoute } from './observed.js';
import { ROUTE_PROTOCOL } from './operation.js';
import type { NetOptions } from './options.js';
import { FORWARDING_REMEDY } from './remedy.js';
import type { Snapshot, SnapshotInterface } from './snapshot.js';
import { MAIN_TABLE } from './wanted.js';

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
  const holder = (address: Ip4): SnapshotInterface | undefined =>
    others.find(({ addresses }) => addresses.some(({ local }) => local === address));
  const peerHolder = holder(link.remote);
  const localHolder = holder(link.local);
  return [
    ...(peerHolder === undefined
      ? []
      : [
          error(
            link,
            `the peer's address ${formatIp4(link.remote)} is an address of this machine, on ${peerHolder.name}`,
            'Give `remote` the address of the far end, or remove it here',
          ),
        ]),
    // A router that borrows its LAN's address for the link is an old and good custom; but it should be meant.
    ...(localHolder === undefined || localHolder.loopback
      ? []
      : [
          warning(
            link,
            `the local address ${formatIp4(link.local)} is on ${localHolder.name} as well`,
            'This is fine when the link shall borrow it; else give `local` an address of its own',
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
            ? `Hosts of ${name} reach the addresses behind the link only with \`proxy-arp\` for ${formatPrefix(prefix)}`
            : 'One of the two networks has to be numbered anew',
        ),
      ),
  );
}

function checkRoutes(link: CheckedLink, foreign: readonly TableRoute[]): Finding[] {
  const { networks, defaultRoute } = link.net;
  const routes = networks.flatMap(({ prefix, metric = 0, table = MAIN_TABLE }) =>
    foreign
      .filter((other) => other.table === table && same(other.prefix, prefix) && other.metric <= metric)
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
      ),
  );
  if (defaultRoute === undefined || defaultRoute.supersede) return routes;
  const winners = foreign.filter(
    ({ table, prefix, metric }) => table === MAIN_TABLE && prefix.length === 0 && metric <= defaultRoute.metric,
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
  return link.net.proxyArp.flatMap((proxy) => {
    const target = proxy.target === 'peer' ? { address: link.remote, length: 32 } : proxy.target;
    const subject = proxy.target === 'peer' ? `the peer ${formatIp4(link.remote)}` : formatPrefix(target);
    if (2 ** (32 - target.length) > MAX_PROXIES) {
      const message = `\`proxy-arp\` for ${subject} would be more than ${MAX_PROXIES} entries`;
      return [error(link, message, 'Name smaller networks, or give the hosts of the LAN a route')];
    }
    const lans = others.filter((one) =>
      proxy.interface === undefined
        ? !one.loopback && networksOn(one).some((network) => covers(network, target))
        : one.name === proxy.interface,
    );
    if (lans.length === 0 && proxy.interface === undefined) {
      const message = `\`proxy-arp\` for ${subject}: no interface has a network that holds it`;
      return [error(link, message, 'Name the interface, or give the hosts of the LAN a route')];
    }
    // The kernel answers only for what it would forward.
    return lans
      .filter(({ name, forwarding }) => !forwarding && link.net.forward?.interfaces.includes(name) !== true)
      .map(({ name }) =>
        warning(
          link,
          `\`proxy-arp\` on ${name} has no effect, as forwarding is off there`,
          `Add ${name} to \`forward\``,
        ),
      );
  });
}

function checkForwarding(link: CheckedLink, { interfaces, newInterface }: Snapshot): Finding[] {
  if (link.net.forward === undefined) return [];
  return [link.interface, ...link.net.forward.interfaces].flatMap((name) => {
    const one = interfaces.find((other) => other.name === name) ?? (name === link.interface ? newInterface : undefined);
    if (one === undefined || one.forwarding || one.forwardingWritable) return [];
    return [error(link, `forwarding is off for ${name}, and linkd may not switch it on`, FORWARDING_REMEDY)];
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
    const better = (other: Pick<TableRoute, 'prefix' | 'metric' | 'table'>): boolean =>
      other.table === MAIN_TABLE && same(other.prefix, prefix) && other.metric < metric;
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
  const via = gateway === undefined ? '' : ` via ${formatIp4(gateway)}`;
  const dev = name === undefined ? '' : ` on ${name}`;
  return `of protocol ${protocol}${via}${dev} (metric ${metric})`;
}

function covers(network: Prefix, target: Prefix): boolean {
  return network.length <= target.length && overlaps(network, target);
}

function same(a: Prefix, b: Prefix): boolean {
  return a.address === b.address && a.length === b.length;
}

function error({ name }: Pick<CheckedLink, 'name'>, message: string, remedy: string): Finding {
  return { level: 'error', link: name, message, remedy };
}

function warning({ name }: Pick<CheckedLink, 'name'>, message: string, remedy: string): Finding {
  return { level: 'warning', link: name, message, remedy };
}
