/**
 * Network against the real kernel, in a namespace of the test's own:
 *
 *     tun0, tun1    TUN devices that nobody has open, as linkd's interfaces
 *     other         a veth, as an interface of other programs
 */
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { formatIp4, formatPrefix, parseIp4, parsePrefix, type Ip4, type Prefix } from '../../src/base/ip.js';
import { systemScheduler } from '../../src/link/scheduler.js';
import { Network } from '../../src/net/network.js';
import { describe as command } from '../../src/net/operation.js';
import { planUp } from '../../src/net/plan.js';
import type { WantedInterface, WantedRoute } from '../../src/net/wanted.js';
import { Lab, type Namespace } from '../support/netns.js';
import { Driver } from './driver.js';

const wanted: WantedInterface = {
  name: 'tun0',
  mtu: 1400,
  local: ip('10.0.0.1'),
  remote: ip('10.0.0.2'),
  routes: [route('10.2.0.0/16'), route('10.3.0.0/16', 50)],
};

let lab: Lab;
let namespace: Namespace;
let driver: Driver;
let stateDir: string;

beforeEach(async () => {
  stateDir = await Driver.stateDir();
  lab = await Lab.create();
  namespace = await lab.namespace('net');
  await namespace.ip('tuntap add mode tun name tun0');
  await namespace.ip('tuntap add mode tun name tun1');
  await namespace.ip('link add other type veth peer name far');
  await namespace.ip('link set far up');
  await namespace.ip('link set other up');
  driver = new Driver(namespace, { stateDir });
});
afterEach(async () => {
  await lab.close();
  await rm(stateDir, { recursive: true });
});

