/**
 * Sets of addresses and ports in nft's words, as `nft list` prints them: sorted, what overlaps or adjoins joined (nft refuses
 * a set whose elements overlap). Pure.
 */
import {
  bitsOf,
  familyOf,
  formatIp,
  formatPrefix,
  ipFromNumber,
  prefixOf,
  rangeOf,
  type Family,
  type IpPrefix,
} from '../../base/ip.js';
import type { PortRange } from '../options.js';

const LAST_PORT = 65535;

/**
 * Of one family: `10.2.0.0/16` or `{ 10.1.0.5, 10.2.0.0/16 }`; undefined when every address is in it. Throws when none is,
 * and on more than one family.
 */
export function addressSet(prefixes: readonly IpPrefix[]): string | undefined {
  const [family, ...more] = new Set(prefixes.map(familyOf));
  if (family === undefined) throw new Error('an empty set');
  if (more.length > 0) throw new Error('a set of two families');
  const ranges = merge(prefixes.map(rangeOf));
  const isAll = ranges[0]?.first === 0n && ranges[0].last === (1n << (family === 4 ? 32n : 128n)) - 1n;
  return isAll ? undefined : braced(ranges.map((range) => formatAddresses(family, range)));
}

/** `22` or `{ 22, 8000-8100 }`. Throws when there is none, or one that is no port. */
export function portSet(ports: readonly PortRange[]): string {
  for (const { first, last } of ports) {
    if (!isPort(first) || !isPort(last) || first > last) throw new Error(`not ports: ${first} to ${last}`);
  }
  const ranges = merge(ports.map(({ first, last }) => ({ first: BigInt(first), last: BigInt(last) })));
  return braced(ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)));
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= LAST_PORT;
}

/** Both ends belong to it. */
interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    const before = merged.at(-1);
    if (before === undefined || range.first > before.last + 1n) merged.push(range);
    else if (range.last > before.last) merged.splice(-1, 1, { first: before.first, last: range.last });
  }
  return merged;
}

function formatAddresses(family: Family, { first, last }: Range): string {
  const address = ipFromNumber(family, first);
  if (first === last) return formatIp(address);
  const size = last - first + 1n;
  const hostBits = size.toString(2).length - 1;
  const isPrefix = size === 1n << BigInt(hostBits) && first % size === 0n;
  return isPrefix
    ? formatPrefix(prefixOf(address, bitsOf(address) - hostBits))
    : `${formatIp(address)}-${formatIp(ipFromNumber(family, last))}`;
}

function braced(elements: readonly string[]): string {
  if (elements.length === 0) throw new Error('an empty set');
  return elements.length === 1 ? elements.join() : `{ ${elements.join(', ')} }`;
}
