/** Options that the two ends are at odds about: counted, so that a quarrel ends, and put into words for the cause. */
import { cause, type Cause, type CauseCode } from '../base/cause.js';

/** How often an option may be disputed before the negotiation fails, and with which cause. */
export interface Stake {
  readonly limit: number;
  readonly failure: CauseCode;
}

interface Dispute {
  readonly why: string;
  readonly count: number;
  readonly stake: Stake | undefined;
}

/** By option type, so there are never more than 256. */
export class Disputes {
  #current = new Map<number, Dispute>();
  #previous: ReadonlyMap<number, Dispute> = new Map();

  /** Everything is settled, or begins anew. */
  clear(): void {
    this.#current = new Map();
    this.#previous = new Map();
  }

  /** A new packet states its options afresh: what it no longer mentions is settled. */
  restate(): void {
    this.#previous = this.#current;
    this.#current = new Map();
  }

  /** Counts once per packet, and not at all for a mere retransmission. Without a stake, the dispute never fails anything. */
  add(type: number, why: string, retransmitted: boolean, stake: Stake | undefined): void {
    const before = this.before(type);
    this.#current.set(type, { why, count: retransmitted && before > 0 ? before : before + 1, stake });
  }

  /** How often the packets up to the last one disputed the option. */
  before(type: number): number {
    return this.#previous.get(type)?.count ?? 0;
  }

  /** The cause to fail with, once an option was disputed more often than its stake allows. */
  exhausted(): Cause | undefined {
    for (const { stake, count, why } of this.#current.values()) {
      if (stake !== undefined && count > stake.limit) return cause(stake.failure, why);
    }
    return undefined;
  }

  /** `the peer asks for …; the peer wants …`; undefined when nothing is disputed. */
  describe(): string | undefined {
    if (this.#current.size === 0) return undefined;
    return Array.from(this.#current.values(), ({ why }) => why)
      .slice(0, 8)
      .join('; ');
  }
}