describe('Network.up', () => {
  it('installs MTU, address, and routes with metric and protocol', async () => {
    const { commands } = await driver.up(wanted);
    assert.deepEqual(commands, [
      'ip link set dev tun0 mtu 1400',
      'ip address add 10.0.0.1 peer 10.0.0.2/32 dev tun0',
      'ip link set dev tun0 up',
      'ip route add 10.2.0.0/16 dev tun0 proto 108',
      'ip route add 10.3.0.0/16 dev tun0 proto 108 metric 50',
    ]);
    assert.deepEqual(await state('tun0'), stateOf(wanted));
    assert.match(await namespace.ip('-N route show proto 108'), /^10\.2\.0\.0\/16 dev tun0 scope 253 /);
  });

  it('does nothing when everything is there', async () => {
    await driver.up(wanted);
    assert.deepEqual((await driver.up(wanted)).commands, []);
  });

  const changes: { name: string; wanted: Partial<WantedInterface> }[] = [
    { name: 'another MTU', wanted: { mtu: 296 } },
    { name: 'another peer', wanted: { remote: ip('10.0.0.9') } },
    { name: 'another local address for the same peer', wanted: { local: ip('10.0.0.5') } },
    { name: 'both addresses swapped', wanted: { local: wanted.remote, remote: wanted.local } },
    { name: 'other networks', wanted: { routes: [route('10.3.0.0/16', 50), route('10.4.0.0/24')] } },
    { name: 'other metrics', wanted: { routes: [route('10.2.0.0/16', 4294967295), route('10.3.0.0/16')] } },
    { name: 'one network by two metrics', wanted: { routes: [route('10.2.0.0/16'), route('10.2.0.0/16', 50)] } },
    { name: 'a default route', wanted: { routes: [route('0.0.0.0/0', 10)] } },
    { name: 'no networks', wanted: { routes: [] } },
    {
      name: 'everything',
      wanted: { mtu: 576, local: ip('10.9.0.1'), remote: ip('10.9.0.2'), routes: [route('10.8.0.0/16')] },
    },
  ];
  for (const change of changes) {
    it(`applies a change and takes it back: ${change.name}`, async () => {
      await driver.up(wanted);
      for (const next of [{ ...wanted, ...change.wanted }, wanted]) {
        assert.notDeepEqual((await driver.up(next)).commands, []);
        assert.deepEqual(await state('tun0'), stateOf(next));
        assert.deepEqual((await driver.up(next)).commands, []);
      }
    });
  }

  it('restores what another program took away', async () => {
    await driver.up(wanted);
    for (const meddling of [
      'link set tun0 down',
      'route del 10.2.0.0/16',
      'address flush dev tun0',
      'link set tun0 mtu 68',
    ]) {
      await namespace.ip(meddling);
      await driver.upInPart(wanted);
      assert.deepEqual(await state('tun0'), stateOf(wanted), meddling);
    }
  });

  it('leaves alone what others have on the same interface', async () => {
    await driver.up(wanted);
    await namespace.ip('address add 192.0.2.1/24 dev tun0');
    await namespace.ip('route add 198.51.100.0/24 dev tun0 proto static');
    const others = async (): Promise<string[]> => [
      await namespace.ip('-4 -o address show dev tun0 to 192.0.2.1'),
      await namespace.ip('route show 198.51.100.0/24'),
    ];
    const before = await others();
    await driver.up({ ...wanted, local: ip('10.0.0.5'), routes: [] });
    assert.deepEqual(await others(), before);
    await driver.down('tun0');
    assert.match((await others())[0] ?? '', /192\.0\.2\.1\/24/);
  });

  it('never replaces the route of another program, says which, and installs the others', async () => {
    await namespace.ip('route add 10.2.0.0/16 dev other proto static');
    await namespace.ip('route add 10.3.0.0/16 dev other proto static metric 50');
    const routes = [...wanted.routes, route('10.4.0.0/16')];
    const { refused } = await driver.upInPart({ ...wanted, routes });
    assert.equal(refused.length, 2);
    assert.match(
      refused[0]?.message ?? '',
      /^cannot add the route 10\.2\.0\.0\/16 on tun0: file already exists \(EEXIST\)\. /,
    );
    assert.equal(refused[0]?.code, 'EEXIST');
    assert.match(refused[0].remedy ?? '', /`ip route show 10\.2\.0\.0\/16`/);
    assert.match(refused[1]?.message ?? '', /10\.3\.0\.0\/16 on tun0: .*EEXIST/);
    assert.deepEqual((await state('tun0')).routes, ['10.4.0.0/16 0']);
    assert.match(await namespace.ip('route show 10.2.0.0/16'), /^10\.2\.0\.0\/16 dev other proto static/);

    await namespace.ip('route del 10.2.0.0/16');
    await namespace.ip('route del 10.3.0.0/16');
    await driver.up({ ...wanted, routes });
    assert.deepEqual((await state('tun0')).routes, ['10.2.0.0/16 0', '10.3.0.0/16 50', '10.4.0.0/16 0']);
  });

  it('fails when none of its routes can be, as the link would be of no use', async () => {
    await namespace.ip('route add 10.2.0.0/16 dev other proto static');
    const { error } = await driver.call({ call: 'up', wanted: { ...wanted, routes: [route('10.2.0.0/16')] } });
    assert.equal(error?.code, 'EEXIST');
    await driver.down('tun0');
    assert.match(await namespace.ip('route show 10.2.0.0/16'), /^10\.2\.0\.0\/16 dev other proto static/);
  });

  it('is content with its route beside another of a different metric', async () => {
    await namespace.ip('route add 10.2.0.0/16 dev other proto static metric 7');
    await driver.up(wanted);
    await driver.up({ ...wanted, routes: [] });
    assert.match(await namespace.ip('route show 10.2.0.0/16'), /^10\.2\.0\.0\/16 dev other proto static .*metric 7/);
  });

  it('finds its routes in a large table', async () => {
    const prefixes = Array.from({ length: 2000 }, (_, i) => `100.${64 + (i >> 8)}.${i & 255}.0/24`);
    const batch = prefixes.map((prefix) => `route add ${prefix} dev other proto static\n`).join('');
    await namespace.must('ip', ['-batch', '-'], { input: batch });
    const routes = Array.from({ length: 300 }, (_, i) => route(`10.100.${i & 255}.${(i >> 8) * 128}/25`));
    await driver.up({ ...wanted, routes });
    assert.deepEqual((await driver.up({ ...wanted, routes })).commands, []);
    assert.equal((await state('tun0')).routes.length, 300);
    await driver.up({ ...wanted, routes: [] });
    assert.deepEqual((await state('tun0')).routes, []);
  });

  it('says what it cannot do', async () => {
    const missing = await driver.call({ call: 'up', wanted: { ...wanted, name: 'tun9' } });
    assert.match(
      missing.error?.message ?? '',
      /^cannot set up the interface tun9: it does not exist\. .*`ip link show`/,
    );
    const mtu = await driver.call({ call: 'up', wanted: { ...wanted, mtu: 20 } });
    assert.match(mtu.error?.message ?? '', /^cannot set the MTU 20 on tun0: .*EINVAL.* 68 to 65535/);
    const hostBits = await driver.call({ call: 'up', wanted: { ...wanted, routes: [route('10.2.0.1/16')] } });
    assert.match(
      hostBits.error?.message ?? '',
      /^cannot add the route 10\.2\.0\.1\/16 on tun0: .*EINVAL.*behind its prefix/,
    );
  });

  it('names CAP_NET_ADMIN when it is missing', async () => {
    await driver.stop();
    driver = new Driver(namespace, {
      stateDir,
      through: ['setpriv', '--inh-caps=-net_admin', '--bounding-set=-net_admin'],
    });
    const { error } = await driver.call({ call: 'up', wanted });
    assert.equal(error?.code, 'EPERM');
    assert.match(
      error.message,
      /^cannot set the MTU 1400 on tun0: operation not permitted \(EPERM\)\. .*CAP_NET_ADMIN/,
    );
    assert.deepEqual((await state('tun0')).addresses, []);
    await driver.down('tun0');
  });
});

