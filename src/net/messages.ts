/**
 * rtnetlink(7) messages: operations as the kernel takes them, and what the kernel answers as `observed.ts` has it. By
 * octet where the netlink package falls short: its enum of route protocols does not have our number.
 */
import { AttrStream, getU32 as fromHostU32, parseAttributes, putU32 as hostU32, rt } from './netlink.js';
import { formatHex, getU32, parseHex, putU32 } from '../base/bytes.js';
import { bitsOf, familyOf, formatIp, prefixOf, type Family, type Ip, type IpPrefix } from '../base/ip.js';
import { ip6Bytes, ip6FromBytes } from '../base/ip6.js';
import type {
  ForeignDefault,
  ObservedAddress,
  ObservedInterface,
  ObservedProxy,
  ObservedRoute,
  TableRoute,
} from './observed.js';
import { ROUTE_PROTOCOL, UNREACHABLE_METRIC, type Operation } from './operation.js';
import { MAIN_TABLE } from './wanted.js';

const AF_UNSPEC = 0;
const AF_INET = 2;
const AF_INET6 = 10;
export const NTF_PROXY = 8;

/** Of messages: undefined for families that are no IP. */
export function familyOfNumber(number: number | undefined): Family | undefined {
  if (number === AF_INET) return 4;
  return number === AF_INET6 ? 6 : undefined;
}

/** The kernel leaves an address of nothing but zeros out. */
export function toIp(family: Family, octets: Uint8Array | undefined): Ip {
  if (family === 4) return octets?.length === 4 ? getU32(octets, 0) : 0;
  return octets?.length === 16 ? ip6FromBytes(octets) : '::';
}

/** struct rtmsg */
const RTMSG = { dstLength: 1, tos: 3, table: 4, protocol: 5, scope: 6, type: 7, flags: 8, size: 12 } as const;
const RTN_UNREACHABLE: number = rt.RouteType.UNREACHABLE;
const RTPROT_KERNEL: number = rt.RouteProtocol.KERNEL;
const RTNH_F_ONLINK = 4;
const RTA = {
  priority: 6,
  gateway: 5,
  oif: 4,
  multipath: 9,
  cacheInfo: 12,
  via: 18,
  encapType: 21,
  encap: 22,
  nextHop: 30,
} as const;
/** struct ifinfomsg, and the attributes of an interface. */
const IFINFO = { index: 4, flags: 8, size: 16 } as const;
const IFLA = { name: 3, mtu: 4 } as const;
const IFF = { up: 1, loopback: 8 } as const;
/** struct ndmsg */
const NDMSG = { index: 4, state: 8, flags: 10, size: 12 } as const;
const NUD_PERMANENT = 0x80;
const NDA = { destination: 1, protocol: 12 } as const;

type Only<K extends Operation['kind']> = Extract<Operation, { kind: K }>;

export function addressMessage(
  { local, remote }: Only<'add-address' | 'delete-address'>,
  index: number,
): [rt.Address, rt.AddressAttrs] {
  return [
    // The two ends have agreed on different addresses: nobody needs to be asked whether they are in use. RFC 5072 §5
    {
      family: numberOf(local),
      prefixlen: bitsOf(local),
      index,
      ...(typeof local === 'string' && { flags: { nodad: true } }),
    },
    { local: fromIp(local), address: fromIp(remote) },
  ];
}

export function routeMessage(
  { prefix, metric, table, source }: Only<'add-route' | 'change-route' | 'delete-route'>,
  index: number,
): Uint8Array[] {
  const header = routeHeader(prefix, table, rt.RouteType.UNICAST, rt.RouteScope.LINK);
  const attributes = { dst: fromIp(prefix.address), oif: index, priority: metric, table };
  return message(
    header,
    rt.formatRouteAttrs(source === undefined ? attributes : { ...attributes, prefsrc: fromIp(source) }),
  );
}

export function unreachableMessage({ prefix, table }: Only<'add-unreachable' | 'delete-unreachable'>): Uint8Array[] {
  const header = routeHeader(prefix, table, rt.RouteType.UNREACHABLE, rt.RouteScope.UNIVERSE);
  return message(header, rt.formatRouteAttrs({ dst: fromIp(prefix.address), priority: UNREACHABLE_METRIC, table }));
}

