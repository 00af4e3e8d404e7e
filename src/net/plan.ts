/**
 * From what the kernel has to what it should have: a list of operations. Pure; `kernel.ts` carries them out.
 *
 * - Adds before it deletes, so that a changed config leaves no gap in what stays the same.
 * - Undoes only what is ours: routes that carry our protocol number, and on our interface addresses with a peer.
 * - The plan of a state that is already there is empty.
 */
import { assertNever } from '../base/errors.js';
import { formatIp4, formatPrefix, type Ip4, type Prefix } from '../base/ip.js';
import type { ObservedAddress, ObservedInterface } from './observed.js';
import type { WantedInterface } from './wanted.js';

/** A route carries the number of the program that made it, 0..255. */
type RouteProtocol = number;

/**
 * linkd's own: marks its routes in the kernel (`ip route show proto 108`). Free in iproute2's
 * list; `ip` shows a name for it when /etc/iproute2/rt_protos.d/linkd.conf has the line `108 linkd`.
 */
export const ROUTE_PROTOCOL: RouteProtocol = 108;

/** One change to the kernel's state; `describe` prints it. */
export type Operation =
  | { readonly kind: 'set-mtu'; readonly name: string; readonly mtu: number }
  | { readonly kind: 'set-up' | 'set-down'; readonly name: string }
  | {
      readonly kind: 'add-address' | 'delete-address';
      readonly name: string;
      readonly local: Ip4;
      readonly remote: Ip4;
    }
  | {
      readonly kind: 'add-route' | 'delete-route';
      readonly name: string;
      readonly prefix: Prefix;
      readonly metric: number;
    };

/** What makes `observed` into `wanted`. */
export function planUp(wanted: WantedInterface, observed: ObservedInterface): Operation[] {
  const { name, mtu, local, remote } = wanted;
  if (local === remote) throw new Error(`${name}: local and remote address are the same, ${formatIp4(local)}`);

  const ours = observed.addresses.filter(isOurs);
  const samePeer = ours.filter((address) => address.peer === remote);
  const otherPeer = ours.filter((address) => address.peer !== remote);
  const [only, ...more] = samePeer;
  const hasAddress = only?.local === local && more.length === 0;

  // To the kernel two addresses with one peer are a primary and a secondary, and a secondary goes when its primary
  // goes. So these alone are deleted first; and with the last address of an interface the kernel drops its routes.
  const deletedFirst = hasAddress ? [] : samePeer;
  const dropsRoutes = deletedFirst.length > 0 && deletedFirst.length === observed.addresses.length;
  const routes = new Map(wantedRoutes(wanted).map((route) => [routeKey(route), route]));
  const kept = new Map((dropsRoutes ? [] : observed.routes).map((route) => [routeKey(route), route]));

  const plan: Operation[] = [];
  if (observed.mtu !== mtu) plan.push({ kind: 'set-mtu', name, mtu });
  for (const address of deletedFirst) plan.push(deleteAddress(name, address));
  if (!hasAddress) plan.push({ kind: 'add-address', name, local, remote });
  if (!observed.up) plan.push({ kind: 'set-up', name });
  for (const [key, route] of routes) if (!kept.has(key)) plan.push({ kind: 'add-route', name, ...route });
  for (const [key, route] of kept) if (!routes.has(key)) plan.push({ kind: 'delete-route', name, ...route });
  for (const address of otherPeer) plan.push(deleteAddress(name, address));
  return plan;
}

/** What takes the link's state back. The interface stays; setting it down makes the kernel drop its routes. */
export function planDown(name: string, observed: ObservedInterface): Operation[] {
  const plan: Operation[] = [];
  if (observed.up) plan.push({ kind: 'set-down', name });
  for (const address of observed.addresses.filter(isOurs)) plan.push(deleteAddress(name, address));
  return plan;
}

/**
 * What takes away the routes that a crash left on an interface that outlived it. Nothing else is touched: it is not known
 * yet whether the interface will be ours.
 */
export function planSweep(name: string, observed: ObservedInterface): Operation[] {
  return observed.routes.map((route) => ({ kind: 'delete-route', name, ...route }));
}

/** The same change as a command for a person: `ip route add 10.2.0.0/16 dev branch proto 108 metric 50`. */
export function describe(operation: Operation): string {
  const { kind, name } = operation;
  switch (kind) {
    case 'set-mtu':
      return `ip link set dev ${name} mtu ${operation.mtu}`;
    case 'set-up':
      return `ip link set dev ${name} up`;
    case 'set-down':
      return `ip link set dev ${name} down`;
    case 'add-address':
    case 'delete-address': {
      const verb = kind === 'add-address' ? 'add' : 'del';
      return `ip address ${verb} ${formatIp4(operation.local)} peer ${formatIp4(operation.remote)}/32 dev ${name}`;
    }
    case 'add-route':
    case 'delete-route': {
      const verb = kind === 'add-route' ? 'add' : 'del';
      const metric = operation.metric === 0 ? '' : ` metric ${operation.metric}`;
      return `ip route ${verb} ${formatPrefix(operation.prefix)} dev ${name} proto ${ROUTE_PROTOCOL}${metric}`;
    }
    default:
      return assertNever(kind);
  }
}

/** Addresses carry no mark of who made them; but the interface is ours, and who adds to it adds one without a peer. */
function isOurs(address: ObservedAddress): boolean {
  return address.prefixLength === 32 && address.peer !== address.local;
}

/** The wanted routes with the kernel's metric, less the one that comes with the address: the host route to the peer. */
function wantedRoutes({ routes, remote }: WantedInterface): { prefix: Prefix; metric: number }[] {
  return routes
    .map(({ prefix, metric = 0 }) => ({ prefix, metric }))
    .filter(({ prefix, metric }) => !(prefix.address === remote && prefix.length === 32 && metric === 0));
}

/** What makes a route one route to the kernel: a second one with the same key is refused. */
function routeKey({ prefix, metric }: { readonly prefix: Prefix; readonly metric: number }): string {
  return `${formatPrefix(prefix)} ${metric}`;
}

function deleteAddress(name: string, { local, peer }: ObservedAddress): Operation {
  return { kind: 'delete-address', name, local, remote: peer };
}
