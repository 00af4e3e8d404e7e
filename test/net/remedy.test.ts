/** What is said about each refusal of the kernel. */
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import type { Operation } from '../../src/net/plan.js';
import { isAlreadyGone, remedyFor } from '../../src/net/remedy.js';

const name = 'branch';
const route = { name, prefix: { address: 0x0a020000, length: 16 }, metric: 0 };
const address = { name, local: 0x0a000001, remote: 0x0a000002 };
const operations = {
  'set-mtu': { kind: 'set-mtu', name, mtu: 20 },
  'set-up': { kind: 'set-up', name },
  'set-down': { kind: 'set-down', name },
  'add-address': { kind: 'add-address', ...address },
  'delete-address': { kind: 'delete-address', ...address },
  'add-route': { kind: 'add-route', ...route },
  'delete-route': { kind: 'delete-route', ...route },
} as const satisfies Record<Operation['kind'], Operation>;

describe('remedyFor', () => {
  const table: [kind: Operation['kind'], code: string, expected: RegExp][] = [
    ['set-mtu', 'EPERM', /CAP_NET_ADMIN/],
    ['delete-route', 'EPERM', /CAP_NET_ADMIN/],
    ['add-address', 'ENODEV', /`ip link show`/],
    ['add-route', 'ENETDOWN', /`ip link show branch`/],
    ['add-route', 'ENETUNREACH', /`ip link show branch`/],
    ['add-route', 'EEXIST', /`ip route show 10\.2\.0\.0\/16`.*another metric/],
    ['add-address', 'EEXIST', /`ip address show branch`/],
    ['set-mtu', 'EINVAL', /68 to 65535/],
    ['add-route', 'EINVAL', /behind its prefix length/],
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
