/**
 * One case per feature: what the config says → the plan as commands → the same applied to a real kernel, read back with
 * `ip -j`, planned again (all in place), and taken back to the last trace.
 *
 *     tun0           linkd's interface, which nobody has open
 *     lan0 ── far    192.168.1.1/24 and 2001:db8:1::1/64, an interface of others; it has the default routes
 */
import { afterEach, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { formatIp, formatPrefix } from '../../src/base/ip.js';
import { outlasting, wantedInterface } from '../../src/net/wanted.js';
import type { Namespace } from '../support/netns.js';
import type { Driver } from './driver.js';
import { always, features } from './features.js';
import { facts, forwarding, ip, NetRig, network, noOptions, prefix, records, wholeState } from './support.js';

let rig: NetRig;
let namespace: Namespace;
let driver: Driver;

beforeEach(async () => {
  rig = await NetRig.create();
  ({ namespace } = rig);
  driver = rig.driver();
});
afterEach(() => rig.close());

describe('the config, planned and applied', () => {
  for (const feature of features) {
    it(feature.name, async () => {
      const wanted = wantedInterface(feature.facts ?? facts, { ...noOptions, ...feature.options });
      const untouched = await wholeState(namespace);
      const { before = [], after = [], warnings = [] } = feature;
      const common = feature.alone === true ? always.filter((line) => !line.includes(' address ')) : always;
      const commands = [...before, ...common, ...after];
      const remarks = warnings.map((warning) => `# ${warning}`);

      assert.deepEqual(await driver.plan(wanted), [...remarks, ...commands]);
      assert.equal(await wholeState(namespace), untouched, 'planning touches nothing');

      const answer = await driver.call({ call: 'up', wanted });
      assert.deepEqual([answer.commands, answer.error], [commands, undefined]);
      assert.deepEqual(answer.result, { refused: [], warnings });
      for (const [words, expected] of Object.entries(feature.shows ?? {})) await shows(words, expected);
      for (const [name, value] of Object.entries(feature.forwarding ?? {})) {
        assert.equal(await forwarding(namespace, name), value, `forwarding of ${name}`);
      }
      for (const [name, value] of Object.entries(feature.switches6 ?? {})) {
        assert.equal((await namespace.must('cat', [`/proc/sys/net/ipv6/conf/${name}`])).trim(), value, name);
      }
      assert.deepEqual(await driver.plan(wanted), [...commands.map((line) => `# in place: ${line}`), ...remarks]);
      assert.deepEqual((await driver.call({ call: 'up', wanted })).commands, []);

      await driver.down(facts.name);
      await driver.release(facts.name);
      assert.equal(await wholeState(namespace), untouched);
    });

    it(`${feature.name}: the commands do the same by hand`, async () => {
      const wanted = wantedInterface(feature.facts ?? facts, { ...noOptions, ...feature.options });
      const lines = await driver.plan(wanted);
      await namespace.must('sh', ['-e'], { input: lines.join('\n') });
      assert.deepEqual((await driver.call({ call: 'up', wanted })).commands, []);
    });
  }
});

describe('what cannot be', () => {
  it('is told with the rest in place', async () => {
    const wanted = wantedInterface(facts, {
      ...noOptions,
      networks: [network('10.2.0.0/16'), network('10.3.0.0/16 src 203.0.113.9')],
      proxyArp: [
        { target: 'peer', interface: 'lan9' },
        { target: prefix('172.16.0.0/30'), interface: undefined },
        { target: prefix('10.2.0.0/16'), interface: 'lan0' },
      ],
      forward: { interfaces: ['lan9'] },
    });
    const { refused } = await driver.upInPart(wanted);
    const messages = refused.map(({ message }) => message);
    assert.deepEqual(
      messages.map((message) => message.replace(/: .*/, '')),
      [
        'cannot add the route 10.3.0.0/16 on tun0',
        'cannot switch on forwarding for lan9',
        'cannot answer neighbour requests for 10.0.0.2/32 on lan9',
        'cannot answer neighbour requests for 172.16.0.0/30',
        'cannot answer neighbour requests for 10.2.0.0/16',
      ],
    );
    assert.match(messages[0] ?? '', /a source is an address of this machine/);
    assert.match(messages[3] ?? '', /no interface has a network that holds it/);
    assert.match(messages[4] ?? '', /more than 4096 addresses/);
    await shows('route show proto 108', [{ dst: '10.2.0.0/16' }]);
    assert.equal(await forwarding(namespace, 'tun0'), '1');
  });

  it('leaves forwarding alone that it may not switch', async () => {
    await driver.stop();
    // Without the capability /proc/sys belongs to root alone, and mounted read-only to nobody.
    driver = rig.driver({
      through: ['unshare', '--mount', 'sh', '-c', 'mount -t proc -o ro proc /proc && exec "$@"', 'sh'],
    });
    const { refused } = await driver.upInPart(
      wantedInterface(facts, { ...noOptions, forward: { interfaces: ['lan0'] } }),
    );
    assert.deepEqual(
      refused.map(({ code, message }) => [code, message.includes('ProtectKernelTunables')]),
      [
        ['EROFS', true],
        ['EROFS', true],
      ],
    );
    await driver.down('tun0');
  });

  it('touches nothing of others that it cannot note', async () => {
    await driver.stop();
    driver = rig.driver({ stateDir: `${rig.stateDir}/missing` });
    const wanted = wantedInterface(facts, {
      ...noOptions,
      networks: [network('10.2.0.0/16')],
      defaultRoute: { metric: 200, supersede: true },
      forward: { interfaces: ['lan0'] },
    });
    const { refused } = await driver.upInPart(wanted);
    assert.equal(refused.length, 1);
    assert.match(refused[0]?.message ?? '', /cannot write .*net\.json: .*state directory/);
    assert.equal(await forwarding(namespace, 'lan0'), '0');
    assert.match(await namespace.ip('route show default'), /via 192\.168\.1\.254 .*metric 100/);
    await shows('route show 10.2.0.0/16', [{ dst: '10.2.0.0/16', dev: 'tun0' }]);
  });
});

describe('what two links share', () => {
  it('goes with the last: forwarding and a superseded default route', async () => {
    await namespace.ip('tuntap add mode tun name tun1');
    const untouched = await wholeState(namespace);
    const options = { ...noOptions, forward: { interfaces: ['lan0'] } };
    const first = wantedInterface(facts, { ...options, defaultRoute: { metric: 200, supersede: true } });
    const second = wantedInterface(
      { ...facts, link: 'depot', name: 'tun1', remote: ip('10.0.0.3') },
      { ...options, defaultRoute: { metric: 400, supersede: true } },
    );
    const metrics = async (): Promise<unknown[]> =>
      records(await namespace.ipJson('route show default')).map(({ metric }) => metric);
    await driver.up(first);
    assert.deepEqual(await metrics(), [200, 301]);
    await driver.up(second);
    assert.deepEqual(await metrics(), [200, 400, 501]);
    await driver.release('tun0');
    assert.deepEqual(await metrics(), [400, 501]);
    assert.deepEqual([await forwarding(namespace, 'lan0'), await forwarding(namespace, 'tun0')], ['1', '0']);
    await driver.release('tun1');
    assert.equal(await wholeState(namespace), untouched);
  });
});

describe('what belongs to others', () => {
  it('stays: their neighbour proxies, and forwarding that was on', async () => {
    await namespace.ip('neighbour add proxy 10.0.0.2 dev lan0');
    await namespace.sysctl('net.ipv4.conf.lan0.forwarding', '1');
    const untouched = await wholeState(namespace);
    const wanted = wantedInterface(facts, {
      ...noOptions,
      proxyArp: [{ target: 'peer', interface: 'lan0' }],
      forward: { interfaces: ['lan0'] },
    });
    const { commands } = await driver.up(wanted);
    assert.deepEqual(commands, ['sysctl -w net.ipv4.conf.tun0.forwarding=1', ...always]);
    await driver.release('tun0');
    assert.equal(await wholeState(namespace), untouched);
  });

  it('stays on when somebody switched forwarding on for the whole machine meanwhile', async () => {
    await driver.up(wantedInterface(facts, { ...noOptions, forward: { interfaces: ['lan0'] } }));
    await namespace.sysctl('net.ipv4.conf.all.forwarding', '1');
    await driver.release('tun0');
    assert.deepEqual([await forwarding(namespace, 'lan0'), await forwarding(namespace, 'far')], ['1', '1']);
  });

  it('is not brought back when its owner took the moved default route away', async () => {
    await driver.up(wantedInterface(facts, { ...noOptions, defaultRoute: { metric: 200, supersede: true } }));
    await namespace.ip('route del default via 192.168.1.254 metric 301');
    await driver.release('tun0');
    assert.equal(await namespace.ip('route show default'), '');
  });
});

describe('what outlasts the redial', () => {
  const options = { ...noOptions, networks: [network('10.2.0.0/16')], unreachable: true };

  it('holds before the first up, through the redial, until the release', async () => {
    const untouched = await wholeState(namespace);
    await driver.hold(outlasting(facts, options));
    const leak = await namespace.run('ip', ['route', 'get', '10.2.0.9']);
    assert.match(leak.stderr, /No route to host|unreachable/i);
    await driver.up(wantedInterface(facts, options));
    assert.match(await namespace.ip('route get 10.2.0.9'), /dev tun0/);
    await driver.down('tun0');
    await shows('-4 route show table all proto 108', [{ type: 'unreachable', dst: '10.2.0.0/16' }]);
    await driver.release('tun0');
    assert.equal(await wholeState(namespace), untouched);
  });
});

describe('Network.routes', () => {
  it('tells the routes of all tables, each with who made it', async () => {
    await driver.up(
      wantedInterface(facts, { ...noOptions, networks: [network('10.2.0.0/16 table 7 metric 5')], unreachable: true }),
    );
    const lines = (await driver.routes()).map(
      ({ prefix: to, table, metric, type, protocol, interface: name, gateway }) =>
        [
          type,
          formatPrefix(to),
          name ?? '-',
          gateway === undefined ? '-' : formatIp(gateway),
          metric,
          table,
          protocol,
        ].join(' '),
    );
    assert.deepEqual(lines.sort(), [
      'unicast 0.0.0.0/0 lan0 192.168.1.254 100 254 4',
      'unicast 10.0.0.2/32 tun0 - 0 254 2',
      'unicast 10.2.0.0/16 tun0 - 5 7 108',
      'unicast 192.168.1.0/24 lan0 - 0 254 2',
      'unicast 2001:db8:1::/64 lan0 - 256 254 2',
      'unicast ::/0 lan0 2001:db8:1::fe 100 254 4',
      'unreachable 10.2.0.0/16 - - 4294967294 7 108',
    ]);
  });
});

/** `ip -j` gives these, in any order; only the fields that are named in one of them count. */
async function shows(words: string, expected: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
  const [first] = expected;
  const found = records(await namespace.ipJson(words));
  const fields = new Set(expected.flatMap((one) => Object.keys(one)));
  const part = (one: Readonly<Record<string, unknown>>): string =>
    JSON.stringify(
      [...fields].map((field) => (expected.some((other) => field in other) ? (one[field] ?? null) : null)),
    );
  assert.ok(first !== undefined);
  assert.deepEqual(found.map(part).sort(), expected.map(part).sort(), words);
}
