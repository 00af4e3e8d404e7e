/**
 * What the links want of the machine around their interfaces: unreachable routes, neighbour proxies, switches, and
 * default routes of others out of the way. All links at once, so that what two of them share goes with the last. Pure.
 */
import { OpError } from '../base/errors.js';
import {
  bitsOf,
  covers,
  familyOf,
  formatPrefix,
  ipFromNumber,
  networkOf,
  prefixOf,
  rangeOf,
  sizeOf,
  type Ip,
  type IpPrefix,
} from '../base/ip.js';
import { planDefaults, type WantedDefault } from './defaults.js';
import type { Memory } from './memory.js';
import type { Observed, ObservedInterface } from './observed.js';
import type { Operation } from './operation.js';
import { MAX_PROXIES } from './options.js';
import { planSwitches } from './switches.js';
import {
  defaultsOf,
  MAIN_TABLE,
  type Outlasting,
  type UnreachableRoute,
  type WantedInterface,
  type WantedProxy,
} from './wanted.js';

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
  const switches = planSwitches(up, proxies.lans6, observed, memory.switches);
  const defaults = planDefaults(up.flatMap(wantedDefault), observed.defaults, memory.defaults);
  return {
    operations: [
      ...planUnreachable(wishes, observed),
      ...defaults.operations,
      ...switches.operations,
      ...proxies.operations,
    ],
    before: { switches: switches.before, defaults: defaults.before },
    after: { switches: switches.after, defaults: defaults.after },
    problems: [...switches.problems, ...proxies.problems],
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

/** The interfaces on which the links want neighbour requests answered, also where the config does not name them. */
export function lansOf(up: readonly WantedInterface[], interfaces: readonly ObservedInterface[]): string[] {
  return up.flatMap(({ name, proxies = [] }) =>
    proxies.map((proxy) => lanOf(proxy, name, interfaces)).filter((lan) => typeof lan === 'string'),
  );
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

function wantedDefault(wanted: WantedInterface): WantedDefault[] {
  return defaultsOf(wanted).map(({ family, metric, supersede }) => ({ name: wanted.name, family, metric, supersede }));
}

/** An entry of another program serves as well as ours, and stays its own. */
function planProxies(
  up: readonly WantedInterface[],
  observed: Observed,
): { operations: Operation[]; problems: Problem[]; lans6: { link: string; name: string }[] } {
  const problems: Problem[] = [];
  const lans6: { link: string; name: string }[] = [];
  const wanted = new Map<string, { name: string; address: Ip }>();
  for (const link of up) {
    for (const proxy of link.proxies ?? []) {
      const lan = lanOf(proxy, link.name, observed.interfaces);
      if (lan instanceof OpError) {
        problems.push({ name: link.name, error: lan });
        continue;
      }
      if (familyOf(proxy.target) === 6) lans6.push({ link: link.name, name: lan });
      for (const address of addressesIn(proxy.target)) wanted.set(`${lan} ${address}`, { name: lan, address });
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
  return { operations, problems, lans6 };
}

/** The named interface, or the one with the smallest network that holds the target. */
function lanOf(
  { target, interface: named }: WantedProxy,
  link: string,
  interfaces: readonly ObservedInterface[],
): string | OpError {
  const op = 'answer neighbour requests for';
  const subject = formatPrefix(target);
  if (sizeOf(target) > MAX_PROXIES) {
    const remedy = 'Name smaller networks, or give the hosts of the LAN a route';
    return new OpError(op, subject, `it has more than ${MAX_PROXIES} addresses`, remedy);
  }
  if (named !== undefined) {
    if (interfaces.some(({ name }) => name === named)) return named;
    return new OpError(op, `${subject} on ${named}`, 'there is no such interface', 'See `ip link show`');
  }
  const [best] = interfaces
    .filter(({ name, loopback }) => name !== link && !loopback)
    .flatMap((one) => networksOn(one).map((network) => ({ name: one.name, network })))
    .filter(({ network }) => covers(network, target))
    .sort((a, b) => b.network.length - a.network.length);
  const key = familyOf(target) === 4 ? 'proxy-arp' : 'proxy-ndp';
  const remedy = `Name the interface, as in \`${key}: [{ target: peer, interface: eth0 }]\``;
  return best?.name ?? new OpError(op, subject, 'no interface has a network that holds it', remedy);
}

/** The networks whose hosts an interface reaches without a router. */
export function networksOn({ addresses }: Pick<ObservedInterface, 'addresses'>): IpPrefix[] {
  return addresses
    .filter(({ local, peer, prefixLength }) => local === peer && prefixLength < bitsOf(local))
    .map(({ local, prefixLength }) => networkOf(prefixOf(local, prefixLength)));
}

function addressesIn(network: IpPrefix): Ip[] {
  const { first } = rangeOf(network);
  return Array.from({ length: sizeOf(network) }, (_, i) => ipFromNumber(familyOf(network), first + BigInt(i)));
}

/** What the first has and the second lacks. */
function difference<T>(first: ReadonlyMap<string, T>, second: ReadonlyMap<string, T>): T[] {
  return [...first].filter(([key]) => !second.has(key)).map(([, value]) => value);
}
