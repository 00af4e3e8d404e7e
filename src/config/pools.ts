/** The top-level key `pools`: addresses for peers, by the name of the pool. */
import { formatIp4, isNetwork, parseIp4, parsePrefix, type Ip4 } from '../base/ip.js';
import type { AddressRange } from '../pool/options.js';
import { hostAddress } from './addresses.js';
import { filledList, findingsOf, value, type Finding } from './keys.js';
import { right, wrong, type Reader, type Reading } from './reading.js';
import { code } from './text.js';

/** A network, without its first and last address where it has more than two; or a range. */
const range: Reader<AddressRange> = {
  allowed: 'a network such as 10.9.0.0/24, a range such as 10.9.0.10-10.9.0.20, or an address',
  read(text) {
    const [first = '', last, ...rest] = text.split('-');
    if (last !== undefined) return rest.length > 0 ? wrong('is no range') : fromTo(first.trim(), last.trim());
    const prefix = parsePrefix(text);
    if (prefix === undefined) return wrong('is neither a network nor a range');
    if (prefix.length < 16) return wrong('is larger than a /16, which no pool is');
    if (!isNetwork(prefix)) return wrong('has host bits set');
    const end = prefix.address + 2 ** (32 - prefix.length) - 1;
    const bare = prefix.length > 30 ? 0 : 1;
    return hosts(prefix.address + bare, end - bare);
  },
};

function fromTo(first: string, last: string): Reading<AddressRange> {
  const [from, to] = [parseIp4(first), parseIp4(last)];
  if (from === undefined || to === undefined) return wrong('is not made of two IPv4 addresses');
  if (to < from) return wrong('ends before it begins');
  return to - from >= 0x1_0000 ? wrong('has more than 65536 addresses') : hosts(from, to);
}

/** Both ends must be addresses that a host can have; so are those between them, as a pool is small. */
function hosts(first: Ip4, last: Ip4): Reading<AddressRange> {
  for (const end of [first, last]) {
    const reading = hostAddress.read(formatIp4(end));
    if (!reading.ok) return wrong(`holds ${code(formatIp4(end))}, which ${reading.problem}`);
  }
  return right({ first, last });
}

const pool = filledList(value(range), 'a list of networks and ranges');

export type PoolReading =
  | { readonly ok: true; readonly ranges: readonly AddressRange[] }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Reads the plain value of one pool. */
export function readPool(plain: unknown): PoolReading {
  const result = pool.safeParse(plain);
  return result.success
    ? { ok: true, ranges: result.data }
    : { ok: false, findings: findingsOf(result.error, () => undefined) };
}
