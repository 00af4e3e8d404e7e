/**
 * linkd killed at random moments, and started again: nothing of it is left over or doubled, nothing of others touched.
 *
 *     tun0           linkd's interface: it goes with the process, as nobody else has it open
 *     lan0 ── far    192.168.1.1/24 and 2001:db8:1::1/64, an interface of others; it has the default routes
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { outlasting, wantedInterface } from '../../src/net/wanted.js';
import { eventually } from '../support/eventually.js';
import type { Namespace } from '../support/netns.js';
import { facts, facts6, forwarding, NetRig, network, noOptions, wholeState } from './support.js';

const KILLS = 30;
/** What a life of the driver takes, more or less. */
const LIFE_MS = 250;

const options = {
  ...noOptions,
  networks: [network('10.2.0.0/16'), network('10.3.0.0/16 metric 50 table 7'), network('2001:db8:2::/48')],
  unreachable: true,
  defaultRoute: { metric: 200, supersede: true },
  local6: '2001:db8::1',
  remote6: '2001:db8::2',
  proxyArp: [{ target: 'peer', interface: 'lan0' } as const],
  proxyNdp: [{ target: 'peer', interface: 'lan0' } as const],
  forward: { interfaces: ['lan0'] },
  antiSpoof: true,
};
const first = wantedInterface(facts6, options);
const second = wantedInterface(facts6, {
  ...options,
  networks: [network('10.4.0.0/16'), network('2001:db8:4::/48')],
  defaultRoute: { metric: 400, supersede: true },
});

let rig: NetRig;
let namespace: Namespace;

beforeEach(async () => {
  rig = await NetRig.create();
  ({ namespace } = rig);
  await namespace.ip('route add unreachable 10.2.0.0/16 metric 4000000000');
  await namespace.ip('-6 route add unreachable 2001:db8:2::/48 metric 4000000000');
  await namespace.ip('neighbour add proxy 10.0.0.77 dev lan0');
  await namespace.ip('neighbour add proxy 2001:db8:1::77 dev lan0');
  await namespace.must('nft', ['add table inet other']);
});
afterEach(() => rig.close());

describe('after kill -9', () => {
  it(`at ${KILLS} random moments, a start puts all to rights`, async () => {
    const untouched = await wholeState(namespace);
    let dirty = 0;
    for (let i = 0; i < KILLS; i++) {
      const driver = rig.driver();
      const answer = await driver.call({ call: 'sweep', names: ['tun0'] });
      assert.deepEqual([answer.error, answer.warnings], [undefined, []]);
      assert.equal(await wholeState(namespace), untouched, `after the kill ${i}`);

      // All of it is under way, one after the other, while the clock runs.
      const up = { call: 'up', wanted: first } as const;
      const next = { call: 'up', wanted: second } as const;
      driver.begin({ call: 'hold', outlasting: outlasting(facts, options) });
      for (const call of [
        up,
        next,
        { call: 'down', name: 'tun0' },
        up,
        { call: 'release', name: 'tun0' },
        next,
      ] as const) {
        driver.begin(call);
      }
      await sleep(Math.random() * LIFE_MS);
      await driver.stop();
      await renewTun();
      if ((await wholeState(namespace)) !== untouched) dirty++;
    }
    assert.ok(dirty > KILLS / 4, `only ${dirty} kills came in the middle of something`);
    const driver = rig.driver();
    await driver.sweep(['tun0']);
    assert.equal(await wholeState(namespace), untouched);
  });

  it('what the new linkd holds stays without a gap', async () => {
    const held = outlasting(facts, options);
    const before = rig.driver();
    await before.up(first);
    await before.stop();
    await renewTun();
    const driver = rig.driver();
    const { commands } = await driver.sweep(['tun0'], [held]);
    assert.ok(!commands.some((command) => command.includes('unreachable')), commands.join('\n'));
    assert.match(await namespace.ip('route show type unreachable proto 108'), /^unreachable 10\.2\.0\.0\/16 /);
    assert.match(await namespace.must('nft', ['list', 'tables']), /inet linkd/);
    assert.equal(await forwarding(namespace, 'lan0'), '0');
  });

  it('a note of another run of the system, or one that makes no sense, is no reason to touch anything', async () => {
    const driver = rig.driver();
    await driver.up(first);
    await driver.stop();
    await renewTun();
    const file = join(rig.stateDir, 'net.json');
    const note = await readFile(file, 'utf8');
    const dirty = await wholeState(namespace);
    for (const text of [
      note.replace(/"boot": "./, '"boot": "x'),
      note.replace('"namespace": ', '"namespace": 1'),
      '{',
      '{"version":1}',
    ]) {
      await writeFile(file, text);
      const next = rig.driver();
      const answer = await next.call({ call: 'sweep', names: ['tun0'], held: [outlasting(facts, options)] });
      assert.equal(answer.error, undefined);
      assert.equal(answer.warnings.length, text.includes('boot') ? 0 : 1);
      await next.stop();
      assert.match(await namespace.ip('route show default'), /metric 301/);
      assert.equal(await forwarding(namespace, 'lan0'), '1');
    }
    await writeFile(file, note);
    assert.notEqual(dirty, '');
    const last = rig.driver();
    await last.sweep(['tun0']);
    assert.match(await namespace.ip('route show default'), /metric 100/);
    assert.equal(await forwarding(namespace, 'lan0'), '0');
    await eventually(async () => (await readFile(file, 'utf8').catch(() => 'gone')) === 'gone', 5000, 'the note goes');
  });
});

/** As the kernel does when the process that has a TUN open is gone and another one makes it again. */
async function renewTun(): Promise<void> {
  await namespace.ip('link delete tun0');
  await namespace.ip('tuntap add mode tun name tun0');
}
