/**
 * From what the links want of the packet filter to the content of linkd's table. Pure.
 *
 * What isn't from or to an interface that the config names is never touched: every base chain accepts, and its rules ask
 * for the interface first. To accept here is not the last word: other tables at the same hook still see the packet.
 *
 *     prerouting   raw      antispoof       iifname LINK → spoof-LINK
 *                  dstnat   port-forwards   dnat
 *     input        filter   input           iifname LINK → in-LINK → pass-LINK
 *     forward      mangle   mss-clamp       both directions
 *                  filter   forward         iifname LINK → through-LINK → pass-LINK
 *     output       filter   output          oifname LINK → out-LINK
 *     postrouting  srcnat   masquerading    masquerade
 */
import { assertNever } from '../../base/errors.js';
import { anywhere, familyOf, formatIp4, hostPrefix, type Family, type IpPrefix, type Prefix } from '../../base/ip.js';
import type { AllowRule, Firewall, Masquerade, PortForward, Service, Verdict } from '../options.js';
import { formatAllowRule } from './allow.js';
import type { DropReason, LinkFilter } from './filter.js';
import type { Chain, Ruleset } from './ruleset.js';
import { addressSet, isPort, portSet } from './sets.js';

/** Throws on a name that nft could take for something else, on what is no port, and when two links share a name or interface. */
export function rulesetOf(filters: readonly LinkFilter[]): Ruleset {
  checkNames(filters);
  const forwards = filters.filter(({ up }) => up).flatMap(forwardsOf);
  const links = filters.map((filter) => chainsOf(filter, forwards));
  const chains = [
    base(
      'antispoof',
      'filter hook prerouting priority raw',
      links.flatMap(({ antispoof }) => antispoof),
    ),
    base('port-forwards', 'nat hook prerouting priority dstnat', forwards.map(dnatRule)),
    base(
      'input',
      'filter hook input priority filter',
      links.flatMap(({ input }) => input),
    ),
    base('mss-clamp', 'filter hook forward priority mangle', filters.flatMap(mssRules)),
    base(
      'forward',
      'filter hook forward priority filter',
      links.flatMap(({ forward }) => forward),
    ),
    base(
      'output',
      'filter hook output priority filter',
      links.flatMap(({ output }) => output),
    ),
    base('masquerading', 'nat hook postrouting priority srcnat', filters.flatMap(masqueradeRules)),
  ];
  return {
    counters: links.flatMap(({ counters }) => counters),
    chains: [...chains.filter(({ rules }) => rules.length > 0), ...links.flatMap(({ own }) => own)],
  };
}

/** The counter's name: the link's may hold anything that follows a letter in nft's names. */
export function counterName(reason: DropReason, link: string): string {
  return `${reason}-${link}`;
}

/** What `counterName` made its name of; undefined for any other name. */
export function readCounterName(name: string): { readonly reason: DropReason; readonly link: string } | undefined {
  const reason = dropReasons.find((candidate) => name.startsWith(`${candidate}-`));
  return reason === undefined ? undefined : { reason, link: name.slice(reason.length + 1) };
}

export const dropReasons: readonly DropReason[] = ['spoofed', 'invalid', 'in', 'through', 'out'];

const LINK_NAME = /^[A-Za-z0-9][\w.-]{0,31}$/;
/** No `*` at the end: to nft that is a pattern. */
const INTERFACE_NAME = /^[A-Za-z0-9][\w.-]{0,14}$/;

/** What nft takes as a comment is 128 characters at most. */
const LONGEST_COMMENT = 120;

const ESTABLISHED = 'ct state established,related accept';

/**
 * An error about a packet of a connection is `related` already; one about a connection that is forgotten is `invalid`, and
 * is let through all the same, as path MTU discovery depends on it. RFC 1191, RFC 4890 §4.3.1
 */
const ICMP_ERRORS = [
  'icmp type { destination-unreachable, time-exceeded, parameter-problem } accept',
  'icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept',
];

/** In nft's words and by their numbers, what each family has of its own. */
const words4And6 = {
  4: { address: 'ip', family: 'meta nfproto ipv4', icmp: 'icmp', icmpNumber: 1 },
  6: { address: 'ip6', family: 'meta nfproto ipv6', icmp: 'icmpv6', icmpNumber: 58 },
} as const;

const families: readonly Family[] = [4, 6];
const TRANSPORT_NUMBERS = { tcp: 6, udp: 17 } as const;

/** A link's share of the base chains, and the chains and counters of its own. */
interface LinkChains {
  readonly antispoof: readonly string[];
  readonly input: readonly string[];
  readonly forward: readonly string[];
  readonly output: readonly string[];
  readonly own: readonly Chain[];
  readonly counters: readonly string[];
}

