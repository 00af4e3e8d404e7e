/**
 * The language of `allow:`. Pure.
 *
 *     rule     = services [ "from" networks ] [ "to" networks ]        (or `to` before `from`)
 *     services = "everything" | service { "," service }
 *     service  = NAME | "icmp" | "ping" | ( "tcp" | "udp" ) [ ports ] | "protocol" NUMBER
 *     ports    = port { "," port }           port = NUMBER [ "-" NUMBER ]
 *     networks = network { "," network }     network = ADDRESS [ "/" LENGTH ]
 */
import { assertNever } from '../../base/errors.js';
import {
  bitsOf,
  familyOf,
  formatIp,
  formatPrefix,
  isNetwork,
  networkOf,
  parseIpPrefix,
  type IpPrefix,
} from '../../base/ip.js';
import type { AllowRule, PortRange, Service } from '../options.js';
import { nameOfServices, serviceByName, serviceNames } from './services.js';

export interface AllowMistake {
  readonly ok: false;
  /** What is wrong, and what is allowed there. */
  readonly message: string;
  /** Where in the text, 0 being its first character; its length when something is missing at the end. */
  readonly at: number;
}

export type AllowParse = { readonly ok: true; readonly rule: AllowRule } | AllowMistake;

/** Reads a rule such as `ssh, tcp 8000-8100 from 10.2.0.0/16 to 10.1.0.5`. Upper and lower case are the same. */
export function parseAllowRule(text: string): AllowParse {
  const clauses = splitClauses(text);
  if (!clauses.ok) return clauses;
  const services = readServices(clauses.value.services);
  if (!services.ok) return services;
  const from = readNetworks(clauses.value.from);
  if (!from.ok) return from;
  const to = readNetworks(clauses.value.to);
  if (!to.ok) return to;
  const [away, home] = [families(from.value), families(to.value)];
  if (away.size > 0 && home.size > 0 && ![...away].some((family) => home.has(family))) return apart(clauses.value.to);
  return { ok: true, rule: { text, services: services.value, from: from.value, to: to.value } };
}

/** The rule in words, from its meaning and not its `text`: reading it again gives the same meaning. */
export function formatAllowRule({ services, from, to }: AllowRule): string {
  return [
    formatServices(services),
    from.length === 0 ? '' : ` from ${from.map(formatNetwork).join(', ')}`,
    to.length === 0 ? '' : ` to ${to.map(formatNetwork).join(', ')}`,
  ].join('');
}

const GRAMMAR =
  'a rule is services, then `from` networks, then `to` networks: `ssh, http from 10.2.0.0/16 to 10.1.0.5`';
const SERVICES = `everything, icmp, ping, tcp PORTS, udp PORTS, protocol NUMBER, ${serviceNames.join(', ')}`;
const PORTS = 'a port is 1 to 65535, or a range such as 8000-8100';
const NETWORK = 'a network is an address such as 10.1.0.5 or a prefix such as 10.2.0.0/16 or 2001:db8:2::/48';

const LAST_PORT = 65535;
const LAST_PROTOCOL = 255;
const LONGEST_SHOWN = 40;

interface Word {
  /** As written, and in lower case. */
  readonly text: string;
  readonly word: string;
  readonly at: number;
}

/** The words of a part of the rule, split at its commas. */
interface Clause {
  readonly items: readonly (readonly Word[])[];
  /** What an item is, for a message. */
  readonly item: string;
  /** Where the text goes on behind each item: there an item is missing. */
  readonly ends: readonly number[];
}

interface Clauses {
  readonly services: Clause;
  readonly from: Clause | undefined;
  readonly to: Clause | undefined;
}

type Outcome<Value> = { readonly ok: true; readonly value: Value } | AllowMistake;

