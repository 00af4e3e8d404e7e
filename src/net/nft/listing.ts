/** Reads what `nft -j list` prints. Pure. */
import type { DropCounters, DropReason } from './filter.js';
import { readCounterName } from './render.js';
import type { Count } from './ruleset.js';

/**
 * The listing without what changes by itself (counts) or tells nothing (handles, nft's version): two of them are the same
 * text when the table is the same. Throws on what is no JSON.
 */
export function normalize(json: string): string {
  const passed = new Set(['metainfo', 'handle', 'packets', 'bytes']);
  return JSON.stringify(JSON.parse(json), (key, value: unknown) => (passed.has(key) ? undefined : value));
}

/** The named counters of the listing. Throws on what is no JSON. */
export function readCounts(json: string): Map<string, Count> {
  const counts = new Map<string, Count>();
  const listing: unknown = JSON.parse(json);
  for (const entry of elements(field(listing, 'nftables'))) {
    const counter = field(entry, 'counter');
    const [name, packets, bytes] = [field(counter, 'name'), field(counter, 'packets'), field(counter, 'bytes')];
    if (typeof name === 'string' && typeof packets === 'number' && typeof bytes === 'number') {
      counts.set(name, { packets, bytes });
    }
  }
  return counts;
}

/** The packets that each counter of ours has counted, by link. */
export function dropsByLink(counts: ReadonlyMap<string, Count>): Record<string, DropCounters> {
  const links = new Map<string, DropCounters>();
  for (const [name, { packets }] of counts) {
    const read = readCounterName(name);
    if (read === undefined) continue;
    const counted: Partial<Record<DropReason, number>> = { [read.reason]: packets };
    links.set(read.link, { ...NO_DROPS, ...links.get(read.link), ...counted });
  }
  return Object.fromEntries(links);
}

const NO_DROPS: DropCounters = { spoofed: 0, invalid: 0, in: 0, through: 0, out: 0 };

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

function elements(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
