/** Explains the routing table: which route comes from which key of which link's config. */
import { formatIp, formatPrefix, hostPrefix, samePrefix, type IpPrefix } from '../base/ip.js';
import type { LinkConfig } from '../config/types.js';
import type { TableRoute } from '../net/observed.js';
import type { RouteExplanation } from './types.js';

/** linkd's own route protocol number, see docs/routing.md. */
const linkdProtocol = 108;

/** The kernel's and iproute2's names of the common ones (/etc/iproute2/rt_protos). */
const protocolNames: ReadonlyMap<number, string> = new Map([
  [1, 'redirect'],
  [2, 'kernel'],
  [3, 'boot'],
  [4, 'static'],
  [9, 'ra'],
  [12, 'bird'],
  [16, 'dhcp'],
  [linkdProtocol, 'linkd'],
  [186, 'bgp'],
  [188, 'ospf'],
]);

/** In the order of the table; a route that no link explains has neither link nor origin. */
export function explainRoutes(
  routes: readonly TableRoute[],
  links: readonly LinkConfig[],
): readonly RouteExplanation[] {
  return routes.map((route) => {
    const { prefix, type, interface: through, gateway, metric, table, protocol } = route;
    const link = links.find((candidate) => belongs(route, candidate));
    return {
      destination: prefix.length === 0 ? 'default' : formatPrefix(prefix),
      type,
      interface: through,
      gateway: gateway === undefined ? undefined : formatIp(gateway),
      metric,
      table,
      protocol: protocolNames.get(protocol) ?? String(protocol),
      link: link?.name,
      origin: link && originOf(route, link),
    };
  });
}

function belongs({ interface: through, protocol, type, prefix }: TableRoute, link: LinkConfig): boolean {
  if (through === link.interface) return true;
  return protocol === linkdProtocol && type === 'unreachable' && networkKey(prefix, link) !== undefined;
}

/** The key of the config that a link's route comes from. */
function originOf({ prefix, protocol, type }: TableRoute, link: LinkConfig): string | undefined {
  if (protocol !== linkdProtocol) return peerKey(prefix, link);
  if (type === 'unreachable') return `links.${link.name}.unreachable`;
  return networkKey(prefix, link) ?? (prefix.length === 0 ? `links.${link.name}.default-route` : undefined);
}

/** The kernel makes the route to the peer, with the address. */
function peerKey(prefix: IpPrefix, { name, remote, net }: LinkConfig): string | undefined {
  if (samePrefix(prefix, hostPrefix(remote))) return `links.${name}.remote`;
  const isPeer6 = net.remote6 !== undefined && samePrefix(prefix, hostPrefix(net.remote6));
  return isPeer6 ? `links.${name}.remote6` : undefined;
}

function networkKey(prefix: IpPrefix, { name, net }: LinkConfig): string | undefined {
  const index = net.networks.findIndex((network) => samePrefix(network.prefix, prefix));
  return index === -1 ? undefined : `links.${name}.networks[${index}]`;
}