export function proxyMessage({ address }: Only<'add-proxy' | 'delete-proxy'>, index: number): Uint8Array[] {
  const header = proxyHeader(numberOf(address));
  header.set(hostU32(index), NDMSG.index);
  header[NDMSG.state] = NUD_PERMANENT;
  const attributes = new AttrStream();
  attributes.push(NDA.destination, fromIp(address));
  attributes.push(NDA.protocol, Uint8Array.of(ROUTE_PROTOCOL));
  return message(header, attributes.bufs);
}

/** A dump's header as well: the kernel then gives proxies only, of all families. */
export function proxyHeader(family = AF_UNSPEC): Buffer {
  const header = Buffer.alloc(NDMSG.size);
  header[0] = family;
  header[NDMSG.flags] = NTF_PROXY;
  return header;
}

/** Someone's route again, with that metric. */
export function foreignMessage({ raw }: ForeignDefault, metric: number): Uint8Array[] {
  const attributes = new AttrStream();
  attributes.push(RTA.priority, hostU32(metric));
  return message(parseHex(raw), attributes.bufs);
}

export function toInterface(data: Buffer): Omit<ObservedInterface, 'addresses' | 'routes' | 'peers'> {
  const flags = fromHostU32(data.subarray(IFINFO.flags, IFINFO.flags + 4));
  let name = '';
  let mtu = 0;
  parseAttributes(data.subarray(IFINFO.size), ({ type, data: value }) => {
    if (type === IFLA.name) name = value.toString('utf8').replace(/\0.*$/s, '');
    if (type === IFLA.mtu) mtu = fromHostU32(value);
  });
  return {
    name,
    index: fromHostU32(data.subarray(IFINFO.index, IFINFO.index + 4)),
    mtu,
    up: (flags & IFF.up) !== 0,
    loopback: (flags & IFF.loopback) !== 0,
  };
}

/** Undefined for another family's. */
export function toAddress(message: Buffer): (ObservedAddress & { readonly index: number }) | undefined {
  const family = familyOfNumber(message[0]);
  if (family === undefined) return undefined;
  const { data, attrs } = rt.parseAddressMessage(message);
  return {
    index: data.index ?? 0,
    local: toIp(family, attrs.local ?? attrs.address),
    peer: toIp(family, attrs.address),
    prefixLength: data.prefixlen ?? 0,
  };
}

/** Undefined for what is no proxy of IPv4 (proxy ARP) or IPv6 (proxy NDP). */
export function toProxy(data: Buffer): ObservedProxy | undefined {
  const family = familyOfNumber(data[0]);
  if (family === undefined || ((data[NDMSG.flags] ?? 0) & NTF_PROXY) === 0) return undefined;
  let address = toIp(family, undefined);
  let protocol: number | undefined;
  parseAttributes(data.subarray(NDMSG.size), ({ type, data: value }) => {
    if (type === NDA.destination) address = toIp(family, value);
    if (type === NDA.protocol) protocol = value[0];
  });
  const index = fromHostU32(data.subarray(NDMSG.index, NDMSG.index + 4));
  return { index, address, ours: protocol === ROUTE_PROTOCOL };
}

/** The table of a border router is large: this tells by a few octets what needs to be read further. */
export function kindOfRoute(data: Buffer): 'ours' | 'unreachable' | 'default' | 'peer' | 'other' {
  if (familyOfNumber(data[0]) === undefined) return 'other';
  if (data[RTMSG.protocol] === ROUTE_PROTOCOL) return data[RTMSG.type] === RTN_UNREACHABLE ? 'unreachable' : 'ours';
  if (data[RTMSG.table] !== MAIN_TABLE || data[RTMSG.tos] !== 0) return 'other';
  if (data[RTMSG.dstLength] === 0) return 'default';
  return data[RTMSG.dstLength] === (data[0] === AF_INET ? 32 : 128) && data[RTMSG.protocol] === RTPROT_KERNEL
    ? 'peer'
    : 'other';
}

