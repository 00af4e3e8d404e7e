/**
 * The kernel's switches below /proc/sys/net/ipv4/conf and ipv6/conf that the links want: each is set for the interfaces
 * concerned only, its value noted before, and put back when no link wants it any more. Pure.
 *
 * IPv6 knows no `forwarding` per interface: that switch makes a router of an interface in its answers to neighbours, and
 * lets proxy NDP work, but what is forwarded is ruled by `all` alone, or by `force_forwarding` (Linux 6.17). To set `all`
 * makes a router of every interface, which then drop the default routes that they learned; so linkd leaves it alone.
 */
import { OpError } from '../base/errors.js';
import type { Family } from '../base/ip.js';
import type { Memory, NotedSwitch } from './memory.js';
import { interfaceNamed, type Observed } from './observed.js';
import type { Operation } from './operation.js';
import { carriesIp6, type WantedInterface } from './wanted.js';

export interface Switch {
  readonly family: Family;
  /** An interface, or `all`. */
  readonly name: string;
  readonly key: 'forwarding' | 'force_forwarding' | 'proxy_ndp' | 'disable_ipv6' | 'addr_gen_mode' | 'accept_ra';
}

export interface SwitchPlan {
  readonly operations: readonly Operation[];
  readonly before: Memory['switches'];
  readonly after: Memory['switches'];
  readonly problems: readonly { readonly name: string; readonly error: OpError }[];
}

/** Below /proc/sys/net: `ipv4/conf/lan0/forwarding`. */
export function switchPath({ family, name, key }: Switch): string {
  return `ipv${family}/conf/${name}/${key}`;
}

/** What `switchPath` made the path of; undefined for any other text. */
export function readSwitchPath(path: string): Switch | undefined {
  const [, family, name = '', word] = /^ipv([46])\/conf\/([^/]+)\/(\w+)$/.exec(path) ?? [];
  const key = keys.find((candidate) => candidate === word);
  return key && { family: family === '4' ? 4 : 6, name, key };
}

const keys: readonly Switch['key'][] = [
  'forwarding',
  'force_forwarding',
  'proxy_ndp',
  'disable_ipv6',
  'addr_gen_mode',
  'accept_ra',
];

/** The values of a machine without linkd, as far as they are known: what was noted, and what the kernel gives a new TUN. */
export function switchesUntouched(now: ReadonlyMap<string, number>, noted: Memory['switches']): Map<string, number> {
  const made: Partial<Record<Switch['key'], number>> = { disable_ipv6: 0, addr_gen_mode: 0, accept_ra: 1 };
  return new Map(
    [...now].map(([path, value]) => [
      path,
      noted[path]?.was ?? made[readSwitchPath(path)?.key ?? 'forwarding'] ?? value,
    ]),
  );
}

/** As sysctl(8) has it; a name with a dot (eth0.10) needs the slashes. */
export function switchName(one: Switch): string {
  return one.name.includes('.') ? `net/${switchPath(one)}` : `net.${switchPath(one).replaceAll('/', '.')}`;
}

/** Those whose values a plan needs: what the links may want, what was changed, and of each the one that turns all. */
export function switchesToRead(
  up: readonly WantedInterface[],
  lans: Iterable<string>,
  noted: Memory['switches'],
): string[] {
  const named = new Set([...up.map(({ name }) => name), ...lans]);
  const wanted = [...named].flatMap((name): Switch[] => [
    { family: 4, name, key: 'forwarding' },
    ...keys.map((key): Switch => ({ family: 6, name, key })),
  ]);
  const changed = Object.keys(noted).flatMap((path) => readSwitchPath(path) ?? []);
  return [...new Set([...wanted, ...changed].flatMap((one) => [one, allOf(one)]).map(switchPath))];
}

