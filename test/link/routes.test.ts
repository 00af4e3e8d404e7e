/** Routes of the machine and the keys of the config that they come from. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePrefix, type Prefix } from '../../src/base/ip.js';
import { explainRoutes } from '../../src/link/routes.js';
import type { TableRoute } from '../../src/net/observed.js';
import { testConfig } from '../support/link-rig.js';

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert.ok(parsed !== undefined);
  return parsed;
}

function route(destination: string, change: Partial<TableRoute> = {}): TableRoute {
  return {
    prefix: prefix(destination),
    metric: 0,
    table: 254,
    source: undefined,
    type: 'unicast',
    protocol: 108,
    interface: 'branch',
    gateway: undefined,
    ...change,
  };
}

describe('explainRoutes', () => {
  const cases: readonly [
    name: string,
    route: TableRoute,
    link: string | undefined,
    origin: string | undefined,
    protocol: string,
  ][] = [
    ['a network behind the peer', route('10.2.0.0/16'), 'branch', 'links.branch.networks[0]', 'linkd'],
    ['the default route', route('0.0.0.0/0'), 'branch', 'links.branch.default-route', 'linkd'],
    ['the peer itself', route('10.0.0.2', { protocol: 2 }), 'branch', 'links.branch.remote', 'kernel'],
    [
      'a network that is unreachable for now',
      route('10.2.0.0/16', { type: 'unreachable', interface: undefined }),
      'branch',
      'links.branch.unreachable',
      'linkd',
    ],
    ['someone else’s route', route('10.9.0.0/16', { protocol: 3, interface: 'eth0' }), undefined, undefined, 'boot'],
    ['someone else’s route through the link', route('10.9.0.0/16', { protocol: 99 }), 'branch', undefined, '99'],
  ];
  for (const [name, given, link, origin, protocol] of cases) {
    it(name, () => {
      const [explained] = explainRoutes([given], [testConfig]);
      assert.deepEqual([explained?.link, explained?.origin, explained?.protocol], [link, origin, protocol]);
    });
  }
});