function splitClauses(text: string): Outcome<Clauses> {
  const words = Array.from(text.matchAll(/,|[^\s,]+/g), (match): Word => {
    return { text: match[0], word: match[0].toLowerCase(), at: match.index };
  });
  const starts = words.flatMap(({ word }, index) => (word === 'from' || word === 'to' ? [index] : []));
  const found = new Map<string, Clause>();
  for (const [i, start] of starts.entries()) {
    const key = words[start];
    if (key === undefined) continue;
    if (found.has(key.word)) return mistake(key, `\`${key.word}\` is here a second time; ${GRAMMAR}`);
    const rest = words.slice(start + 1, starts[i + 1]);
    found.set(key.word, splitItems(rest, 'a network', words[starts[i + 1] ?? words.length]?.at ?? text.length));
  }
  const end = words[starts[0] ?? words.length]?.at ?? text.length;
  const services = splitItems(words.slice(0, starts[0]), 'a service', end);
  return { ok: true, value: { services, from: found.get('from'), to: found.get('to') } };
}

function splitItems(words: readonly Word[], item: string, end: number): Clause {
  const items: Word[][] = [[]];
  const ends: number[] = [];
  for (const word of words) {
    if (word.text === ',') {
      items.push([]);
      ends.push(word.at);
    } else items.at(-1)?.push(word);
  }
  return { items, item, ends: [...ends, end] };
}

function readServices(clause: Clause): Outcome<readonly Service[]> {
  const services: Service[] = [];
  for (const [i, item] of clause.items.entries()) {
    const [first] = item;
    if (first === undefined) return missing(clause, i);
    if (first.word === 'everything') {
      if (clause.items.length > 1) return mistake(first, '`everything` stands alone, without other services');
      return tooMuch(item, 1) ?? { ok: true, value: [] };
    }
    const last = services.at(-1);
    if (/^\d/.test(first.word) && last !== undefined && hasOwnPorts(last, clause.items[i - 1])) {
      const port = readPort(first);
      if (!port.ok) return port;
      const extra = tooMuch(item, 1);
      if (extra !== undefined) return extra;
      services.splice(-1, 1, { ...last, ports: [...last.ports, port.value] });
      continue;
    }
    const read = readService(item, first);
    if (!read.ok) return read;
    services.push(...read.value);
  }
  return { ok: true, value: services };
}

/** In `tcp 80, 443` the second port belongs to the `tcp` before it; in `http, 443` and `tcp, 443` nothing does. */
function hasOwnPorts(service: Service, item: readonly Word[] = []): service is Extract<Service, { ports: unknown }> {
  return 'ports' in service && service.ports.length > 0 && /^\d/.test(item.at(-1)?.word ?? '');
}

function readService(item: readonly Word[], first: Word): Outcome<readonly Service[]> {
  const { word } = first;
  const second = item[1];
  switch (word) {
    case 'icmp':
    case 'ping':
      return tooMuch(item, 1) ?? { ok: true, value: [{ protocol: word }] };
    case 'tcp':
    case 'udp': {
      if (second === undefined) return { ok: true, value: [{ protocol: word, ports: [] }] };
      const port = readPort(second);
      if (!port.ok) return port;
      return tooMuch(item, 2) ?? { ok: true, value: [{ protocol: word, ports: [port.value] }] };
    }
    case 'protocol': {
      const number = readNumber(second?.text);
      if (number === undefined || number > LAST_PROTOCOL) {
        const allowed = 'the number of an IP protocol is 0 to 255, such as `protocol 50` for ESP';
        if (second === undefined) return { ok: false, message: `a number is missing; ${allowed}`, at: endOf(first) };
        return mistake(second, `${show(second.text)} is no number of a protocol; ${allowed}`);
      }
      return tooMuch(item, 2) ?? { ok: true, value: [{ protocol: number }] };
    }
    default: {
      const named = serviceByName(word);
      if (named !== undefined) return tooMuch(item, 1) ?? { ok: true, value: named };
      if (/^\d/.test(word)) return mistake(first, `a port needs \`tcp\` or \`udp\` before it; allowed: ${SERVICES}`);
      return mistake(first, `${show(first.text)} is no service; allowed: ${SERVICES}`);
    }
  }
}