/** Those that differ from what the links want, and those that no link wants any more. `lans` answer for others by NDP. */
export function planSwitches(
  up: readonly WantedInterface[],
  lans: readonly { readonly link: string; readonly name: string }[],
  observed: Observed,
  noted: Memory['switches'],
): SwitchPlan {
  const operations: Operation[] = [];
  const problems: { name: string; error: OpError }[] = [];
  const after: Record<string, NotedSwitch> = {};
  const done = new Set<string>();
  const wanted = [
    ...up.flatMap((link) => [...own(link), ...forwarding(link, observed)]),
    ...lans.flatMap(({ link, name }) => answering(link, name)),
  ];
  for (const { link, value, own: isOwn, ...one } of wanted) {
    const path = switchPath(one);
    if (done.has(path)) continue;
    const found = interfaceNamed(observed, one.name);
    const now = observed.switches.get(path);
    if (found === undefined || now === undefined) {
      problems.push({ name: link, error: impossible(one, found !== undefined) });
      continue;
    }
    done.add(path);
    const known = noted[path]?.index === found.index ? noted[path] : undefined;
    const note =
      known ?? (now === value ? undefined : { index: found.index, was: now, set: value, all: all(one, observed) });
    if (note !== undefined && isOwn !== true) after[path] = note;
    if (now !== value) operations.push({ kind: 'set-switch', ...one, value, back: false });
  }
  const before = { ...after };
  for (const [path, note] of Object.entries(noted)) {
    const one = readSwitchPath(path);
    if (one === undefined || done.has(path) || interfaceNamed(observed, one.name)?.index !== note.index) continue;
    // Somebody turned it for the whole machine meanwhile: then it was not ours alone.
    const isForAll = all(one, observed) === note.set && note.all !== note.set;
    if (observed.switches.get(path) !== note.set || isForAll) continue;
    before[path] = note;
    operations.push({ kind: 'set-switch', ...one, value: note.was, back: true });
  }
  return { operations, before, after, problems };
}

type WantedSwitch = Switch & {
  readonly link: string;
  readonly value: number;
  /** Of an interface that is linkd's, and not put back. */
  readonly own?: true;
};

/** IPv6 on the link's own interface: the addresses are those of IPV6CP, and no router is asked for others. RFC 5072 §5 */
function own(wanted: WantedInterface): WantedSwitch[] {
  if (!carriesIp6(wanted) && wanted.awaitsIp6 !== true) return [];
  const one = { link: wanted.name, family: 6, name: wanted.name, own: true } as const;
  return [
    { ...one, key: 'disable_ipv6', value: 0 },
    { ...one, key: 'addr_gen_mode', value: 1 },
    { ...one, key: 'accept_ra', value: 0 },
  ];
}

function forwarding(wanted: WantedInterface, observed: Observed): WantedSwitch[] {
  if (wanted.forward === undefined) return [];
  const link = wanted.name;
  const names = [link, ...wanted.forward.interfaces];
  const everywhere = observed.switches.get('ipv6/conf/all/forwarding') === 1;
  return [
    ...(wanted.local === 0
      ? []
      : names.map((name) => ({ link, family: 4, name, key: 'forwarding', value: 1 }) as const)),
    ...(!carriesIp6(wanted) || everywhere
      ? []
      : names.map((name) => ({ link, family: 6, name, key: 'force_forwarding', value: 1 }) as const)),
  ];
}

/** The kernel answers by NDP where it is told to, and is a router. */
function answering(link: string, name: string): WantedSwitch[] {
  return [
    { link, family: 6, name, key: 'forwarding', value: 1 },
    { link, family: 6, name, key: 'proxy_ndp', value: 1 },
  ];
}

function impossible(one: Switch, exists: boolean): OpError {
  const { family, name, key } = one;
  const op = phraseOf(one, 1);
  if (!exists) return new OpError(...op, 'there is no such interface', 'See `ip link show`');
  const isOld = family === 6 && key === 'force_forwarding';
  return isOld
    ? new OpError(...op, 'this kernel forwards IPv6 for all interfaces or for none', FORWARD_ALL_REMEDY)
    : new OpError(...op, `this kernel has no IPv6 on ${name}`, 'It may have been started with `ipv6.disable=1`');
}

/** For a kernel before Linux 6.17. */
export const FORWARD_ALL_REMEDY =
  'Switch it on for all: `sysctl -w net.ipv6.conf.all.forwarding=1`; an interface that learns its default route needs `accept_ra=2` then';

/** What is done to it, and to what: for the text of an error. */
export function phraseOf(one: Switch, value: number): [op: string, subject: string] {
  const { family, name, key } = one;
  if (key !== 'forwarding' && key !== 'force_forwarding') return ['set', `${switchName(one)}=${value}`];
  return [`switch ${value === 0 ? 'off' : 'on'} ${family === 6 ? 'IPv6 ' : ''}forwarding for`, name];
}

function allOf(one: Switch): Switch {
  return { ...one, name: 'all' };
}

function all(one: Switch, observed: Observed): number {
  return observed.switches.get(switchPath(allOf(one))) ?? 0;
}
