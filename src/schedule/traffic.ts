/** What counts as traffic: single packets against the rules of the config, and a packet in words. Pure. */
import { getU16, getU32 } from '../base/bytes.js';
import { UpperLayer } from '../base/upper-layer.js';
import { covers, formatIp, hostPrefix, type Ip, type IpPrefix } from '../base/ip.js';
import { ip6FromBytes } from '../base/ip6.js';
import type { AllowRule, PortRange, Service } from '../net/options.js';
import type { TrafficRules } from './options.js';

/** What of a packet the rules look at. */
export interface PacketFacts {
  readonly source: Ip;
  readonly destination: Ip;
  /** The number of the protocol above IP. */
  readonly protocol: number;
  /** Of TCP and UDP; undefined in a fragment behind the first. */
  readonly ports: { readonly source: number; readonly destination: number } | undefined;
  /** Of ICMP and ICMPv6. */
  readonly icmpType: number | undefined;
}

const tcp = 6;
const udp = 17;
const icmp = 1;
const icmp6 = 58;
const echoTypes: Readonly<Record<number, readonly number[]>> = { [icmp]: [8, 0], [icmp6]: [128, 129] };

/** Multicast, broadcast, and what belongs to a link itself: talk of machines that nobody waits for. */
const chatter: readonly IpPrefix[] = [
  { address: 0xe0000000, length: 4 },
  { address: 0xffffffff, length: 32 },
  { address: 'ff00::', length: 8 },
  { address: 'fe80::', length: 10 },
];

/** Whether it counts by these rules; what can't be read doesn't, nor does chatter. */
export function countsAsTraffic({ count, ignore }: TrafficRules, packet: PacketFacts | undefined): boolean {
  if (packet === undefined) return false;
  const { source, destination } = packet;
  if (chatter.some((some) => covers(some, hostPrefix(destination)) || covers(some, hostPrefix(source)))) return false;
  if (ignore.some((rule) => matches(rule, packet))) return false;
  return count.length === 0 || count.some((rule) => matches(rule, packet));
}

/** The packet, or the one that it answers, is of the rule. */
export function matches(rule: AllowRule, packet: PacketFacts): boolean {
  return isOf(rule, packet) || isOf(rule, turned(packet));
}

/** Reads an IP packet of `length` octets at `start`; undefined when it is none, or cut short. RFC 791, RFC 8200 */
export function readPacket(buffer: Uint8Array, start: number, length: number): PacketFacts | undefined {
  const upper = new UpperLayer();
  if (!upper.read(buffer, start, length)) return undefined;
  const packet = buffer.subarray(start, start + length);
  const isIp4 = (buffer[start] ?? 0) >>> 4 === 4;
  const [source, destination] = isIp4
    ? [getU32(packet, 12), getU32(packet, 16)]
    : [ip6At(packet, 8), ip6At(packet, 24)];
  const above = upper.at === -1 ? undefined : upper.at - start;
  return { source, destination, protocol: upper.protocol, ...readAbove(packet, upper.protocol, above) };
}

/** `tcp 10.1.0.5:49152 → 10.2.0.9:22`, `ping 10.1.0.5 → 10.2.0.9` */
export function describePacket({ source, destination, protocol, ports, icmpType }: PacketFacts): string {
  const [from, to] = [formatIp(source), formatIp(destination)];
  if (ports !== undefined)
    return `${nameOf(protocol)} ${withPort(from, ports.source)} → ${withPort(to, ports.destination)}`;
  const isPing = icmpType !== undefined && echoTypes[protocol]?.includes(icmpType) === true;
  return `${isPing ? 'ping' : nameOf(protocol)} ${from} → ${to}`;
}

function isOf({ services, from, to }: AllowRule, packet: PacketFacts): boolean {
  const isIn = (networks: readonly IpPrefix[], address: Ip): boolean =>
    networks.length === 0 || networks.some((network) => covers(network, hostPrefix(address)));
  if (!isIn(from, packet.source) || !isIn(to, packet.destination)) return false;
  return services.length === 0 || services.some((service) => isService(service, packet));
}

function isService(service: Service, { protocol, ports, icmpType }: PacketFacts): boolean {
  switch (service.protocol) {
    case 'tcp':
    case 'udp':
      if (protocol !== (service.protocol === 'tcp' ? tcp : udp)) return false;
      return service.ports.length === 0 || (ports !== undefined && isWithin(service.ports, ports.destination));
    case 'icmp':
      return protocol === icmp || protocol === icmp6;
    case 'ping':
      return icmpType !== undefined && echoTypes[protocol]?.includes(icmpType) === true;
    default:
      return protocol === service.protocol;
  }
}

function isWithin(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some(({ first, last }) => port >= first && port <= last);
}

function turned({ source, destination, ports, ...rest }: PacketFacts): PacketFacts {
  const back = ports && { source: ports.destination, destination: ports.source };
  return { ...rest, source: destination, destination: source, ports: back };
}

/** The first octets of the protocol above IP, where they are in this packet. */
function readAbove(
  packet: Uint8Array,
  protocol: number,
  at: number | undefined,
): Pick<PacketFacts, 'ports' | 'icmpType'> {
  const none = { ports: undefined, icmpType: undefined };
  if (at === undefined || at + 4 > packet.length) return none;
  if (protocol === icmp || protocol === icmp6) return { ...none, icmpType: packet[at] };
  if (protocol !== tcp && protocol !== udp) return none;
  return { ...none, ports: { source: getU16(packet, at), destination: getU16(packet, at + 2) } };
}

function ip6At(packet: Uint8Array, at: number): Ip {
  return ip6FromBytes(packet.subarray(at, at + 16));
}

function nameOf(protocol: number): string {
  switch (protocol) {
    case tcp:
      return 'tcp';
    case udp:
      return 'udp';
    case icmp:
    case icmp6:
      return 'icmp';
    default:
      return `protocol ${protocol}`;
  }
}

function withPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