function readPort(word: Word): Outcome<PortRange> {
  const [, low, high = low] = /^(\d+)(?:-(\d+))?$/.exec(word.text) ?? [];
  const first = readNumber(low);
  const last = readNumber(high);
  if (first === undefined || last === undefined || first < 1 || last > LAST_PORT) {
    return mistake(word, `${show(word.text)} is no port; ${PORTS}`);
  }
  if (first > last) return mistake(word, `${show(word.text)} ends before it begins; ${PORTS}`);
  return { ok: true, value: { first, last } };
}

/** Decimal, and without leading zeros, which some programs take for octal. */
function readNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^(?:0|[1-9]\d{0,5})$/.test(text) ? Number(text) : undefined;
}

/** No clause means any network, an empty list. */
function readNetworks(clause: Clause | undefined): Outcome<readonly IpPrefix[]> {
  const networks: IpPrefix[] = [];
  for (const [i, item] of (clause?.items ?? []).entries()) {
    const [first] = item;
    if (first === undefined) return missing(clause, i);
    const network = parseIpPrefix(first.text);
    if (network === undefined) return mistake(first, `${show(first.text)} is no network; ${NETWORK}`);
    if (!isNetwork(network)) {
      const meant = formatPrefix(networkOf(network));
      return mistake(first, `${show(first.text)} has bits set behind its length; the network is ${meant}`);
    }
    const extra = tooMuch(item, 1);
    if (extra !== undefined) return extra;
    networks.push(network);
  }
  return { ok: true, value: networks };
}

/** A mistake when the item has more words than belong to it. */
function tooMuch(item: readonly Word[], count: number): AllowMistake | undefined {
  const extra = item[count];
  if (extra === undefined) return undefined;
  return mistake(extra, `${show(extra.text)} does not belong here (a comma may be missing); ${GRAMMAR}`);
}

function families(networks: readonly IpPrefix[]): ReadonlySet<number> {
  return new Set(networks.map(familyOf));
}

function apart(to: Clause | undefined): AllowMistake {
  const at = to?.items[0]?.[0]?.at ?? 0;
  return { ok: false, message: 'no packet goes from IPv4 to IPv6, or back; both need a network of one family', at };
}

function missing(clause: Clause | undefined, index: number): AllowMistake {
  const what = clause?.item ?? 'a word';
  return { ok: false, message: `${what} is missing; ${GRAMMAR}`, at: clause?.ends[index] ?? 0 };
}

function mistake({ at }: Word, message: string): AllowMistake {
  return { ok: false, message, at };
}

function endOf({ text, at }: Word): number {
  return at + text.length;
}

/** What was written, as a message shows it: cut, and nothing in it that a terminal would act on. */
function show(text: string): string {
  const plain = Array.from(text.replace(/[\p{C}\p{Z}]/gu, '\ufffd'));
  return `\`${plain.slice(0, LONGEST_SHOWN).join('')}${plain.length > LONGEST_SHOWN ? '…' : ''}\``;
}

function formatServices(services: readonly Service[]): string {
  const words: string[] = [];
  for (let i = 0; i < services.length;) {
    const rest = services.slice(i);
    const named = nameOfServices(rest);
    const [first] = rest;
    if (named !== undefined) words.push(named.name);
    else if (first !== undefined) words.push(formatService(first));
    i += named?.count ?? 1;
  }
  return words.length === 0 ? 'everything' : words.join(', ');
}

function formatService(service: Service): string {
  const { protocol } = service;
  if (typeof protocol === 'number') return `protocol ${protocol}`;
  switch (protocol) {
    case 'icmp':
    case 'ping':
      return protocol;
    case 'tcp':
    case 'udp': {
      const ports = service.ports.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
      return ports.length === 0 ? protocol : `${protocol} ${ports.join(', ')}`;
    }
    default:
      return assertNever(protocol);
  }
}

function formatNetwork(network: IpPrefix): string {
  return network.length === bitsOf(network.address) ? formatIp(network.address) : formatPrefix(network);
}
