/** A set of addresses as sorted ranges that don't touch: a question costs little, however many networks it was made of. */
import type { Prefix } from '../base/ip.js';

interface Range {
  readonly first: number;
  readonly last: number;
}

export class AddressRanges {
  readonly #ranges: readonly Range[];

  constructor(prefixes: readonly Prefix[]) {
    const ranges: Range[] = [];
    for (const { first, last } of prefixes.map(rangeOf).sort((a, b) => a.first - b.first)) {
      const before = ranges.at(-1);
      if (before === undefined || before.last + 1 < first) ranges.push({ first, last });
      else ranges.splice(-1, 1, { first: before.first, last: Math.max(before.last, last) });
    }
    this.#ranges = ranges;
  }

  /** True when every address of the network is in the set. */
  covers(prefix: Prefix): boolean {
    const { first, last } = rangeOf(prefix);
    const range = this.#lastFrom(last);
    return range !== undefined && range.first <= first && last <= range.last;
  }

  /** True when an address of the network is in the set. */
  touches(prefix: Prefix): boolean {
    const { first, last } = rangeOf(prefix);
    const range = this.#lastFrom(last);
    return range !== undefined && first <= range.last;
  }

  /** The last range that begins at this address or before it. */
  #lastFrom(address: number): Range | undefined {
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

function rangeOf({ address, length }: Prefix): Range {
  return { first: address, last: address + 2 ** (32 - length) - 1 };
}
