/** Plans in a small model of the kernel: they reach what is wanted, touch only ours, and then have nothing left to do. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatIp4, networkOf } from '../../src/base/ip.js';
import type { ObservedAddress } from '../../src/net/observed.js';
import type { Operation } from '../../src/net/operation.js';
import { planDown, planSweep, planUp, routeKey } from '../../src/net/plan.js';
import type { WantedInterface } from '../../src/net/wanted.js';
import { KernelModel, type ModelRoute, type ModelState } from './kernel-model.js';

// Few values, so that what is wanted and what is there often meet.
const arbitraryMtu = fc.constantFrom(296, 1280, 1500);
const arbitraryIp = fc.integer({ min: 0x0a000001, max: 0x0a000004 });
const arbitraryPrefix = fc
  .record({ address: fc.constantFrom(0x0a010000, 0x0a020000, 0x0a030000), length: fc.constantFrom(0, 16, 24, 32) })
  .map(networkOf);
const arbitraryMetric = fc.constantFrom(0, 50, 100);
const arbitrarySource = fc.constantFrom(undefined, 0x0b000001);

const arbitraryWanted: fc.Arbitrary<WantedInterface> = fc
  .record({
    name: fc.constant('branch'),
    mtu: arbitraryMtu,
    local: arbitraryIp,
    remote: arbitraryIp,
    routes: fc.array(
      fc.record({
        prefix: arbitraryPrefix,
        metric: fc.option(arbitraryMetric, { nil: undefined }),
        table: fc.constantFrom(undefined, 254, 7),
        source: arbitrarySource,
      }),
      { maxLength: 6 },
    ),
  })
  .filter(({ local, remote }) => local !== remote);

const arbitraryAddress: fc.Arbitrary<ObservedAddress> = fc.oneof(
  // Ours: with a peer.
  fc
    .record({ local: arbitraryIp, peer: arbitraryIp, prefixLength: fc.constant(32) }, { noNullPrototype: true })
    .filter(({ local, peer }) => local !== peer),
  // Of others: without one, or of a network on the link.
  fc
    .record({ address: fc.integer({ min: 0x0b000001, max: 0x0b000003 }), prefixLength: fc.constantFrom(24, 32) })
    .map(({ address, prefixLength }) => ({ local: address, peer: address, prefixLength })),
);

const arbitraryState: fc.Arbitrary<ModelState> = fc.record({
  mtu: arbitraryMtu,
  up: fc.boolean(),
  addresses: fc.array(arbitraryAddress, { maxLength: 4 }),
  routes: fc.array(
    fc.record({
      prefix: arbitraryPrefix,
      metric: arbitraryMetric,
      table: fc.constantFrom(254, 7),
      source: arbitrarySource,
      ours: fc.boolean(),
    }),
    { maxLength: 6 },
  ),
});

describe('plans, applied to a model of the kernel', () => {
  it('planUp gives what is wanted, from any state, and is empty then', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryWanted, (state, wanted) => {
        const kernel = new KernelModel(state);
        // Of one route named twice, the last counts.
        const expected = new Map(
          wanted.routes
            .map(({ prefix, metric = 0, table = 254, source }) => ({ prefix, metric, table, source }))
            .map((route) => [routeKey(route), route.source]),
        );
        // A route of another program in the way is refused by the kernel; see network.test.ts.
        fc.pre(!kernel.routes.some((route) => !route.ours && expected.has(routeKey(route))));
        expected.delete(`${formatIp4(wanted.remote)}/32 0 254`);

        apply(kernel, planUp(wanted, kernel.observe()));

        assert.equal(kernel.mtu, wanted.mtu);
        assert.equal(kernel.up, true);
        assert.deepEqual(kernel.addresses.filter(isOurs), [
          { local: wanted.local, peer: wanted.remote, prefixLength: 32 },
        ]);
        const ours = kernel.routes.filter((route) => route.ours);
        assert.deepEqual(new Map(ours.map((route) => [routeKey(route), route.source])), expected);
        assert.deepEqual(planUp(wanted, kernel.observe()), []);
      }),
      { numRuns: 2000 },
    );
  });

  it('planUp leaves the addresses of others, and their routes unless the last address has to go first', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryWanted, (state, wanted) => {
        const kernel = new KernelModel(state);
        const before = new KernelModel(state);
        const plan = planUp(wanted, kernel.observe());
        fc.pre(plan.every((operation) => operation.kind !== 'add-route' || !isTaken(before, operation)));
        apply(kernel, plan);
        assert.deepEqual(others(kernel.addresses), others(before.addresses));
        const samePeer = before.addresses.filter((address) => isOurs(address) && address.peer === wanted.remote);
        const lastGoes = plan.some(({ kind }) => kind === 'add-address') && samePeer.length === before.addresses.length;
        if (lastGoes) return;
        assert.deepEqual(foreign(kernel.routes), foreign(before.routes));
      }),
      { numRuns: 2000 },
    );
  });

  it('planUp adds every route before it deletes one', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryWanted, (state, wanted) => {
        const kinds = planUp(wanted, new KernelModel(state).observe()).map(({ kind }) => kind);
        const firstDeletion = kinds.indexOf('delete-route');
        assert.ok(firstDeletion === -1 || kinds.lastIndexOf('add-route') < firstDeletion);
      }),
    );
  });

  it('planDown leaves nothing of ours, from any state, and is empty then', () => {
    fc.assert(
      fc.property(arbitraryState, (state) => {
        const kernel = new KernelModel(state);
        const before = new KernelModel(state);
        apply(kernel, planDown('branch', kernel.observe()));
        assert.equal(kernel.up, false);
        assert.deepEqual(kernel.addresses, others(before.addresses));
        assert.deepEqual(kernel.routes, []);
        assert.deepEqual(planDown('branch', kernel.observe()), []);
      }),
    );
  });

  it('planSweep deletes our routes only', () => {
    fc.assert(
      fc.property(arbitraryState, (state) => {
        const kernel = new KernelModel(state);
        const before = new KernelModel(state);
        apply(kernel, planSweep('branch', kernel.observe()));
        assert.deepEqual(kernel, Object.assign(before, { routes: foreign(before.routes) }));
        assert.deepEqual(planSweep('branch', kernel.observe()), []);
      }),
    );
  });
});

function apply(kernel: KernelModel, plan: readonly Operation[]): void {
  for (const operation of plan) kernel.apply(operation);
}

function isTaken(kernel: KernelModel, route: Parameters<typeof routeKey>[0]): boolean {
  return foreign(kernel.routes).some((other) => routeKey(other) === routeKey(route));
}

function isOurs({ local, peer, prefixLength }: ObservedAddress): boolean {
  return prefixLength === 32 && local !== peer;
}

function others(addresses: readonly ObservedAddress[]): ObservedAddress[] {
  return addresses.filter((address) => !isOurs(address));
}

function foreign(routes: readonly ModelRoute[]): ModelRoute[] {
  return routes.filter(({ ours }) => !ours);
}
