/** Readers for addresses and networks of one family or either, and the `host:port` of TCP. */
import ipaddr from 'ipaddr.js';
import {
  bitsOf,
  formatPrefix,
  hostPrefix,
  isNetwork,
  isPrefix4,
  networkOf,
  overlaps,
  parseIp4,
  parseIpPrefix,
  type Ip,
  type Ip4,
  type IpPrefix,
  type Prefix,
  type Prefix6,
} from '../base/ip.js';
import { parseIp6, type Ip6 } from '../base/ip6.js';
import { right, wrong, type Reader, type Reading } from './reading.js';
import { code } from './text.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What no host can have as its address. */
const reserved: readonly (readonly [IpPrefix, string])[] = [
  [{ address: 0x00000000, length: 8 }, 'belongs to 0.0.0.0/8, which means "this network"'],
  [{ address: 0x7f000000, length: 8 }, 'belongs to 127.0.0.0/8, the loopback addresses'],
  [{ address: 0xe0000000, length: 4 }, 'belongs to 224.0.0.0/4, the multicast addresses'],
  [{ address: 0xffffffff, length: 32 }, 'is the broadcast address'],
  [{ address: 0xf0000000, length: 4 }, 'belongs to 240.0.0.0/4, which is reserved'],
  [{ address: '::', length: 128 }, 'is no address, but the lack of one'],
  [{ address: '::1', length: 128 }, 'is the loopback address'],
  [{ address: '::ffff:0:0', length: 96 }, 'is an IPv4 address in the form of an IPv6 one; write it as IPv4'],
  [{ address: 'fe80::', length: 10 }, 'belongs to fe80::/10, the addresses of a link itself, which IPV6CP makes'],
  [{ address: 'ff00::', length: 8 }, 'belongs to ff00::/8, the multicast addresses'],
];

/** The IPv4 address of one host. */
export const hostAddress: Reader<Ip4> = {
  allowed: 'the IPv4 address of a host, such as 10.0.0.1',
  read: (text) => hostOf(text, parseIp4, notAnAddress),
};

/** The IPv6 address of one host. */
export const hostAddress6: Reader<Ip6> = {
  allowed: 'the IPv6 address of a host, such as 2001:db8::1',
  read: (text) =>
    hostOf(text, parseIp6, (other) => (parseIp4(other) === undefined ? notIp6(other) : 'is an IPv4 address')),
};

/** The address of one host, of either family. */
export const anyHostAddress: Reader<Ip> = {
  allowed: 'the address of a host, such as 10.0.0.1 or 2001:db8::1',
  read: (text) => (text.includes(':') ? hostAddress6.read(text) : hostAddress.read(text)),
};

/** An IPv4 network, or a lone address as a network of one. */
export const network4: Reader<Prefix> = {
  allowed: 'an IPv4 network such as 10.2.0.0/16',
  read(text) {
    const reading = network.read(text);
    if (!reading.ok) return reading;
    return isPrefix4(reading.value) ? right(reading.value) : wrong('is an IPv6 network');
  },
};

/** An IPv6 network, or a lone address as a network of one. */
export const network6: Reader<Prefix6> = {
  allowed: 'an IPv6 network such as 2001:db8:2::/48',
  read(text) {
    const reading = network.read(text);
    if (!reading.ok) return reading;
    return isPrefix4(reading.value) ? wrong('is an IPv4 network') : right(reading.value);
  },
};

/** A network of either family, or a lone address as a network of one. */
export const network: Reader<IpPrefix> = {
  allowed: 'a network such as 10.2.0.0/16 or 2001:db8:2::/48',
  read(text) {
    if (text === 'default')
      return wrong(`is no network; the default route is ${code('default-route')}, a key of the link`);
    const prefix = parseIpPrefix(text);
    if (prefix === undefined) return wrong(notANetwork(text));
    if (!isNetwork(prefix)) return wrong(`has host bits set; did you mean ${code(formatPrefix(networkOf(prefix)))}?`);
    const problem = reservedFor(prefix);
    return problem === undefined ? right(prefix) : wrong(problem);
  },
};

function hostOf<Address extends Ip>(
  text: string,
  parse: (text: string) => Address | undefined,
  explain: (text: string) => string,
): Reading<Address> {
  if (text.includes('/')) return wrong('has a prefix length; write the address alone');
  const address = parse(text);
  if (address === undefined) return wrong(explain(text));
  const problem = reservedFor(hostPrefix(address));
  return problem === undefined ? right(address) : wrong(problem);
}

/** `host:port`, to connect to. */
export const endpoint: Reader<Endpoint> = {
  allowed: 'host:port, such as 192.0.2.1:7000 or [2001:db8::1]:7000',
  read(text) {
    const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,9})$/.exec(text);
    if (match === null) return wrong(/^[^:]*$/.test(text) ? 'has no port' : 'is not host:port');
    const [, ip6, name = '', port] = match;
    if (ip6 !== undefined ? !ipaddr.IPv6.isValid(ip6) : !isHostName(name)) return wrong('has no valid host');
    return withPort(ip6 ?? name, Number(port));
  },
};

/** `host:port`, or a port on all addresses, to listen on. */
export const listenEndpoint: Reader<Endpoint> = {
  allowed: 'host:port or a port, such as 192.0.2.1:7000 or 7000',
  read: (text) => (/^\d{1,9}$/.test(text) ? withPort('0.0.0.0', Number(text)) : endpoint.read(text)),
};

function withPort(host: string, port: number): Reading<Endpoint> {
  return port >= 1 && port <= 65535 ? right({ host, port }) : wrong('has no port from 1 to 65535');
}

/** A dotted quad, or a name that DNS could hold; what looks like an address has to be one. */
function isHostName(text: string): boolean {
  if (/^[\d.]+$/.test(text)) return parseIp4(text) !== undefined;
  return text.length <= 253 && /^[a-z0-9_](?:[\w-]{0,62})(?:\.[a-z0-9_][\w-]{0,62})*\.?$/i.test(text);
}

function reservedFor(prefix: IpPrefix): string | undefined {
  if (prefix.length === 0) return undefined;
  return reserved.find(([range]) => prefix.length >= range.length && overlaps(prefix, range))?.[1];
}

function notAnAddress(text: string): string {
  if (/(?:^|\.)0\d/.test(text)) return 'has a number with a leading zero';
  if (ipaddr.IPv6.isValid(text)) return 'is an IPv6 address';
  return 'is not an IPv4 address';
}

function notIp6(text: string): string {
  return text.includes('%') ? 'has a zone; write the address alone' : 'is not an IPv6 address';
}

function notANetwork(text: string): string {
  const [first = '', length, ...rest] = text.split('/');
  const address = parseIp4(first) ?? parseIp6(first);
  if (address === undefined || rest.length > 0) return `is not an ${first.includes(':') ? 'IPv6' : 'IPv4'} network`;
  if (length !== undefined && parseIp4(length) !== undefined) return 'has a mask; write the prefix length instead';
  return `has no prefix length from 0 to ${bitsOf(address)}`;
}
