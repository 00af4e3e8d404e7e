/** What the tests of the network room share: values from text, a namespace with a router in it, and what `ip` says of it. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { parseIp4, parseIpPrefix, type Ip, type Ip4, type IpPrefix } from '../../src/base/ip.js';
import { parseIp6 } from '../../src/base/ip6.js';
import type { NetOptions } from '../../src/net/options.js';
import type { LinkFacts } from '../../src/net/wanted.js';
import { eventually } from '../support/eventually.js';
import { Lab, type Namespace } from '../support/netns.js';
import { Driver, type DriverOptions } from './driver.js';

export function ip(text: string): Ip4 {
  const address = parseIp4(text);
  assert.ok(address !== undefined, text);
  return address;
}

/** Of either family. */
export function anyIp(text: string): Ip {
  const address = parseIp4(text) ?? parseIp6(text);
  assert.ok(address !== undefined, text);
  return address;
}

export function prefix(text: string): IpPrefix {
  const parsed = parseIpPrefix(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

/** The options of a link that wants nothing of the system but its interface. */
export const noOptions: NetOptions = {
  local6: undefined,
  remote6: undefined,
  networks: [],
  defaultRoute: undefined,
  proxyArp: [],
  proxyNdp: [],
  masquerade: [],
  portForwards: [],
  mssClamp: false,
  forward: undefined,
  firewall: undefined,
  antiSpoof: false,
  unreachable: false,
};

export const facts: LinkFacts = {
  link: 'branch',
  name: 'tun0',
  mtu: 1400,
  local: ip('10.0.0.1'),
  remote: ip('10.0.0.2'),
};

/** A network behind the peer: `10.2.0.0/16 metric 50 table 7 src 192.168.1.1`. */
export function network(text: string): NetOptions['networks'][number] {
  const [first = '', ...words] = text.split(' ');
  const after = (word: string): string | undefined =>
    words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
  const number = (word: string): number | undefined => (after(word) === undefined ? undefined : Number(after(word)));
  const source = after('src');
  return {
    prefix: prefix(first),
    metric: number('metric'),
    table: number('table'),
    source: source === undefined ? undefined : anyIp(source),
  };
}

/** What IPV6CP and the config give a link that carries IPv6 as well. */
export const facts6: LinkFacts = { ...facts, linkLocal6: 'fe80::1', peerLinkLocal6: 'fe80::2' };

/** A namespace of the test's own, and a state directory for the drivers in it. */
export class NetRig {
  readonly namespace: Namespace;
  readonly stateDir: string;
  readonly lab: Lab;

  private constructor(lab: Lab, namespace: Namespace, stateDir: string) {
    this.lab = lab;
    this.namespace = namespace;
    this.stateDir = stateDir;
  }

  /** `prepare` makes what is in the namespace. */
  static async create(prepare: (namespace: Namespace) => Promise<void> = prepareRouter): Promise<NetRig> {
    const stateDir = await Driver.stateDir();
    const lab = await Lab.create();
    const rig = new NetRig(lab, await lab.namespace('net'), stateDir);
    await prepare(rig.namespace);
    return rig;
  }

  /** Ends with the rig at the latest. */
  driver(options: Partial<DriverOptions> = {}): Driver {
    return new Driver(this.namespace, { stateDir: this.stateDir, ...options });
  }

  async close(): Promise<void> {
    await this.lab.close();
    await rm(this.stateDir, { recursive: true });
  }
}

/**
 *     tun0           linkd's interface, which nobody has open
 *     lan0 ── far    192.168.1.1/24 and 2001:db8:1::1/64, an interface of others; it has the default routes
 */
export async function prepareRouter(namespace: Namespace): Promise<void> {
  await namespace.ip('tuntap add mode tun name tun0');
  await namespace.ip('link add lan0 type veth peer name far');
  // Addresses that the kernel makes by itself come a moment later, and are not part of what is compared.
  for (const name of ['lan0', 'far']) await namespace.sysctl(`net.ipv6.conf.${name}.addr_gen_mode`, '1');
  await namespace.ip('link set far up');
  await namespace.ip('address add 192.168.1.1/24 dev lan0');
  await namespace.ip('-6 address add 2001:db8:1::1/64 dev lan0 nodad');
  await namespace.ip('link set lan0 up');
  await namespace.ip('route add default via 192.168.1.254 proto static metric 100');
  await namespace.ip('-6 route add default via 2001:db8:1::fe proto static metric 100');
  // What the kernel adds once it has seen the carriers; it comes a moment later, too.
  const multicast = async (): Promise<boolean> => {
    const routes = await namespace.ip('-6 route show table local');
    return ['lan0', 'far'].every((name) => routes.includes(`multicast ff00::/8 dev ${name} `));
  };
  await eventually(multicast, 10_000, 'the interfaces have their carriers');
}

/** Everything that linkd could have changed in a namespace, as text that can be compared; carriers come and go. */
export async function wholeState(namespace: Namespace): Promise<string> {
  const parts = [
    namespace.ip('-o address show'),
    namespace.ip('-4 -N route show table all'),
    namespace.ip('-6 -N route show table all'),
    namespace.ip('neighbour show proxy'),
    namespace.must('sh', ['-c', 'cd /proc/sys/net/ipv4/conf; grep . */forwarding */rp_filter']),
    namespace.must('sh', ['-c', `cd /proc/sys/net/ipv6/conf; grep . ${switches6.map((key) => `*/${key}`).join(' ')}`]),
    namespace.must('nft', ['list', 'tables']),
  ];
  const lines = (await Promise.all(parts)).join('').split('\n');
  return lines
    .map((line) => line.replace(' linkdown', '').trim())
    .sort()
    .join('\n');
}

/** Those of other interfaces; what is set on linkd's own goes with it. */
const switches6 = ['forwarding', 'force_forwarding', 'proxy_ndp'];

/** The value of net.ipv4.conf.IF.forwarding. */
export async function forwarding(namespace: Namespace, name: string): Promise<string> {
  return (await namespace.must('cat', [`/proc/sys/net/ipv4/conf/${name}/forwarding`])).trim();
}

export function records(json: unknown): Record<string, unknown>[] {
  assert.ok(Array.isArray(json), `not a list: ${JSON.stringify(json)}`);
  return json.filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null);
}
