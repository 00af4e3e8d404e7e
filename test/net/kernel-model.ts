/**
 * A small model of what the kernel does with one interface, its surprises included: it refuses what exists, drops the
 * routes of an interface that is set down or loses its last address, and takes a secondary address away with its primary.
 * `network.test.ts` holds the plans against the real one.
 */
import { routeKey } from '../../src/net/plan.js';
import type { ObservedAddress, ObservedInterface, ObservedRoute } from '../../src/net/observed.js';
import { describe, type Operation } from '../../src/net/operation.js';

export interface ModelRoute extends ObservedRoute {
  readonly ours: boolean;
}

export interface ModelState {
  readonly mtu: number;
  readonly up: boolean;
  readonly addresses: readonly ObservedAddress[];
  readonly routes: readonly ModelRoute[];
}

export class KernelModel {
  mtu: number;
  up: boolean;
  addresses: ObservedAddress[];
  routes: ModelRoute[];

  /** What can't be is left out: what is there twice, and routes of an interface without addresses or not up. */
  constructor({ mtu, up, addresses, routes }: ModelState) {
    this.mtu = mtu;
    this.up = up;
    this.addresses = [];
    for (const address of addresses) if (!this.#has(address)) this.addresses.push(address);
    this.routes = [];
    if (up && addresses.length > 0) for (const route of routes) if (!this.#hasRoute(route)) this.routes.push(route);
  }

  observe(): ObservedInterface {
    const ours = this.routes.filter((route) => route.ours);
    const { mtu, up, addresses } = this;
    return {
      name: 'branch',
      index: 1,
      mtu,
      up,
      loopback: false,
      addresses: [...addresses],
      peers: up ? addresses.map(({ peer }) => peer) : [],
      routes: ours.map(({ prefix, metric, table, source }) => ({ prefix, metric, table, source })),
    };
  }

  /** Throws when the kernel would refuse; a deletion of what is gone is fine. */
  apply(operation: Operation): void {
    switch (operation.kind) {
      case 'set-mtu':
        this.mtu = operation.mtu;
        return;
      case 'set-up':
        this.up = true;
        return;
      case 'set-down':
        this.up = false;
        this.routes = [];
        return;
      case 'add-address': {
        const address = { local: operation.local, peer: operation.remote, prefixLength: 32 };
        if (this.#has(address)) throw new Error(`EEXIST: ${describe(operation)}`);
        this.addresses.push(address);
        return;
      }
      case 'delete-address':
        this.#deleteAddress({ local: operation.local, peer: operation.remote, prefixLength: 32 });
        return;
      case 'add-route': {
        const route = routeOf(operation);
        if (!this.up) throw new Error(`ENETDOWN: ${describe(operation)}`);
        if (this.#hasRoute(route)) throw new Error(`EEXIST: ${describe(operation)}`);
        this.routes.push(route);
        return;
      }
      case 'change-route': {
        const route = routeOf(operation);
        if (!this.routes.some((one) => one.ours && isSameRoute(one, route)))
          throw new Error(`ENOENT: ${describe(operation)}`);
        this.routes = this.routes.map((one) => (one.ours && isSameRoute(one, route) ? route : one));
        return;
      }
      case 'delete-route': {
        // Without a metric the kernel takes the route with the lowest.
        const candidates = this.routes.filter(
          (route) =>
            route.ours &&
            isSameRoute(route, operation.metric === 0 ? { ...operation, metric: route.metric } : operation),
        );
        const victim = candidates.sort((a, b) => a.metric - b.metric)[0];
        this.routes = this.routes.filter((route) => route !== victim);
        return;
      }
      default:
        throw new Error(`not of an interface: ${describe(operation)}`);
    }
  }

  /** The first address of a network on the link is its primary; the later ones are secondary and go with it. */
  #deleteAddress(gone: ObservedAddress): void {
    const at = this.addresses.findIndex((address) => sameAddress(address, gone));
    if (at === -1) return;
    const siblings = this.addresses.filter((address) => sameNetwork(address, gone));
    const isPrimary = siblings[0] === this.addresses[at];
    const going = isPrimary ? siblings : [this.addresses[at]];
    this.addresses = this.addresses.filter((address) => !going.includes(address));
    if (this.addresses.length === 0) this.routes = [];
  }

  #has(address: ObservedAddress): boolean {
    return this.addresses.some((other) => sameAddress(other, address));
  }

  #hasRoute(wanted: ModelRoute): boolean {
    return this.routes.some((route) => isSameRoute(route, wanted));
  }
}

function sameAddress(a: ObservedAddress, b: ObservedAddress): boolean {
  return a.local === b.local && sameNetwork(a, b);
}

function sameNetwork(a: ObservedAddress, b: ObservedAddress): boolean {
  return a.peer === b.peer && a.prefixLength === b.prefixLength;
}

function isSameRoute(a: Parameters<typeof routeKey>[0], b: Parameters<typeof routeKey>[0]): boolean {
  return routeKey(a) === routeKey(b);
}

function routeOf({ prefix, metric, table, source }: ObservedRoute): ModelRoute {
  return { prefix, metric, table, source, ours: true };
}