/** A port forward, and the interface that its connections come in by. */
interface Forward extends Pick<PortForward, 'protocol' | 'port' | 'to' | 'toPort'> {
  readonly by: string;
}

function chainsOf(filter: LinkFilter, forwards: readonly Forward[]): LinkChains {
  const { link, firewall } = filter;
  const spoof = spoofRules(filter);
  const isOut = firewall !== undefined && firewall.policyOut !== 'accept';
  const own: Chain[] = [];
  if (spoof.length > 0) own.push({ name: `spoof-${link}`, hook: undefined, rules: spoof });
  if (firewall !== undefined) {
    const { policyIn, policyThrough, allow } = firewall;
    const entering = forwards.filter(({ by }) => by === filter.interface);
    const pass = [ESTABLISHED, ...ICMP_ERRORS, `ct state invalid ${count('invalid', link)} drop`];
    own.push(
      chain(`pass-${link}`, [...pass, ...entering.map(forwardedRule), ...allow.flatMap(allowRules)]),
      chain(`in-${link}`, [`jump pass-${link}`, ...verdict(policyIn, 'in', link)]),
      chain(`through-${link}`, [`jump pass-${link}`, ...verdict(policyThrough, 'through', link)]),
    );
    if (isOut)
      own.push(chain(`out-${link}`, [ESTABLISHED, ...ICMP_ERRORS, ...verdict(firewall.policyOut, 'out', link)]));
  }
  const from = `iifname ${quote(filter.interface)}`;
  return {
    antispoof: spoof.length === 0 ? [] : [`${from} jump spoof-${link}`],
    input: firewall === undefined ? [] : [`${from} jump in-${link}`],
    forward: firewall === undefined ? [] : [`${from} jump through-${link}`],
    output: isOut ? [`oifname ${quote(filter.interface)} jump out-${link}`] : [],
    own,
    counters: usedReasons(filter, spoof.length > 0).map((reason) => counterName(reason, link)),
  };
}

/** Before connection tracking, so that a forged packet does not even become a connection. */
function spoofRules({ link, remote, local, local6, networks, antiSpoof }: LinkFilter): string[] {
  if (!antiSpoof) return [];
  const drop = `${count('spoofed', link)} drop`;
  const peers = [...(remote === 0 ? [] : [hostPrefix(remote)]), ...networks];
  // Our own address lies in a network behind the peer, perhaps; but nobody there has it.
  const ours = [...(local === 0 ? [] : [local]), ...(local6 === undefined ? [] : [local6])].map((address) =>
    words(addresses('saddr', [hostPrefix(address)]), drop),
  );
  if (peers.length === 0) return [drop];
  const known = families.map((family) => peers.filter((one) => familyOf(one) === family)).filter((of) => of.length > 0);
  const isAll = known.length === families.length && known.every((of) => addressSet(of) === undefined);
  return isAll ? ours : [...ours, ...known.map((of) => words(addresses('saddr', of), 'return')), drop];
}

function forwardsOf({ interface: own, portForwards }: LinkFilter): Forward[] {
  return portForwards.map(({ on, ...forward }) => {
    if (!isPort(forward.port) || !isPort(forward.toPort))
      throw new Error(`not a port: ${forward.port}, ${forward.toPort}`);
    return { ...forward, by: on === 'link' ? own : on.interface };
  });
}

/** Only what is addressed to this machine, by whichever of its addresses. */
function dnatRule({ by, protocol, port, to, toPort }: Forward): string {
  return `iifname ${quote(by)} fib daddr type local ${protocol} dport ${port} dnat ip to ${formatIp4(to)}:${toPort}`;
}

/** What the dnat rule has let in, against the policies; by the address and port that it has now. */
function forwardedRule({ protocol, to, toPort }: Forward): string {
  return `ct status dnat ip daddr ${formatIp4(to)} ${protocol} dport ${toPort} accept`;
}

/**
 * `rt mtu` is the smaller MTU of the packet's route and of the route back, less the headers; nft never raises an MSS. RFC
 * 9293 §3.7.1
 */
function mssRules({ interface: name, mssClamp, mtu, up }: LinkFilter): string[] {
  if (!up || mssClamp === false || (mssClamp === 'auto' && mtu >= 1500)) return [];
  const clamp = 'tcp flags syn tcp option maxseg size set rt mtu';
  return [`iifname ${quote(name)} ${clamp}`, `oifname ${quote(name)} ${clamp}`];
}

/** Of IPv4 alone: addresses of IPv6 are not scarce. */
function masqueradeRules({ interface: name, masquerade, up }: LinkFilter): string[] {
  const out = (by: Masquerade['out']): string =>
    by === 'link' ? `oifname ${quote(name)}` : `iifname ${quote(name)} oifname ${quote(by.interface)}`;
  const from = (prefixes: readonly Prefix[]): string =>
    addresses('saddr', prefixes.length === 0 ? [anywhere[4]] : prefixes);
  return up ? masquerade.map((one) => words(out(one.out), from(one.from), 'masquerade')) : [];
}