export function toRoute(message: Buffer): ObservedRoute & { readonly index: number | undefined } {
  const { data, attrs } = rt.parseRouteMessage(message);
  const family = familyOfNumber(message[0]) ?? 4;
  return {
    prefix: prefixOf(toIp(family, attrs.dst), data.dstLen ?? 0),
    metric: attrs.priority ?? 0,
    table: attrs.table ?? data.table ?? 0,
    source: attrs.prefsrc === undefined ? undefined : toIp(family, attrs.prefsrc),
    index: attrs.oif,
  };
}

export function toTableRoute(message: Buffer, names: ReadonlyMap<number, string>): TableRoute {
  const { index, ...route } = toRoute(message);
  const { attrs } = rt.parseRouteMessage(message);
  return {
    ...route,
    type: (rt.RouteType[message[RTMSG.type] ?? 0] ?? 'unknown').toLowerCase(),
    protocol: message[RTMSG.protocol] ?? 0,
    interface: index === undefined ? undefined : names.get(index),
    gateway: attrs.gateway === undefined ? undefined : toIp(familyOf(route.prefix), attrs.gateway),
  };
}

export function toDefault(data: Buffer, names: ReadonlyMap<number, string>): ForeignDefault {
  const { prefix, metric, gateway, source, interface: name, protocol, type } = toTableRoute(data, names);
  const words = [
    ...(type === 'unicast' ? [] : [type]),
    'default',
    ...(gateway === undefined ? [] : ['via', formatIp(gateway)]),
    ...(name === undefined ? [] : ['dev', name]),
    ...(source === undefined ? [] : ['src', formatIp(source)]),
    'proto',
    String(protocol),
  ];
  return { family: familyOf(prefix), raw: formatHex(withoutMetric(data), ''), text: words.join(' '), metric };
}

/** What makes a route the same but for its metric: less that, and less the passing state of its next hop. */
function withoutMetric(data: Buffer): Uint8Array {
  const header = Buffer.from(data.subarray(0, RTMSG.size));
  const flags = fromHostU32(header.subarray(RTMSG.flags, RTMSG.flags + 4));
  header.set(hostU32(flags & RTNH_F_ONLINK), RTMSG.flags);
  const all: { type: number; value: Buffer }[] = [];
  parseAttributes(data.subarray(RTMSG.size), ({ type, data: value }) => all.push({ type, value }));
  // With a next hop object the kernel tells the object's contents as well, but does not take both.
  const contents: readonly number[] = [RTA.oif, RTA.gateway, RTA.multipath, RTA.via, RTA.encapType, RTA.encap];
  const hasObject = all.some(({ type }) => type === RTA.nextHop);
  const attributes = new AttrStream();
  for (const { type, value } of all) {
    if (type === RTA.priority || type === RTA.cacheInfo || (hasObject && contents.includes(type))) continue;
    attributes.push(type, value);
  }
  return Buffer.concat(padded(message(header, attributes.bufs)));
}

function routeHeader(prefix: IpPrefix, table: number, type: rt.RouteType, scope: rt.RouteScope): Buffer {
  // Tables beyond an octet are told by the attribute alone.
  const header = rt.formatRoute({
    family: numberOf(prefix.address),
    dstLen: prefix.length,
    table: table < 256 ? table : 0,
    scope,
    type,
  });
  header[RTMSG.protocol] = ROUTE_PROTOCOL;
  return header;
}

function message(header: Uint8Array, attributes: Parameters<AttrStream['emit']>[0]): Uint8Array[] {
  const stream = new AttrStream();
  stream.emit(header);
  stream.emit(attributes);
  return stream.bufs;
}

/** Attributes begin at multiples of four octets: so that another can follow. */
function padded(parts: Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [...parts, new Uint8Array((4 - (length % 4)) % 4)];
}

function numberOf(address: Ip): number {
  return typeof address === 'number' ? AF_INET : AF_INET6;
}

function fromIp(address: Ip): Buffer {
  if (typeof address !== 'number') return Buffer.from(ip6Bytes(address));
  const octets = Buffer.alloc(4);
  putU32(octets, 0, address);
  return octets;
}
