/**
 * What the links want of the machine around their interfaces: unreachable routes, neighbour proxies, forwarding, and
 * default routes of others out of the way. All links at once, so that what two of them share goes with the last. Pure.
 */
import { OpError } from '../base/errors.js';
import { formatPrefix, networkOf, overlaps, type Ip4, type Prefix } from '../base/ip.js';
import { planDefaults, type WantedDefault } from './defaults.js';
import type { Memory } from './memory.js';
import { interfaceNamed, type Observed, type ObservedInterface } from './observed.js';
import type { Operation } from './operation.js';
import type { NeighbourProxy } from './options.js';
import { MAIN_TABLE, type Outlasting, type UnreachableRoute, type WantedInterface } from './wanted.js';

/** Each address is an entry of the kernel's, so that a network's are bounded. */
export const MAX_PROXIES = 4096;

/** One link: what stands for it anyway, and what it wants while it is up. */
export interface Wish {
  readonly outlasting: Outlasting;
  readonly wanted: WantedInterface | undefined;
}

export interface MachinePlan {
  readonly operations: readonly Operation[];
  /** To be remembered before the operations, and after them when all succeeded. */
  readonly before: Memory;
  readonly after: Memory;
  /** What can't be done, each by the link that wants it. */
  readonly problems: readonly { readonly name: string; readonly error: OpError }[];
  readonly warnings: readonly { readonly name: string; readonly message: string }[];
}

export function planMachine(wishes: readonly Wish[], observed: Observed, memory: Memory): MachinePlan {
  const up = wishes.flatMap(({ wanted }) => (wanted === undefined ? [] : [wanted]));
  const proxies = planProxies(up, observed);
  const forwarding = planForwarding(up, observed, memory.forwarding);
  const defaults = planDefaults(up.flatMap(wantedDefault), observed.defaults, memory.defaults);
  return {
    operations: [
      ...planUnreachable(wishes, observed),
      ...defaults.operations,
      ...forwarding.operations,
      ...proxies.operations,
    ],
    before: { forwarding: forwarding.before, defaults: defaults.before },
    after: { forwarding: forwarding.after, defaults: defaults.after },
    problems: [...forwarding.problems, ...proxies.problems],
    warnings: defaults.warnings,
  };
}

/** The interfaces other than the links' own that the links name; what happens to them matters. */
export function neighboursOf(wishes: readonly Wish[]): Set<string> {
  const names = wishes.flatMap(({ wanted }) => [
    ...(wanted?.forward?.interfaces ?? []),
    ...(wanted?.proxies ?? []).flatMap((proxy) => (proxy.interface === undefined ? [] : [proxy.interface])),
  ]);
  return new Set(names);
}

type Problem = MachinePlan['problems'][number];

function planUnreachable(wishes: readonly Wish[], observed: Observed): Operation[] {
  const key = ({ prefix, table = MAIN_TABLE }: UnreachableRoute): string => `${formatPrefix(prefix)} ${table}`;
  const wanted = new Map(
    wishes
      .flatMap(({ outlasting }) => outlasting.unreachable ?? [])
      .map(({ prefix, table = MAIN_TABLE }) => [key({ prefix, table }), { prefix, table }]),
  );
  const present = new Map(observed.unreachable.map(({ prefix, table }) => [key({ prefix, table }), { prefix, table }]));
  return [
    ...difference(wanted, present).map((route): Operation => ({ kind: 'add-unreachable', ...route })),
    ...difference(present, wanted).map((route): Operation => ({ kind: 'delete-unreachable', ...route })),
  ];
}

function wantedDefault({ name, defaultRoute }: WantedInterface): WantedDefault[] {
  return defaultRoute === undefined ? [] : [{ name, ...defaultRoute }];
}