/** One rule for each kind of service, the ports of one protocol together; for each family where it makes a difference. */
function allowRules(rule: AllowRule): string[] {
  const comment = formatAllowRule(rule).slice(0, LONGEST_COMMENT);
  const { from, to } = rule;
  const isAny = from.length === 0 && to.length === 0;
  const kinds = isAny ? [undefined] : families.filter((family) => concerns(family, from) && concerns(family, to));
  return kinds.flatMap((family) => {
    const of = (prefixes: readonly IpPrefix[]): IpPrefix[] => prefixes.filter((one) => familyOf(one) === family);
    const pair = words(addresses('saddr', of(from)), addresses('daddr', of(to)));
    const matches = rule.services.flatMap((one) => service(one, rule, family ?? 'any'));
    const services = matches.length === 0 ? [''] : [...new Set(matches)];
    return services.map((match) => words(pair, match, `accept comment "${comment}"`));
  });
}

/** No networks means any. */
function concerns(family: Family, prefixes: readonly IpPrefix[]): boolean {
  return prefixes.length === 0 || prefixes.some((one) => familyOf(one) === family);
}

function service(one: Service, { services }: AllowRule, family: Family | 'any'): string[] {
  const { protocol } = one;
  if (typeof protocol === 'number') return [protocolMatch(protocol)];
  const both = family === 'any' ? families.map((each) => words4And6[each]) : [words4And6[family]];
  switch (protocol) {
    case 'icmp':
      return both.map(({ icmpNumber }) => protocolMatch(icmpNumber));
    case 'ping':
      return both.map(({ icmp }) => `${icmp} type echo-request`);
    case 'tcp':
    case 'udp': {
      const same = services.flatMap((other) => (other.protocol === protocol ? [other.ports] : []));
      const isAll = same.some((ports) => ports.length === 0);
      return [isAll ? protocolMatch(TRANSPORT_NUMBERS[protocol]) : `${protocol} dport ${portSet(same.flat())}`];
    }
    default:
      return assertNever(protocol);
  }
}

function protocolMatch(number: number): string {
  if (!Number.isInteger(number) || number < 0 || number > 255) throw new Error(`not an IP protocol: ${number}`);
  return `meta l4proto ${number}`;
}

/** What is accepted at the chain's end needs no rule: the base chains accept. */
function verdict(policy: Verdict, reason: DropReason, link: string): string[] {
  switch (policy) {
    case 'accept':
      return [];
    case 'drop':
      return [`${count(reason, link)} drop`];
    case 'reject':
      return [`${count(reason, link)} reject with icmpx admin-prohibited`];
    default:
      return assertNever(policy);
  }
}

function usedReasons({ firewall }: LinkFilter, spoof: boolean): DropReason[] {
  const refuses = (policy: keyof Pick<Firewall, 'policyIn' | 'policyThrough' | 'policyOut'>): boolean =>
    firewall !== undefined && firewall[policy] !== 'accept';
  const uses: Record<DropReason, boolean> = {
    spoofed: spoof,
    invalid: firewall !== undefined,
    in: refuses('policyIn'),
    through: refuses('policyThrough'),
    out: refuses('policyOut'),
  };
  return dropReasons.filter((reason) => uses[reason]);
}

function count(reason: DropReason, link: string): string {
  return `counter name "${counterName(reason, link)}"`;
}

/** Of one family. No networks means any; all addresses of a family are told by the family. */
function addresses(field: 'saddr' | 'daddr', prefixes: readonly IpPrefix[]): string {
  const [first] = prefixes;
  if (first === undefined) return '';
  const { address, family } = words4And6[familyOf(first)];
  const set = addressSet(prefixes);
  return set === undefined ? family : `${address} ${field} ${set}`;
}

function base(name: string, hook: string, rules: readonly string[]): Chain {
  return { name, hook: `type ${hook}; policy accept;`, rules };
}

function chain(name: string, rules: readonly string[]): Chain {
  return { name, hook: undefined, rules };
}

function words(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}

function quote(name: string): string {
  if (!INTERFACE_NAME.test(name)) throw new Error(`not the name of an interface: ${JSON.stringify(name)}`);
  return `"${name}"`;
}

function checkNames(filters: readonly LinkFilter[]): void {
  for (const { link } of filters)
    if (!LINK_NAME.test(link)) throw new Error(`not a link's name: ${JSON.stringify(link)}`);
  for (const names of [filters.map(({ link }) => link), filters.map((filter) => filter.interface)]) {
    if (new Set(names).size < names.length)
      throw new Error(`two links share a name or an interface: ${names.join(', ')}`);
  }
}
