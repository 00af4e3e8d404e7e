/** What is said about each refusal of the kernel. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import type { Operation } from '../../src/net/operation.js';
import { isAlreadyGone, remedyFor } from '../../src/net/remedy.js';

const name = 'branch';
const route = { name, prefix: { address: 0x0a020000, length: 16 }, metric: 0, table: 254, source: undefined };
const address = { name, local: 0x0a000001, remote: 0x0a000002 };
const foreign = { family: 4, raw: '02', text: 'default dev eth0', metric: 0 } as const;
const operations = {
  'set-mtu': { kind: 'set-mtu', name, mtu: 20 },
  'set-up': { kind: 'set-up', name },
  'set-down': { kind: 'set-down', name },
  'add-address': { kind: 'add-address', ...address },
  'delete-address': { kind: 'delete-address', ...address },
  'add-route': { kind: 'add-route', ...route },
  'change-route': { kind: 'change-route', ...route, source: 0x0a010001 },
  'delete-route': { kind: 'delete-route', ...route },
  'add-unreachable': { kind: 'add-unreachable', prefix: route.prefix, table: 7 },
  'delete-unreachable': { kind: 'delete-unreachable', prefix: route.prefix, table: 7 },
  'add-proxy': { kind: 'add-proxy', name: 'lan0', address: address.remote },
  'delete-proxy': { kind: 'delete-proxy', name: 'lan0', address: address.remote },
  'set-switch': { kind: 'set-switch', family: 4, name: 'lan0', key: 'forwarding', value: 0, back: true },
  'move-default': { kind: 'move-default', route: foreign, metric: 11 },
  'delete-default': { kind: 'delete-default', route: foreign },
} as const satisfies Record<Operation['kind'], Operation>;

describe('remedyFor', () => {
  const table: [kind: Operation['kind'], code: string, expected: RegExp][] = [
    ['set-mtu', 'EPERM', /CAP_NET_ADMIN/],
    ['delete-route', 'EPERM', /CAP_NET_ADMIN/],
    ['add-address', 'ENODEV', /`ip link show`/],
    ['add-route', 'ENETDOWN', /`ip link show branch`/],
    ['add-route', 'ENETUNREACH', /`ip link show branch`/],
    ['add-route', 'EEXIST', /`ip route show 10\.2\.0\.0\/16`.*another metric/],
    ['add-address', 'EACCES', /disable_ipv6/],
    ['add-address', 'EEXIST', /`ip address show branch`/],
    ['set-mtu', 'EINVAL', /68 to 65535/],
    ['add-route', 'EINVAL', /behind its prefix length$/],
    ['change-route', 'EINVAL', /a source is an address of this machine/],
    ['add-unreachable', 'EINVAL', /behind its prefix length/],
    ['add-unreachable', 'EEXIST', /`ip route show 10\.2\.0\.0\/16 table 7`/],
    ['add-proxy', 'ENODEV', /lan0/],
    ['set-switch', 'EROFS', /ProtectKernelTunables=no/],
    ['set-switch', 'EACCES', /CAP_NET_ADMIN/],
    ['move-default', 'EEXIST', /`ip route show default`/],
    ['move-default', 'ENETUNREACH', /gateway/],
  ];
  for (const [kind, code, expected] of table) {
    it(`${code} on ${kind}`, () => {
      assert.match(remedyFor(operations[kind], code) ?? '', expected);
    });
  }

  it('has no advice on what it does not know', () => {
    for (const operation of Object.values(operations)) {
      assert.equal(remedyFor(operation, 'EIO'), undefined);
      assert.equal(remedyFor(operation, undefined), undefined);
    }
  });
});

describe('isAlreadyGone', () => {
  const gone: Partial<Record<Operation['kind'], string[]>> = {
    'delete-route': ['ESRCH', 'ENOENT', 'ENODEV'],
    'delete-unreachable': ['ESRCH', 'ENOENT', 'ENODEV'],
    'delete-default': ['ESRCH', 'ENOENT', 'ENODEV'],
    'move-default': ['ESRCH', 'ENOENT'],
    'delete-proxy': ['ENOENT', 'ENODEV'],
    'set-switch': ['ENOENT'],
    'delete-address': ['EADDRNOTAVAIL', 'ENODEV'],
    'set-down': ['ENODEV'],
  };
  for (const operation of Object.values(operations)) {
    const codes = gone[operation.kind] ?? [];
    it(`${operation.kind}: ${codes.length === 0 ? 'never' : codes.join(', ')}`, () => {
      for (const code of ['ESRCH', 'ENOENT', 'ENODEV', 'EADDRNOTAVAIL', 'EPERM', 'EEXIST', undefined]) {
        assert.equal(isAlreadyGone(operation, code), code !== undefined && codes.includes(code), code);
      }
    });
  }
});