describe('Network.down', () => {
  it('takes back what up installed, and keeps the interface', async () => {
    const before = await state('tun0');
    await driver.up(wanted);
    await driver.down('tun0');
    assert.deepEqual(await state('tun0'), { ...before, mtu: wanted.mtu });
    assert.equal(await namespace.ip('-N route show proto 108'), '');
    assert.deepEqual((await driver.down('tun0')).commands, []);
    await driver.up(wanted);
    assert.deepEqual(await state('tun0'), stateOf(wanted));
  });

  it('is content when the interface is gone', async () => {
    await driver.up(wanted);
    await namespace.ip('link delete tun0');
    assert.deepEqual((await driver.down('tun0')).commands, []);
    assert.deepEqual((await driver.down('never-there')).commands, []);
  });

  it('leaves the LAN as it was when the link borrowed its address', async () => {
    await namespace.ip('address add 192.168.50.1/24 dev other');
    const lan = (): Promise<string> => namespace.ip('-4 route show table all dev other');
    const before = await lan();
    await driver.up({ ...wanted, local: ip('192.168.50.1') });
    assert.equal(await lan(), before);
    await driver.down('tun0');
    assert.equal(await lan(), before);
    assert.equal((await lab.ping(namespace, '192.168.50.1', { count: 1 })).loss, 0);
  });

  it('leaves the other link alone', async () => {
    const second = { ...wanted, name: 'tun1', remote: ip('10.0.0.3'), routes: [route('10.7.0.0/16')] };
    await driver.up(wanted);
    await driver.up(second);
    await driver.down('tun0');
    assert.deepEqual(await state('tun1'), stateOf(second));
  });
});

describe('Network.sweep', () => {
  it('deletes our routes from the named interfaces that outlived a crash, and nothing else', async () => {
    await driver.up(wanted);
    await driver.up({ ...wanted, name: 'tun1', remote: ip('10.0.0.3'), routes: [route('10.7.0.0/16')] });
    await driver.stop();
    await namespace.ip('route add 198.51.100.0/24 dev tun0 proto static');
    const second = await state('tun1');

    driver = new Driver(namespace, { stateDir });
    const { commands } = await driver.call({ call: 'sweep', names: ['tun9', 'tun0'] });
    assert.deepEqual(commands, [
      'ip route del 10.2.0.0/16 dev tun0 proto 108',
      'ip route del 10.3.0.0/16 dev tun0 proto 108 metric 50',
    ]);
    assert.deepEqual(await state('tun0'), stateOf({ ...wanted, routes: [] }));
    assert.match(await namespace.ip('route show 198.51.100.0/24'), /dev tun0 proto static/);
    assert.deepEqual(await state('tun1'), second);
  });
});

