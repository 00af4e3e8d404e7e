/** Memory of a fixed size, given out in pieces and taken back: what the kernel works on has to lie in its own memory. */

/** Pieces begin at multiples of this, and are as long; a cache line. */
const unit = 64;

interface Span {
  readonly at: number;
  readonly length: number;
}

export class Arena {
  /** What is free: by address, no two of them side by side. */
  #free: Span[];
  /** Lengths by address. */
  readonly #taken = new Map<number, number>();

  /** Gives out [from, to), without what is over at its ends. */
  constructor(from: number, to: number) {
    const at = rounded(from);
    this.#free = [{ at, length: Math.floor((to - at) / unit) * unit }];
  }

  /** The longest piece that can be taken now. */
  get largest(): number {
    return this.#free.reduce((most, { length }) => Math.max(most, length), 0);
  }

  /** Octets that are given out. */
  get taken(): number {
    return [...this.#taken.values()].reduce((sum, length) => sum + length, 0);
  }

  /** The address of a piece of so many octets, the first that is long enough; undefined when there is none. */
  take(length: number): number | undefined {
    const wanted = rounded(Math.max(length, 1));
    const index = this.#free.findIndex((span) => span.length >= wanted);
    const span = this.#free[index];
    if (span === undefined) return undefined;
    const rest = { at: span.at + wanted, length: span.length - wanted };
    this.#free.splice(index, 1, ...(rest.length > 0 ? [rest] : []));
    this.#taken.set(span.at, wanted);
    return span.at;
  }

  /** Throws a RangeError when no piece was taken there. */
  give(at: number): void {
    const length = this.#taken.get(at);
    if (length === undefined) throw new RangeError(`nothing is taken at ${at}`);
    this.#taken.delete(at);
    const before = this.#free.filter((span) => span.at < at);
    const behind = this.#free.slice(before.length);
    this.#free = [...before, { at, length }, ...behind].reduce<Span[]>(joined, []);
  }
}

/** The spans, and one more that lies behind them. */
function joined(spans: Span[], next: Span): Span[] {
  const last = spans.at(-1);
  if (last === undefined || last.at + last.length < next.at) return [...spans, next];
  return [...spans.slice(0, -1), { at: last.at, length: last.length + next.length }];
}

function rounded(length: number): number {
  return Math.ceil(length / unit) * unit;
}