/** An entry of another program serves as well as ours, and stays its own. */
function planProxies(
  up: readonly WantedInterface[],
  observed: Observed,
): { operations: Operation[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const wanted = new Map<string, { name: string; address: Ip4 }>();
  for (const link of up) {
    for (const proxy of link.proxies ?? []) {
      const target = proxy.target === 'peer' ? { address: link.remote, length: 32 } : proxy.target;
      const lan = lanOf(proxy, target, link.name, observed);
      if (lan instanceof OpError) problems.push({ name: link.name, error: lan });
      else for (const address of addressesOf(target)) wanted.set(`${lan} ${address}`, { name: lan, address });
    }
  }
  const names = new Map(observed.interfaces.map(({ name, index }) => [index, name]));
  const present = observed.proxies.flatMap(({ index, address, ours }) => {
    const name = names.get(index);
    return name === undefined ? [] : [{ key: `${name} ${address}`, ours, name, address }];
  });
  const any = new Map(present.map(({ key, name, address }) => [key, { name, address }]));
  const ours = new Map(present.filter((one) => one.ours).map(({ key, name, address }) => [key, { name, address }]));
  const operations = [
    ...difference(wanted, any).map((proxy): Operation => ({ kind: 'add-proxy', ...proxy })),
    ...difference(ours, wanted).map((proxy): Operation => ({ kind: 'delete-proxy', ...proxy })),
  ];
  return { operations, problems };
}

/** The named interface, or the one with the smallest network that holds the target. */
function lanOf(proxy: NeighbourProxy, target: Prefix, link: string, observed: Observed): string | OpError {
  const op = 'answer neighbour requests for';
  const subject = formatPrefix(target);
  if (2 ** (32 - target.length) > MAX_PROXIES) {
    const remedy = 'Name smaller networks, or give the hosts of the LAN a route';
    return new OpError(op, subject, `it has more than ${MAX_PROXIES} addresses`, remedy);
  }
  if (proxy.interface !== undefined) {
    if (interfaceNamed(observed, proxy.interface) !== undefined) return proxy.interface;
    return new OpError(op, `${subject} on ${proxy.interface}`, 'there is no such interface', 'See `ip link show`');
  }
  const [best] = observed.interfaces
    .filter(({ name, loopback }) => name !== link && !loopback)
    .flatMap((one) => networksOn(one).map((network) => ({ name: one.name, network })))
    .filter(({ network }) => network.length <= target.length && overlaps(network, target))
    .sort((a, b) => b.network.length - a.network.length);
  const remedy = 'Name the interface, as in `proxy-arp: [{ target: peer, interface: eth0 }]`';
  return best?.name ?? new OpError(op, subject, 'no interface has a network that holds it', remedy);
}

/** The networks whose hosts an interface reaches without a router. */
export function networksOn({ addresses }: Pick<ObservedInterface, 'addresses'>): Prefix[] {
  return addresses
    .filter(({ local, peer, prefixLength }) => local === peer && prefixLength < 32)
    .map(({ local, prefixLength }) => networkOf({ address: local, length: prefixLength }));
}

function addressesOf({ address, length }: Prefix): Ip4[] {
  return Array.from({ length: 2 ** (32 - length) }, (_, i) => address + i);
}

interface ForwardingPlan {
  readonly operations: readonly Operation[];
  readonly before: Memory['forwarding'];
  readonly after: Memory['forwarding'];
  readonly problems: readonly Problem[];
}

function planForwarding(
  up: readonly WantedInterface[],
  observed: Observed,
  remembered: Memory['forwarding'],
): ForwardingPlan {
  const operations: Operation[] = [];
  const problems: Problem[] = [];
  const wanted = new Set<string>();
  const after: Record<string, Memory['forwarding'][string]> = {};
  for (const { name: link, forward } of up) {
    if (forward === undefined) continue;
    for (const name of [link, ...forward.interfaces]) {
      const one = interfaceNamed(observed, name);
      const on = observed.forwarding.get(name);
      if (one === undefined || on === undefined) {
        const error = new OpError('switch on forwarding for', name, 'there is no such interface', 'See `ip link show`');
        problems.push({ name: link, error });
        continue;
      }
      if (wanted.has(name)) continue;
      wanted.add(name);
      const known = remembered[name]?.index === one.index ? remembered[name] : undefined;
      const record = known ?? (on ? undefined : { index: one.index, all: observed.forwardingAll });
      if (record !== undefined) after[name] = record;
      if (!on) operations.push({ kind: 'set-forwarding', name, on: true });
    }
  }
  const before = { ...after };
  for (const [name, record] of Object.entries(remembered)) {
    if (wanted.has(name) || interfaceNamed(observed, name)?.index !== record.index) continue;
    // Somebody switched forwarding on for the whole machine meanwhile: then it was not ours alone.
    if (observed.forwarding.get(name) !== true || (observed.forwardingAll && !record.all)) continue;
    before[name] = record;
    operations.push({ kind: 'set-forwarding', name, on: false });
  }
  return { operations, before, after, problems };
}

/** What the first has and the second lacks. */
function difference<T>(first: ReadonlyMap<string, T>, second: ReadonlyMap<string, T>): T[] {
  return [...first].filter(([key]) => !second.has(key)).map(([, value]) => value);
}