describe('Network', () => {
  it('carries out calls in their order, however fast they come', async () => {
    const second = { ...wanted, name: 'tun1', remote: ip('10.0.0.3'), routes: [route('10.7.0.0/16')] };
    const answers = await Promise.all([
      driver.call({ call: 'up', wanted }),
      driver.call({ call: 'up', wanted: second }),
      driver.call({ call: 'down', name: 'tun0' }),
      driver.call({ call: 'up', wanted: { ...wanted, name: 'tun9' } }),
      driver.call({ call: 'up', wanted: { ...wanted, local: ip('10.0.0.5') } }),
      driver.call({ call: 'down', name: 'tun1' }),
    ]);
    assert.deepEqual(
      answers.map(({ error }) => error?.message.replace(/:.*/, '')),
      [undefined, undefined, undefined, 'cannot set up the interface tun9', undefined, undefined],
    );
    assert.deepEqual(await state('tun0'), stateOf({ ...wanted, local: ip('10.0.0.5') }));
    assert.equal((await state('tun1')).up, false);
  });

  it('finishes what was asked for before it closes, and then keeps no process alive', async () => {
    const calls = [driver.up(wanted), driver.down('tun0'), driver.up(wanted)];
    await driver.finish();
    await Promise.all(calls);
    assert.deepEqual(await state('tun0'), stateOf(wanted));
  });

  it('takes no calls after it was closed', async () => {
    const silent = (): void => undefined;
    const log = { debug: silent, info: silent, warn: silent, error: silent };
    const network = new Network({ log, scheduler: systemScheduler, stateDir });
    void network.close();
    void network.close();
    await assert.rejects(network.up(wanted), /closed/);
  });

  it('prints the commands that do the same by hand', async () => {
    const fresh = {
      name: 'tun0',
      index: 0,
      mtu: 1500,
      up: false,
      loopback: false,
      addresses: [],
      routes: [],
      peers: [],
    };
    for (const operation of planUp(wanted, fresh)) await namespace.ip(command(operation).replace(/^ip /, ''));
    assert.deepEqual(await state('tun0'), stateOf(wanted));
    assert.deepEqual((await driver.up(wanted)).commands, []);

    const { commands } = await driver.up({ ...wanted, remote: ip('10.0.0.9'), routes: [] });
    await driver.up(wanted);
    // It would put back what is changed by hand.
    await driver.stop();
    for (const line of commands) await namespace.ip(line.replace(/^ip /, ''));
    assert.deepEqual(await state('tun0'), stateOf({ ...wanted, remote: ip('10.0.0.9'), routes: [] }));
  });
});

interface State {
  readonly mtu: number;
  readonly up: boolean;
  /** `10.0.0.1 10.0.0.2/32` */
  readonly addresses: readonly string[];
  /** `10.2.0.0/16 50`; those with our protocol, sorted. */
  readonly routes: readonly string[];
}

/** What `ip` says of an interface; addresses of 192.0.2.0/24 are the test's own and left out. */
async function state(name: string): Promise<State> {
  const [link] = records(await namespace.ipJson(`address show dev ${name}`));
  const flags = link?.['flags'];
  const routes = records(await namespace.ipJson(`-N route show dev ${name} proto 108`));
  return {
    mtu: Number(link?.['mtu']),
    up: Array.isArray(flags) && flags.includes('UP'),
    addresses: records(link?.['addr_info'])
      .filter(({ family }) => family === 'inet')
      .map(({ local, address = local, prefixlen }) => `${String(local)} ${String(address)}/${String(prefixlen)}`)
      .filter((address) => !address.startsWith('192.0.2.')),
    routes: routes.map(({ dst, metric = 0 }) => `${withLength(String(dst))} ${String(metric)}`).sort(),
  };
}

function stateOf({ mtu, local, remote, routes }: WantedInterface): State {
  return {
    mtu,
    up: true,
    addresses: [`${formatIp4(local)} ${formatIp4(remote)}/32`],
    routes: routes.map(({ prefix, metric = 0 }) => `${formatPrefix(prefix)} ${metric}`).sort(),
  };
}

/** `ip` prints `default` for 0.0.0.0/0 and no length for a host. */
function withLength(network: string): string {
  if (network === 'default') return '0.0.0.0/0';
  return network.includes('/') ? network : `${network}/32`;
}

function records(json: unknown): Record<string, unknown>[] {
  assert.ok(Array.isArray(json), `not a list: ${JSON.stringify(json)}`);
  return json.filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null);
}

function route(text: string, metric?: number): WantedRoute {
  return { prefix: prefix(text), metric };
}

function ip(text: string): Ip4 {
  const address = parseIp4(text);
  assert.ok(address !== undefined, text);
  return address;
}

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}
