/** A link whose peer's address comes from a pool, or from the name of a host. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LinkConfig, RemoteSource } from '../../src/config/types.js';
import { AddressPools } from '../../src/pool/pools.js';
import { address, LinkRig, testConfig } from '../support/link-rig.js';

const clients: RemoteSource = {
  kind: 'pool',
  pool: { name: 'clients', ranges: [{ first: address('10.9.0.1'), last: address('10.9.0.2') }] },
};

function config(remoteFrom: RemoteSource, name = 'branch'): LinkConfig {
  const { ipcp } = testConfig;
  return { ...testConfig, name, remote: 0, ipcp: ipcp && { ...ipcp, remoteFrom } };
}

/** Starts a session that asks for its peer's address. */
async function asking(rig: LinkRig, peer?: string): Promise<void> {
  rig.link.command('up');
  await rig.scheduler.pass(1);
  rig.hear({ type: 'address-wanted', number: 1, peer });
  await rig.scheduler.pass(1);
}

describe("the peer's address from a pool", () => {
  it('is told to the session, held while the link has one, and given back', async () => {
    const pools = new AddressPools();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => new LinkRig(config(clients, name), pools));
    assert(a !== undefined && b !== undefined && c !== undefined);
    await asking(a, 'ann');
    await asking(b, 'bob');
    assert.deepEqual([a.assigned, b.assigned], [[address('10.9.0.1')], [address('10.9.0.2')]]);
    await asking(c, 'cid');
    assert.deepEqual(c.assigned, []);
    assert.deepEqual(c.link.status().lastCause?.cause, {
      code: 'pool-exhausted',
      detail: 'pool clients, 2 addresses',
    });
    a.link.command('down');
    await a.scheduler.pass(10);
    assert.equal(a.link.state, 'down');
    await c.scheduler.pass(60_000);
    c.hear({ type: 'address-wanted', number: 1, peer: 'cid' });
    await c.scheduler.pass(1);
    assert.deepEqual(c.assigned, [address('10.9.0.1')], 'it tries again, and gets what was given back');
  });

  it('is that of the peer, by its name, whatever link it comes in by', async () => {
    const pools = new AddressPools();
    const a = new LinkRig(config(clients, 'a'), pools);
    const b = new LinkRig(config(clients, 'b'), pools);
    await asking(a, 'ann');
    await asking(b, 'bob');
    for (const rig of [a, b]) {
      rig.link.command('down');
      await rig.scheduler.pass(10);
    }
    await asking(b, 'ann');
    await asking(a, 'bob');
    assert.deepEqual([b.assigned.at(-1), a.assigned.at(-1)], [address('10.9.0.1'), address('10.9.0.2')]);
  });
});

describe("the peer's address by the name of a host", () => {
  it('is resolved for each session', async () => {
    const rig = new LinkRig(config({ kind: 'host', host: 'branch.example' }));
    rig.resolve = (host) => Promise.resolve(host === 'branch.example' ? ['10.9.0.7'] : []);
    await asking(rig);
    assert.deepEqual(rig.assigned, [address('10.9.0.7')]);
  });

  for (const [name, resolve, detail] of [
    ['fails', () => Promise.reject(new Error('ENOTFOUND')), 'branch.example: ENOTFOUND'],
    ['has no IPv4 address', () => Promise.resolve([]), 'branch.example has no IPv4 address'],
  ] as const) {
    it(`ends the session when it ${name}`, async () => {
      const rig = new LinkRig(config({ kind: 'host', host: 'branch.example' }));
      rig.resolve = resolve;
      await asking(rig);
      assert.deepEqual(rig.assigned, []);
      assert.deepEqual(rig.link.status().lastCause?.cause, { code: 'name-unresolved', detail });
    });
  }

  it('does not tell a session what another one asked for', async () => {
    const rig = new LinkRig(config({ kind: 'host', host: 'branch.example' }));
    let answer: (addresses: readonly string[]) => void = () => undefined;
    rig.resolve = () => new Promise((resolve) => (answer = resolve));
    await asking(rig);
    rig.link.command('restart');
    await rig.scheduler.pass(5000);
    assert.equal(rig.link.state, 'negotiating');
    answer(['10.9.0.7']);
    await rig.scheduler.pass(1);
    assert.deepEqual(rig.assigned, []);
  });
});
