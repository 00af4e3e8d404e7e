/**
 * Sets of addresses and ports in nft's words, as `nft list` prints them: sorted, what overlaps or adjoins joined (nft refuses
 * a set whose elements overlap). Pure.
 */
import { formatIp4, formatPrefix, networkOf, type Prefix } from '../../base/ip.js';
import type { PortRange } from '../options.js';

const LAST_ADDRESS = 0xffffffff;
const LAST_PORT = 65535;

/** `10.2.0.0/16` or `{ 10.1.0.5, 10.2.0.0/16 }`; undefined when every address is in it. Throws when none is. */
export function addressSet(prefixes: readonly Prefix[]): string | undefined {
  const ranges = merge(prefixes.map(rangeOf));
  if (ranges[0]?.first === 0 && ranges[0].last === LAST_ADDRESS) return undefined;
  return braced(ranges.map(formatAddresses));
}

/** `22` or `{ 22, 8000-8100 }`. Throws when there is none, or one that is no port. */
export function portSet(ports: readonly PortRange[]): string {
  for (const { first, last } of ports) {
    if (!isPort(first) || !isPort(last) || first > last) throw new Error(`not ports: ${first} to ${last}`);
  }
  return braced(merge(ports).map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)));
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= LAST_PORT;
}

/** Both ends belong to it. */
interface Range {
  readonly first: number;
  readonly last: number;
}

function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before === undefined || range.first > before.last + 1) merged.push(range);
    else merged.splice(-1, 1, { first: before.first, last: Math.max(before.last, range.last) });
  }
  return merged;
}

function rangeOf(prefix: Prefix): Range {
  const { address, length } = networkOf(prefix);
  return { first: address, last: address + 2 ** (32 - length) - 1 };
}

function formatAddresses({ first, last }: Range): string {
  if (first === last) return formatIp4(first);
  const size = last - first + 1;
  const isPrefix = Number.isInteger(Math.log2(size)) && first % size === 0;
  return isPrefix
    ? formatPrefix({ address: first, length: 32 - Math.log2(size) })
    : `${formatIp4(first)}-${formatIp4(last)}`;
}

function braced(elements: readonly string[]): string {
  if (elements.length === 0) throw new Error('an empty set');
  return elements.length === 1 ? elements.join() : `{ ${elements.join(', ')} }`;
}
