/** Mistakes between address pools, and between them and the links. */
import { formatIp4, formatPrefix, type Ip4 } from '../base/ip.js';
import type { AddressRange } from '../pool/options.js';
import { at, type LinkSite } from './site.js';
import { code, listed, nearest } from './text.js';
import { mistakeAt, type Mistake, type Path, type Source } from './tree.js';

/** A pool in its file; the ranges are those that are valid. */
export interface PoolSite {
  readonly name: string;
  readonly source: Source;
  readonly ranges: readonly AddressRange[];
}

/** Pools that don't exist, overlap, or hold an address that someone else has. */
export function checkPools(pools: readonly PoolSite[], sites: readonly LinkSite[]): readonly Mistake[] {
  return [
    ...sites.flatMap((site) => checkName(site, pools)),
    ...checkOverlaps(pools),
    ...pools.flatMap((pool) => checkAddresses(pool, sites)),
  ];
}

/** Pools that are of no use, too small, or hold what is routed elsewhere. */
export function warnOfPools(pools: readonly PoolSite[], sites: readonly LinkSite[]): readonly Mistake[] {
  return pools.flatMap((pool) => {
    const users = sites.filter(({ facts }) => facts.pool === pool.name);
    if (users.length === 0) return [atPool(pool, [], 'no link uses this pool (`remote: {pool: …}`)', 'key')];
    const size = pool.ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    const small =
      size < users.length
        ? [
            atPool(
              pool,
              [],
              `has ${size} ${size === 1 ? 'address' : 'addresses'} for ${users.length} links that may be up at the same time`,
              'key',
            ),
          ]
        : [];
    return [...small, ...warnOfNetworks(pool, sites)];
  });
}

function checkName(site: LinkSite, pools: readonly PoolSite[]): readonly Mistake[] {
  const { pool } = site.facts;
  if (pool === undefined || pools.some(({ name }) => name === pool)) return [];
  const names = pools.map(({ name }) => name);
  const near = nearest(pool, names);
  const hint =
    near === undefined
      ? `; ${names.length === 0 ? 'there are none (top-level key `pools`)' : `there are ${listed(names.map(code))}`}`
      : `; did you mean ${code(near)}?`;
  return [at(site, ['remote', 'pool'], `there is no pool ${code(pool)}${hint}`)];
}

function checkOverlaps(pools: readonly PoolSite[]): readonly Mistake[] {
  const all = pools.flatMap((pool) => pool.ranges.map((range, index) => ({ pool, range, index })));
  return all.flatMap(({ pool, range, index }, i) => {
    const other = all.slice(0, i).find((one) => one.range.first <= range.last && range.first <= one.range.last);
    if (other === undefined) return [];
    const where = other.pool === pool ? 'this pool' : `pool ${code(other.pool.name)}`;
    return [atPool(pool, [index], `${format(range)} overlaps ${format(other.range)} of ${where}`)];
  });
}

function checkAddresses(pool: PoolSite, sites: readonly LinkSite[]): readonly Mistake[] {
  return pool.ranges.flatMap((range, index) =>
    sites.flatMap(({ name, facts }) => {
      const taken = [
        ['local', facts.local],
        ['remote', facts.remote],
      ] as const;
      return taken.flatMap(([key, address]) => {
        if (address === undefined || !holds(range, address)) return [];
        const message = `${format(range)} holds ${formatIp4(address)}, which is ${code(key)} of link ${code(name)}`;
        return [atPool(pool, [index], message)];
      });
    }),
  );
}

function warnOfNetworks(pool: PoolSite, sites: readonly LinkSite[]): readonly Mistake[] {
  return pool.ranges.flatMap((range, index) =>
    sites.flatMap(({ name, facts }) =>
      facts.networks.flatMap((network) => {
        if (network === undefined || typeof network.prefix.address !== 'number') return [];
        const { address, length } = network.prefix;
        const end = address + 2 ** (32 - length) - 1;
        if (length === 0 || range.last < address || end < range.first) return [];
        const message = `${format(range)} lies in ${formatPrefix(network.prefix)}, which is behind link ${code(name)}`;
        return [atPool(pool, [index], message)];
      }),
    ),
  );
}

function atPool({ name, source }: PoolSite, path: Path, message: string, where?: 'key'): Mistake {
  return mistakeAt(source, ['pools', name, ...path], message, where);
}

function holds({ first, last }: AddressRange, address: Ip4): boolean {
  return first <= address && address <= last;
}

function format({ first, last }: AddressRange): string {
  return first === last ? formatIp4(first) : `${formatIp4(first)}-${formatIp4(last)}`;
}
