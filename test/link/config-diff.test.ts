/** What a reload would do, as a table. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LinkConfig } from '../../src/config/types.js';
import { diffLinks } from '../../src/link/config-diff.js';
import { usualQueue } from '../../src/queue/options.js';
import { address, testConfig } from '../support/link-rig.js';

describe('diffLinks', () => {
  const other = { ...testConfig, name: 'other' };
  const cases = [
    ['the same config changes nothing', [testConfig], [structuredClone(testConfig)], []],
    ['a new link', [testConfig], [testConfig, other], [{ link: 'other', kind: 'add', changes: [] }]],
    ['a link that is gone', [testConfig, other], [other], [{ link: 'branch', kind: 'remove', changes: [] }]],
    [
      'pauses are applied under the session',
      [testConfig],
      [{ ...testConfig, restart: { ...testConfig.restart, quickMs: 50 } }],
      [{ link: 'branch', kind: 'apply', changes: [{ path: 'restart.quickMs', from: '1000', to: '50' }] }],
    ],
    [
      'classes of packets are applied under the session',
      [testConfig],
      [{ ...testConfig, queue: { ...usualQueue, ecn: false } }],
      [
        {
          link: 'branch',
          kind: 'apply',
          changes: [{ path: 'queue', from: undefined, to: JSON.stringify({ ...usualQueue, ecn: false }) }],
        },
      ],
    ],
    [
      'another address needs another session',
      [testConfig],
      [{ ...testConfig, local: address('10.9.0.1') }],
      [{ link: 'branch', kind: 'restart', changes: [{ path: 'local', from: '10.0.0.1', to: '10.9.0.1' }] }],
    ],
    [
      'LCP options need another session',
      [testConfig],
      [{ ...testConfig, lcp: { ...testConfig.lcp, mru: 296 } }],
      [{ link: 'branch', kind: 'restart', changes: [{ path: 'lcp.mru', from: '1500', to: '296' }] }],
    ],
  ] as const;
  for (const [name, present, wanted, expected] of cases) {
    it(name, () => {
      assert.deepEqual(diffLinks(present, wanted), expected);
    });
  }

  it('shows networks as people write them', () => {
    const networks = testConfig.net.networks.map((network) => ({ ...network, metric: 7 }));
    const [change] = diffLinks([testConfig], [{ ...testConfig, net: { ...testConfig.net, networks } }]);
    assert.match(change?.changes[0]?.to ?? '', /"prefix":"10\.2\.0\.0\/16"/);
  });

  it('shows the addresses of a pool as people write them', () => {
    const from = (last: string): LinkConfig => {
      const ranges = [{ first: address('10.9.0.1'), last: address(last) }];
      const { ipcp } = testConfig;
      return {
        ...testConfig,
        ipcp: ipcp && { ...ipcp, remoteFrom: { kind: 'pool', pool: { name: 'clients', ranges } } },
      };
    };
    const [change] = diffLinks([from('10.9.0.7')], [from('10.9.0.8')]);
    assert.equal(change?.kind, 'restart');
    assert.deepEqual(change.changes, [
      { path: 'ipcp.remoteFrom.pool.ranges', from: '["10.9.0.1-10.9.0.7"]', to: '["10.9.0.1-10.9.0.8"]' },
    ]);
  });

  it('shows no arguments of programs', () => {
    const exec = (password: string) => ({
      ...testConfig,
      line: { kind: 'exec' as const, command: ['dial', password] as const, pty: false },
    });
    const [change] = diffLinks([exec('hunter2')], [exec('hunter3')]);
    assert.equal(change?.kind, 'restart');
    assert.doesNotMatch(JSON.stringify(change), /hunter/);
    const auth: NonNullable<LinkConfig['auth']> = {
      ...{ require: [], accept: ['chap'], name: undefined, user: undefined, remoteName: undefined },
      ...{ papFiles: [], chapFiles: [], rechallengeMs: 0, peerSecret: undefined },
      secret: { kind: 'program', command: ['/bin/show', 'hunter4'] },
    };
    const added = diffLinks([testConfig], [{ ...testConfig, auth }]);
    assert.match(JSON.stringify(added), /program/);
    assert.doesNotMatch(JSON.stringify(added), /hunter/);
  });
});
