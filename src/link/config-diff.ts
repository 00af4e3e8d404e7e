/** What a reload does to each link: which changed, in what, and whether that can be applied while the link is up. */
import { formatIp4, formatPrefix, type IpPrefix } from '../base/ip.js';
import type { AddressRange } from '../pool/options.js';
import type { LinkConfig } from '../config/types.js';

/** One value that differs; texts for people, without what may be secret. */
export interface ValueChange {
  /** `net.firewall.policyIn` */
  readonly path: string;
  /** Undefined where there was, or will be, no such value. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export interface LinkChange {
  readonly link: string;
  /** `apply` leaves the session alone, `restart` does not. */
  readonly kind: 'add' | 'remove' | 'apply' | 'restart';
  readonly changes: readonly ValueChange[];
}

/** What the line and the PPP session are made of; everything else can change under them. */
const sessionKeys: readonly string[] = [
  'interface',
  'line',
  'moreLines',
  'multilink',
  'local',
  'remote',
  'ipcp',
  'ipv6cp',
  'mtu',
  'lcp',
  'auth',
  'ccp',
  'escape',
  'dial',
  'answer',
] satisfies (keyof LinkConfig)[];

/** The changes that lead from one config to the other, by link, in the order of the new config; removed links first. */
export function diffLinks(present: readonly LinkConfig[], wanted: readonly LinkConfig[]): readonly LinkChange[] {
  const removed = present.filter(({ name }) => !wanted.some((link) => link.name === name));
  return [
    ...removed.map(({ name }): LinkChange => ({ link: name, kind: 'remove', changes: [] })),
    ...wanted.flatMap((link) =>
      diffLink(
        present.find(({ name }) => name === link.name),
        link,
      ),
    ),
  ];
}

function diffLink(present: LinkConfig | undefined, wanted: LinkConfig): LinkChange[] {
  if (present === undefined) return [{ link: wanted.name, kind: 'add', changes: [] }];
  const changes = diffValues('', present, wanted);
  if (changes.length === 0) return [];
  const restarts = changes.some(({ path }) => sessionKeys.includes(path.split(/[.[]/, 1)[0] ?? ''));
  return [{ link: wanted.name, kind: restarts ? 'restart' : 'apply', changes }];
}

function diffValues(path: string, from: unknown, to: unknown): ValueChange[] {
  if (isRecord(from) && isRecord(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return keys.flatMap((key) => diffValues(path === '' ? key : `${path}.${key}`, from[key], to[key]));
  }
  if (path === 'moreLines' && Array.isArray(from) && Array.isArray(to)) return diffLines(from, to);
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  return [{ path, from: shown(path, from), to: shown(path, to) }];
}

function diffLines(from: readonly unknown[], to: readonly unknown[]): ValueChange[] {
  const longer = from.length > to.length ? from : to;
  return longer.flatMap((_, i) => diffValues(`moreLines[${i}]`, from[i], to[i]));
}

/** As a person would write it; a program's arguments may hold a password. */
function shown(path: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (/(^|\.)(command|hooks|chat)\b|^moreLines\[\d+\]$/.test(path)) return '…';
  const written = asWritten(/[^.]*$/.exec(path)?.[0] ?? '', value);
  return typeof written === 'string' ? written : JSON.stringify(written, asWritten);
}

/** Keys of the config whose numbers are addresses. */
const addressKeys: readonly string[] = ['local', 'remote', 'offer', 'source', 'to', 'hosts'];

/** Addresses and networks as text, a program's arguments not at all; everything else as it is. */
function asWritten(key: string, value: unknown): unknown {
  if (key === 'command') return '…';
  if (isPrefix(value)) return formatPrefix(value);
  if (isAddressRange(value)) return `${formatIp4(value.first)}-${formatIp4(value.last)}`;
  if (!addressKeys.includes(key)) return value;
  if (typeof value === 'number') return formatIp4(value);
  return Array.isArray(value) ? value.map((part: unknown) => asWritten(key, part)) : value;
}

function isPrefix(value: unknown): value is IpPrefix {
  return (
    isRecord(value) &&
    Object.keys(value).length === 2 &&
    ['number', 'string'].includes(typeof value['address']) &&
    typeof value['length'] === 'number'
  );
}

/** Of a pool; ranges of ports are numbers that no address is. */
function isAddressRange(value: unknown): value is AddressRange {
  if (!isRecord(value)) return false;
  const { first, last } = value;
  return typeof first === 'number' && typeof last === 'number' && first > 0xffff;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
