/**
 * From what one interface has to what it should have: a list of operations. Pure; `kernel.ts` carries them out.
 *
 * - Adds before it deletes, so that a changed config leaves no gap in what stays the same.
 * - Undoes only what is ours: routes that carry our protocol number, and on our interface addresses with a peer.
 * - The plan of a state that is already there is empty.
 */
import { formatIp4, formatPrefix } from '../base/ip.js';
import type { ObservedAddress, ObservedInterface, ObservedRoute } from './observed.js';
import type { Operation } from './operation.js';
import { MAIN_TABLE, type WantedInterface, type WantedRoute } from './wanted.js';

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
  const wantedOnes = [...wantedRoutes(wanted), ...lostRoutes(wanted, observed, hasAddress)];
  const routes = new Map(wantedOnes.map((route) => [routeKey(route), route]));
  const kept = new Map((dropsRoutes ? [] : observed.routes).map((route) => [routeKey(route), route]));

  const plan: Operation[] = [];
  if (observed.mtu !== mtu) plan.push({ kind: 'set-mtu', name, mtu });
  for (const address of deletedFirst) plan.push(deleteAddress(name, address));
  if (!hasAddress) plan.push({ kind: 'add-address', name, local, remote });
  if (!observed.up) plan.push({ kind: 'set-up', name });
  for (const [key, route] of routes) {
    const present = kept.get(key);
    if (present === undefined) plan.push({ kind: 'add-route', name, ...route });
    else if (present.source !== route.source) plan.push({ kind: 'change-route', name, ...route });
  }
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

/** The link's routes as the kernel should have them. */
export function wantedRoutes({ routes, defaultRoute, remote }: WantedInterface): ObservedRoute[] {
  const toAnywhere: WantedRoute = { prefix: { address: 0, length: 0 }, metric: defaultRoute?.metric };
  return [...routes, ...(defaultRoute === undefined ? [] : [toAnywhere])]
    .map(({ prefix, metric = 0, table = MAIN_TABLE, source }) => ({ prefix, metric, table, source }))
    .filter((route) => !comesWithAddress(route, remote));
}

/** What makes a route one route to the kernel: a second one with the same key is refused. */
export function routeKey({ prefix, metric, table }: Pick<ObservedRoute, 'prefix' | 'metric' | 'table'>): string {
  return `${formatPrefix(prefix)} ${metric} ${table}`;
}

/** The host route to the peer is the kernel's. */
function comesWithAddress({ prefix, metric, table }: ObservedRoute, remote: number): boolean {
  return prefix.address === remote && prefix.length === 32 && metric === 0 && table === MAIN_TABLE;
}

/** The kernel makes the host route to the peer once, with the address; should another program delete it, it is ours to make. */
function lostRoutes(
  { local, remote }: WantedInterface,
  observed: ObservedInterface,
  hasAddress: boolean,
): ObservedRoute[] {
  if (!hasAddress || !observed.up || observed.peers.includes(remote)) return [];
  return [{ prefix: { address: remote, length: 32 }, metric: 0, table: MAIN_TABLE, source: local }];
}

/** Addresses carry no mark of who made them; but the interface is ours, and who adds to it adds one without a peer. */
function isOurs(address: ObservedAddress): boolean {
  return address.prefixLength === 32 && address.peer !== address.local;
}

function deleteAddress(name: string, { local, peer }: ObservedAddress): Operation {
  return { kind: 'delete-address', name, local, remote: peer };
}
