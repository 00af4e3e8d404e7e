/**
 * Lines of the ledger folded into sessions and monthly totals, and back into the fewest lines that say the same. Pure: the
 * same class reads the file and follows what happens now, so that both always agree.
 *
 * A session may span months. Of each month it keeps the state that it reached there last: what it gained since the state
 * before belongs to that month. The last closed sessions of each link are kept; older ones live on in the totals.
 */
import { monthOf } from './calendar.js';
import { header, type Line, type MonthLine, type SessionLine } from './lines.js';

/** One session, as people see it. */
export interface Session {
  readonly id: number;
  readonly link: string;
  readonly begin: Date;
  /** Undefined while it is open. */
  readonly end: Date | undefined;
  readonly rxBytes: number;
  readonly txBytes: number;
  /** By a clock that doesn't jump; so it may differ from `end` minus `begin`. */
  readonly seconds: number;
  /** The code of a Cause; `crash` when linkd did not live to see its end; undefined while it is open. */
  readonly cause: string | undefined;
  readonly detail: string | undefined;
}

/** What a link had in a calendar month (`2026-11`). A session counts in the month in which it began. */
export type MonthTotals = Readonly<Omit<MonthLine, 'type' | 'link'>>;

/** What grows. */
interface Amounts {
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly seconds: number;
}

const nothing: Amounts = { rxBytes: 0, txBytes: 0, seconds: 0 };

export class Accounts {
  readonly #kept: number;
  /** The lines by which each session is told, one for each month that it reached, in order. */
  readonly #sessions = new Map<number, SessionLine[]>();
  /** Closed sessions by link, oldest first. */
  readonly #closed = new Map<string, number[]>();
  /** Sessions that are no longer kept, by link and month. */
  readonly #past = new Map<string, MonthLine>();
  #lastId = 0;

  /** @param kept closed sessions of each link that the history holds. */
  constructor(kept: number) {
    this.#kept = kept;
  }

  /** An id that no session has. */
  get nextId(): number {
    return this.#lastId + 1;
  }

  /** Takes one line in. What a session has never shrinks; what comes after its end is ignored. */
  apply(line: Line): void {
    if (line.type === 'month') this.#past.set(keyOf(line.link, line.month), line);
    if (line.type === 'session') this.#applySession(line);
  }

  /** Open sessions, as their last lines. */
  open(): SessionLine[] {
    return this.#last().filter(({ cause }) => cause === undefined);
  }

  /** The fewest lines that give the same accounts, header included. */
  lines(): Line[] {
    return [header, ...this.#past.values(), ...[...this.#sessions.values()].flat()];
  }

  /** The last sessions, newest first, of one link or of all. */
  history(link: string | undefined, limit: number): Session[] {
    return this.#last()
      .filter((line) => link === undefined || line.link === link)
      .sort((a, b) => b.id - a.id)
      .slice(0, limit)
      .map(toSession);
  }

  /** Month by month, oldest first; months without a session are absent. */
  totals(link: string): MonthTotals[] {
    const months = new Map([...this.#past].filter(([, line]) => line.link === link));
    for (const lines of this.#sessions.values()) if (lines[0]?.link === link) addSession(months, lines);
    return [...months.values()]
      .map(({ month, rxBytes, txBytes, seconds, sessions }) => ({ month, rxBytes, txBytes, seconds, sessions }))
      .sort((a, b) => (a.month < b.month ? -1 : 1));
  }

  #last(): SessionLine[] {
    return [...this.#sessions.values()].flatMap((lines) => lines.slice(-1));
  }

  #applySession(line: SessionLine): void {
    this.#lastId = Math.max(this.#lastId, line.id);
    const lines = this.#sessions.get(line.id);
    const last = lines?.at(-1);
    if (lines === undefined || last === undefined) {
      this.#sessions.set(line.id, [line]);
    } else {
      if (last.cause !== undefined) return;
      if (monthOf(last.at) === monthOf(line.at)) lines.pop();
      lines.push({ ...line, ...larger(line, last) });
    }
    if (line.cause !== undefined) this.#close(line);
  }

  #close({ link, id }: SessionLine): void {
    const closed = this.#closed.get(link) ?? [];
    this.#closed.set(link, closed);
    closed.push(id);
    for (const old of closed.splice(0, closed.length - this.#kept)) {
      addSession(this.#past, this.#sessions.get(old) ?? []);
      this.#sessions.delete(old);
    }
  }
}

/** Adds what a session gained to the months in which it did. */
function addSession(months: Map<string, MonthLine>, lines: readonly SessionLine[]): void {
  let before = nothing;
  const [first] = lines;
  if (first !== undefined) add(months, first.link, monthOf(first.begin), nothing, 1);
  for (const line of lines) {
    add(months, line.link, monthOf(line.at), difference(line, before), 0);
    before = line;
  }
}

function add(months: Map<string, MonthLine>, link: string, month: string, gain: Amounts, sessions: number): void {
  const key = keyOf(link, month);
  const sum = months.get(key);
  months.set(key, {
    type: 'month',
    link,
    month,
    rxBytes: (sum?.rxBytes ?? 0) + gain.rxBytes,
    txBytes: (sum?.txBytes ?? 0) + gain.txBytes,
    seconds: (sum?.seconds ?? 0) + gain.seconds,
    sessions: (sum?.sessions ?? 0) + sessions,
  });
}

function difference(a: Amounts, b: Amounts): Amounts {
  return { rxBytes: a.rxBytes - b.rxBytes, txBytes: a.txBytes - b.txBytes, seconds: a.seconds - b.seconds };
}

function larger(a: Amounts, b: Amounts): Amounts {
  return {
    rxBytes: Math.max(a.rxBytes, b.rxBytes),
    txBytes: Math.max(a.txBytes, b.txBytes),
    seconds: Math.max(a.seconds, b.seconds),
  };
}

function keyOf(link: string, month: string): string {
  return `${month} ${link}`;
}

function toSession(line: SessionLine): Session {
  const { id, link, rxBytes, txBytes, seconds, cause, detail } = line;
  const end = cause === undefined ? undefined : new Date(line.at);
  return { id, link, begin: new Date(line.begin), end, rxBytes, txBytes, seconds, cause, detail };
}
