/**
 * Keeps what happens over and over from filling a log: a message of one kind is said a few times, then counted, and said
 * again with its count now and then. A line that flaps all night costs some kilobytes.
 */
import type { Millis } from '../base/clock.js';

/** How often a kind is said before it is counted, and how long it has to be quiet to be news again. */
const saidAtFirst = 5;
const quietMs = 3_600_000;
/** How often a kind that goes on is said with its count. */
const reminderMs = 600_000;
/** Kinds that are remembered; beyond it the one that was new longest ago is forgotten. */
const kinds = 500;

interface Kind {
  said: number;
  withheld: number;
  saidAt: Millis;
  seenAt: Millis;
}

export class Repeats {
  readonly #kinds = new Map<string, Kind>();

  /** Whether to say a message now: the number of those like it that were withheld before it, or undefined to withhold it. */
  admit(source: string, message: string, now: Millis): number | undefined {
    const kind = this.#kindOf(`${source} ${withoutNumbers(message)}`, now);
    kind.seenAt = now;
    if (kind.said >= saidAtFirst && now - kind.saidAt < reminderMs) {
      kind.withheld += 1;
      return undefined;
    }
    const { withheld } = kind;
    kind.said += 1;
    kind.withheld = 0;
    kind.saidAt = now;
    return withheld;
  }

  #kindOf(key: string, now: Millis): Kind {
    const known = this.#kinds.get(key);
    if (known !== undefined && now - known.seenAt < quietMs) return known;
    const fresh: Kind = { said: 0, withheld: 0, saidAt: -Infinity, seenAt: now };
    this.#kinds.delete(key);
    this.#kinds.set(key, fresh);
    if (this.#kinds.size > kinds) {
      const [oldest = key] = this.#kinds.keys();
      this.#kinds.delete(oldest);
    }
    return fresh;
  }
}

/** Magic numbers, times and counts don't make a message another one. */
function withoutNumbers(message: string): string {
  return message.replace(/0x[0-9a-f]+|\d+/gi, '#');
}
