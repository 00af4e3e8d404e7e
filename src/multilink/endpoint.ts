/**
 * The Endpoint Discriminator (RFC 1990 §5.1.3): by it a peer knows which lines lead to the same machine. Here it is built,
 * read from the wire and from text, compared and printed.
 */
import { formatHex, getU32, parseHex, putU32, sameBytes } from '../base/bytes.js';
import { formatIp4, parseIp4, type Ip4 } from '../base/ip.js';

/** Which kind of address it is. Others than these may come from a peer: they are compared, and that is all. */
export const EndpointClass = { none: 0, local: 1, ip: 2, mac: 3, magic: 4, phone: 5 } as const;

/** What the option carries: the class and its address, 0 to 20 octets. */
export interface Endpoint {
  readonly class: number;
  readonly address: Uint8Array;
}

/** What a peer without the option is taken for. RFC 1990 §5.1.3 */
export const nullEndpoint: Endpoint = { class: EndpointClass.none, address: new Uint8Array(0) };

/** No class has a longer address. */
const longestAddress = 20;

interface ClassRule {
  readonly name: string;
  readonly shortest: number;
  readonly longest: number;
  /** What else has to be so of an address of ours. */
  readonly fits?: (address: Uint8Array) => boolean;
  /** For people, and back; undefined for what can't be printed, or read. */
  readonly format: (address: Uint8Array) => string | undefined;
  readonly parse: (text: string) => Uint8Array | undefined;
}

const hexadecimal = {
  format: (address: Uint8Array): string => formatHex(address, ''),
  parse: parseHexText,
};

/** By class. RFC 1990 §5.1.3 */
const classes: readonly ClassRule[] = [
  {
    name: 'null',
    shortest: 0,
    longest: 0,
    format: (address) => (address.length === 0 ? '' : undefined),
    parse: (text) => (text === '' ? new Uint8Array(0) : undefined),
  },
  { name: 'local', shortest: 1, longest: 20, ...hexadecimal },
  { name: 'ip', shortest: 4, longest: 4, format: formatAddress, parse: parseAddress },
  { name: 'mac', shortest: 6, longest: 6, fits: isGlobalUnicast, format: formatMac, parse: parseMac },
  { name: 'magic', shortest: 4, longest: 20, fits: (address) => address.length % 4 === 0, ...hexadecimal },
  { name: 'phone', shortest: 1, longest: 15, format: formatPhone, parse: parsePhone },
];

/** An endpoint of ours. Throws when the address is none of this class. */
export function makeEndpoint(endpointClass: number, address: Uint8Array): Endpoint {
  const rule = classes[endpointClass];
  const { length } = address;
  if (rule === undefined || length < rule.shortest || length > rule.longest || rule.fits?.(address) === false)
    throw new RangeError(`no endpoint of class ${endpointClass}: ${formatHex(address)}`);
  return { class: endpointClass, address };
}

/** An endpoint of class 1. Throws when there are not 1 to 20 octets. */
export function localEndpoint(address: Uint8Array): Endpoint {
  return makeEndpoint(EndpointClass.local, address);
}

/** An endpoint of class 2. */
export function ipEndpoint(address: Ip4): Endpoint {
  return makeEndpoint(EndpointClass.ip, addressOctets(address));
}

/** An endpoint of class 4: 1 to 5 random numbers of 32 bits. Throws when there are others than so many. */
export function magicEndpoint(numbers: readonly number[]): Endpoint {
  const address = new Uint8Array(4 * numbers.length);
  numbers.forEach((number, i) => {
    putU32(address, 4 * i, number);
  });
  return makeEndpoint(EndpointClass.magic, address);
}

/**
 * Reads the option's data, behind Type and Length. Undefined when it is shorter than its class has it, or longer than any: an
 * address that is too long for its class still tells one peer from another.
 */
export function readEndpoint(data: Uint8Array): Endpoint | undefined {
  const endpointClass = data[0];
  const length = data.length - 1;
  if (endpointClass === undefined || length > longestAddress) return undefined;
  if (length < (classes[endpointClass]?.shortest ?? 0)) return undefined;
  return { class: endpointClass, address: data.slice(1) };
}

/** The option's data, behind Type and Length. */
export function encodeEndpoint(endpoint: Endpoint): Uint8Array {
  return Uint8Array.of(endpoint.class, ...endpoint.address);
}

/** Whether both are the same machine, as far as endpoints tell. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.class === b.class && sameBytes(a.address, b.address);
}

/** `null`, `mac:00:1b:21:3a:4b:5c`, `ip:10.1.0.1`, `local:0123`, `magic:89abcdef`, `phone:4930123456`; `class 7:0102` else. */
export function formatEndpoint({ class: endpointClass, address }: Endpoint): string {
  const rule = classes[endpointClass];
  const text = rule?.format(address);
  if (rule === undefined || text === undefined) return `class ${endpointClass}:${formatHex(address, '')}`;
  return text === '' ? rule.name : `${rule.name}:${text}`;
}

/** An endpoint of ours from such text, without regard to case; undefined when it is none. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [name = '', ...rest] = text.toLowerCase().split(':');
  const endpointClass = classes.findIndex((rule) => rule.name === name);
  const rule = classes[endpointClass];
  const address = rule?.parse(rest.join(':'));
  if (rule === undefined || address === undefined) return undefined;
  const { length } = address;
  const fits = length >= rule.shortest && length <= rule.longest && rule.fits?.(address) !== false;
  return fits ? { class: endpointClass, address } : undefined;
}

function parseHexText(text: string): Uint8Array | undefined {
  return /^(?:[0-9a-f]{2})+$/.test(text) ? parseHex(text) : undefined;
}

function addressOctets(address: Ip4): Uint8Array {
  const octets = new Uint8Array(4);
  putU32(octets, 0, address);
  return octets;
}

function formatAddress(address: Uint8Array): string | undefined {
  return address.length === 4 ? formatIp4(getU32(address, 0)) : undefined;
}

function parseAddress(text: string): Uint8Array | undefined {
  const address = parseIp4(text);
  return address === undefined ? undefined : addressOctets(address);
}

/** Neither locally administered nor of a group. RFC 1990 §5.1.3, class 3 */
function isGlobalUnicast(address: Uint8Array): boolean {
  return ((address[0] ?? 0) & 0x03) === 0;
}

function formatMac(address: Uint8Array): string | undefined {
  return address.length === 6 ? formatHex(address, ':') : undefined;
}

function parseMac(text: string): Uint8Array | undefined {
  return /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(text) ? parseHex(text.replaceAll(':', '')) : undefined;
}

/** The digits of E.164 as characters, as pppd has them as well. */
function formatPhone(address: Uint8Array): string | undefined {
  const text = String.fromCharCode(...address);
  return /^[0-9]+$/.test(text) ? text : undefined;
}

function parsePhone(text: string): Uint8Array | undefined {
  return /^[0-9]+$/.test(text) ? new TextEncoder().encode(text) : undefined;
}
