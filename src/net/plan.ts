/**
 * From what one interface has to what it should have: a list of operations. Pure; `kernel.ts` carries them out.
 *
 * - Adds before it deletes, so that a changed config leaves no gap in what stays the same.
 * - Undoes only what is ours: routes that carry our protocol number, and on our interface addresses with a peer.
 * - The plan of a state that is already there is empty.
 */
import { bitsOf, familyOf, formatIp, formatPrefix, hostPrefix, type Ip } from '../base/ip.js';
import type { ObservedAddress, ObservedInterface, ObservedRoute } from './observed.js';
import type { Operation } from './operation.js';
import {
  addressesOf,
  defaultsOf,
  leadsTo,
  MAIN_TABLE,
  metricOf,
  type AddressPair,
  type WantedInterface,
  type WantedRoute,
} from './wanted.js';

/** What makes `observed` into `wanted`. */
export function planUp(wanted: WantedInterface, observed: ObservedInterface): Operation[] {
  const { name, mtu } = wanted;
  const addresses = planAddresses(wanted, observed);
  const wantedOnes = [...wantedRoutes(wanted), ...lostRoutes(observed, addresses.kept)];
  const routes = new Map(wantedOnes.map((route) => [routeKey(route), route]));
  const stay = observed.routes.filter(({ prefix }) => familyOf(prefix) === 6 || !addresses.dropsRoutes);
  const kept = new Map(stay.map((route) => [routeKey(route), route]));

  const plan: Operation[] = [];
  if (observed.mtu !== mtu) plan.push({ kind: 'set-mtu', name, mtu });
  for (const address of addresses.deletedFirst) plan.push(deleteAddress(name, address));
  const [added4, added6] = [
    addresses.added.filter(({ local }) => isIp4(local)),
    addresses.added.filter(({ local }) => !isIp4(local)),
  ];
  for (const address of added4) plan.push({ kind: 'add-address', name, ...address });
  if (!observed.up) plan.push({ kind: 'set-up', name });
  // Only on an interface that is up does the kernel make the route to the peer of IPv6.
  for (const address of added6) plan.push({ kind: 'add-address', name, ...address });
  for (const [key, route] of routes) {
    const present = kept.get(key);
    if (present === undefined) plan.push({ kind: 'add-route', name, ...route });
    else if (present.source !== route.source) plan.push({ kind: 'change-route', name, ...route });
  }
  for (const [key, route] of kept) if (!routes.has(key)) plan.push({ kind: 'delete-route', name, ...route });
  for (const address of addresses.deletedLast) plan.push(deleteAddress(name, address));
  return plan;
}

interface AddressPlan {
  /** Wanted and there already. */
  readonly kept: readonly AddressPair[];
  readonly added: readonly AddressPair[];
  /** In the way of what is added. */
  readonly deletedFirst: readonly ObservedAddress[];
  readonly deletedLast: readonly ObservedAddress[];
  /** Whether the kernel drops the routes of IPv4, as it does with an interface's last address. */
  readonly dropsRoutes: boolean;
}

/**
 * To the kernel two addresses of IPv4 with one peer are a primary and a secondary, and a secondary goes when its primary
 * goes; and two of IPv6 with one local address can't be. So these alone are deleted first.
 */
function planAddresses(wanted: WantedInterface, observed: ObservedInterface): AddressPlan {
  const ours = observed.addresses.filter(isOurs);
  const kept: AddressPair[] = [];
  const added: AddressPair[] = [];
  const inTheWay = new Set<ObservedAddress>();
  const wantedOnes = addressesOf(wanted);
  const rivalsOf = ({ local, remote }: AddressPair): ObservedAddress[] =>
    ours.filter((one) => one.peer === remote || (!isIp4(local) && one.local === local));
  for (const pair of wantedOnes) {
    if (pair.local === pair.remote) {
      throw new Error(`${wanted.name}: local and remote address are the same, ${formatIp(pair.local)}`);
    }
    const rivals = rivalsOf(pair);
    const [only, ...more] = rivals;
    if (only?.local === pair.local && only.peer === pair.remote && more.length === 0) {
      kept.push(pair);
      continue;
    }
    added.push(pair);
    for (const rival of rivals) inTheWay.add(rival);
  }
  const isKept = ({ local, peer }: ObservedAddress): boolean =>
    kept.some((pair) => pair.local === local && pair.remote === peer);
  const deletedFirst = ours.filter((one) => inTheWay.has(one));
  const all4 = observed.addresses.filter(({ local }) => isIp4(local));
  return {
    kept,
    added,
    deletedFirst,
    deletedLast: ours.filter((one) => !inTheWay.has(one) && !isKept(one)),
    dropsRoutes: all4.length > 0 && all4.every((one) => inTheWay.has(one)),
  };
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
export function wantedRoutes(wanted: WantedInterface): ObservedRoute[] {
  const peers = addressesOf(wanted).map(({ remote }) => remote);
  const routes: readonly WantedRoute[] = [...wanted.routes, ...defaultsOf(wanted)];
  return routes
    .map(({ prefix, metric, table = MAIN_TABLE, source }) => ({
      prefix,
      metric: metricOf({ prefix, metric }),
      table,
      source,
    }))
    .filter((route) => !peers.some((peer) => comesWithAddress(route, peer)));
}

/** What makes a route one route to the kernel: a second one with the same key is refused. */
export function routeKey({ prefix, metric, table }: Pick<ObservedRoute, 'prefix' | 'metric' | 'table'>): string {
  return `${formatPrefix(prefix)} ${metric} ${table}`;
}

/** The host route to the peer is the kernel's. */
function comesWithAddress({ prefix, metric, table }: ObservedRoute, peer: Ip): boolean {
  return leadsTo(prefix, peer) && metric === metricOf({ prefix }) && table === MAIN_TABLE;
}

/** The kernel makes the host route to the peer once, with the address; should another program delete it, it is ours to make. */
function lostRoutes(observed: ObservedInterface, kept: readonly AddressPair[]): ObservedRoute[] {
  if (!observed.up) return [];
  return kept
    .filter(({ remote }) => !observed.peers.includes(remote))
    .map(({ local, remote }) => {
      const prefix = hostPrefix(remote);
      return { prefix, metric: metricOf({ prefix }), table: MAIN_TABLE, source: local };
    });
}

/** Addresses carry no mark of who made them; but the interface is ours, and who adds to it adds one without a peer. */
function isOurs(address: ObservedAddress): boolean {
  return address.prefixLength === bitsOf(address.local) && address.peer !== address.local;
}

function deleteAddress(name: string, { local, peer }: ObservedAddress): Operation {
  return { kind: 'delete-address', name, local, remote: peer };
}

function isIp4(address: Ip): boolean {
  return typeof address === 'number';
}
