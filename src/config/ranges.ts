/** A set of addresses as sorted ranges that don't touch: a question costs little, however many networks it was made of. */
import { isPrefix4, rangeOf, type IpPrefix } from '../base/ip.js';

interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

export class AddressRanges {
  readonly #ranges: readonly Range[];

  constructor(prefixes: readonly IpPrefix[]) {
    const ranges: Range[] = [];
    for (const { first, last } of prefixes.map(placeOf).sort((a, b) => (a.first < b.first ? -1 : 1))) {
      const before = ranges.at(-1);
      if (before === undefined || before.last + 1n < first) ranges.push({ first, last });
      else ranges.splice(-1, 1, { first: before.first, last: last > before.last ? last : before.last });
    }
    this.#ranges = ranges;
  }

  /** True when every address of the network is in the set. */
  covers(prefix: IpPrefix): boolean {
    const { first, last } = placeOf(prefix);
    const range = this.#lastFrom(last);
    return range !== undefined && range.first <= first && last <= range.last;
  }

  /** True when an address of the network is in the set. */
  touches(prefix: IpPrefix): boolean {
    const { first, last } = placeOf(prefix);
    const range = this.#lastFrom(last);
    return range !== undefined && first <= range.last;
  }

  /** The last range that begins at this address or before it. */
  #lastFrom(address: bigint): Range | undefined {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.#ranges[middle];
      if (range !== undefined && range.first <= address) low = middle + 1;
      else high = middle;
    }
    return this.#ranges[low - 1];
  }
}

/** Both families on one line, IPv4 well behind IPv6. */
function placeOf(prefix: IpPrefix): Range {
  const { first, last } = rangeOf(prefix);
  return isPrefix4(prefix) ? { first: first + beyondIp6, last: last + beyondIp6 } : { first, last };
}

const beyondIp6 = 1n << 129n;
