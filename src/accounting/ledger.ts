/**
 * The book of all sessions, in a file of the state directory: octets and time of each, the history with the causes of their
 * ends, monthly totals. What happens is in memory at once and in the file soon: at a session's begin and end, every ten
 * seconds while octets are counted, every minute otherwise. So much is what a crash can lose.
 *
 * Callers never wait for the disk and never see it fail: the ledger says so once, goes on in memory, and writes everything
 * when it can again.
 */
import { cause, type Cause } from '../base/cause.js';
import type { Millis, Scheduler, Timer } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { formatLocal, monthOf } from './calendar.js';
import { LineFile } from './line-file.js';
import { formatLine, header, parseLine, type SessionLine } from './lines.js';
import { Accounts, type MonthTotals, type Session } from './sessions.js';

export interface LedgerLimits {
  /** Between two lines of a session whose octets change, and between two attempts on a disk that refuses. */
  readonly checkpointMs: Millis;
  /** Between two lines of a session that is idle: for its time. */
  readonly idleCheckpointMs: Millis;
  /** The file is rewritten when it is larger than this, and twice as large as after the last time. */
  readonly compactBytes: number;
  /** Closed sessions of each link that the history holds. */
  readonly keptSessions: number;
  /** Lines that wait for a disk that refuses; beyond it the whole file is rewritten when that is possible again. */
  readonly waitingLines: number;
}

export const defaultLedgerLimits: LedgerLimits = {
  checkpointMs: 10_000,
  idleCheckpointMs: 60_000,
  compactBytes: 256 * 1024,
  keptSessions: 200,
  waitingLines: 1000,
};

export interface LedgerParts {
  readonly log: Logger;
  readonly scheduler: Scheduler;
  readonly limits?: Partial<LedgerLimits>;
}

/** What the owner of a link tells of a session. Nothing is taken after its end. */
export interface SessionHandle {
  /** IP octets since the session began; less than before is not believed. */
  count(rxBytes: number, txBytes: number): void;
  end(cause: Cause): void;
}

/** What a detail may say at most, in characters. */
const longestDetail = 200;

interface OpenSession {
  line: SessionLine;
  readonly begunAt: Millis;
  /** The last line that was put down, and when. */
  written: SessionLine;
  writtenAt: Millis;
}

export class Ledger {
  readonly #file: LineFile;
  readonly #log: Logger;
  readonly #scheduler: Scheduler;
  readonly #limits: LedgerLimits;
  readonly #accounts: Accounts;
  readonly #open = new Map<number, OpenSession>();
  /** Lines that are not in the file yet. */
  #waiting: string[] = [];
  /** Some of what is not in the file is not in `#waiting` either. */
  #mustRewrite = false;
  #compactAt: number;
  #writing: Promise<void> | undefined;
  #refused = false;
  #timer: Timer | undefined;

  /**
   * Reads the file, mends what a crash left, and closes the sessions that it left open with the cause `crash`. Throws an
   * OpError when there is a file that can't be read; one that can't be written is no reason to.
   */
  static async open(path: string, { log, scheduler, limits }: LedgerParts): Promise<Ledger> {
    const { file, lines, torn } = await LineFile.read(path);
    const ledger = new Ledger(file, log, scheduler, { ...defaultLedgerLimits, ...limits });
    if (torn) log.info({ file: path }, 'accounting: an unfinished last line was dropped');
    await ledger.#load(lines);
    ledger.#tick();
    await ledger.flush();
    return ledger;
  }

  private constructor(file: LineFile, log: Logger, scheduler: Scheduler, limits: LedgerLimits) {
    this.#file = file;
    this.#log = log;
    this.#scheduler = scheduler;
    this.#limits = limits;
    this.#accounts = new Accounts(limits.keptSessions);
    this.#compactAt = limits.compactBytes;
  }

  /** A link came up, at this time of the calendar. */
  begin(link: string, at: Date): SessionHandle {
    const now = this.#scheduler.now();
    const time = formatLocal(at);
    const id = this.#accounts.nextId;
    const line: SessionLine = { type: 'session', id, link, begin: time, at: time, rxBytes: 0, txBytes: 0, seconds: 0 };
    const session: OpenSession = { line, begunAt: now, written: line, writtenAt: now };
    this.#open.set(id, session);
    this.#accounts.apply(line);
    this.#put(session);
    this.#write();
    return {
      count: (rxBytes, txBytes) => {
        for (const octets of [rxBytes, txBytes]) {
          if (!Number.isSafeInteger(octets) || octets < 0) throw new Error(`not a number of octets: ${octets}`);
        }
        const { line: before } = session;
        const counted = { rxBytes: Math.max(rxBytes, before.rxBytes), txBytes: Math.max(txBytes, before.txBytes) };
        if (this.#open.has(id)) this.#advance(session, counted);
      },
      end: (why) => {
        if (this.#open.has(id)) this.#end(session, why);
      },
    };
  }

  /** The last sessions, newest first; open ones as they stand now. */
  history(link: string | undefined, limit: number): Session[] {
    this.#advanceAll();
    return this.#accounts.history(link, limit);
  }

  /** Calendar months in local time, oldest first; the present one as it stands now. */
  totals(link: string): MonthTotals[] {
    this.#advanceAll();
    return this.#accounts.totals(link);
  }

  /** Octets of both directions in this calendar month: what a quota is held against. */
  usedBytes(link: string): number {
    const month = monthOf(formatLocal(this.#scheduler.date()));
    const totals = this.#accounts.totals(link).find((one) => one.month === month);
    return totals === undefined ? 0 : totals.rxBytes + totals.txBytes;
  }

  /** Waits until everything put down so far is in the file, or was refused. */
  async flush(): Promise<void> {
    this.#write();
    await this.#writing;
  }

  /** Ends the sessions that are still open with this cause, and writes what there is. Nothing may follow. */
  async close(why: Cause = cause('shutdown')): Promise<void> {
    this.#timer?.cancel();
    for (const session of [...this.#open.values()]) this.#end(session, why);
    await this.flush();
    if (this.#refused) this.#log.error({ file: this.#file.path }, 'accounting: what could not be written is lost');
    await this.#file.close();
  }

  async #load(texts: readonly string[]): Promise<void> {
    const lines = texts.map(parseLine);
    const [first] = lines;
    if (first?.type === 'header' && first.version > header.version) {
      const aside = `${this.#file.path}.v${first.version}`;
      await this.#file.setAside(aside);
      this.#log.warn({ file: aside }, 'accounting: the file is of a newer linkd; it was set aside and a new one begun');
      return;
    }
    for (const line of lines) if (line !== undefined) this.#accounts.apply(line);
    const corrupt = lines.flatMap((line, i) => (line === undefined ? [i + 1] : []));
    if (corrupt.length > 0) {
      const fields = { file: this.#file.path, lines: corrupt.slice(0, 10), count: corrupt.length };
      this.#log.warn(fields, 'accounting: lines that cannot be read were skipped');
    }
    for (const line of this.#accounts.open()) {
      const closed = { ...line, cause: 'crash' };
      this.#accounts.apply(closed);
      this.#waiting.push(formatLine(closed));
    }
  }

  /** Brings a session's time up to now, with what has changed. */
  #advance(session: OpenSession, change: Partial<SessionLine> = {}): void {
    const { line, begunAt } = session;
    const at = formatLocal(this.#scheduler.date());
    const seconds = Math.floor((this.#scheduler.now() - begunAt) / 1000);
    // The file must know what belongs to the month that is over.
    if (monthOf(at) !== monthOf(line.at)) this.#put(session);
    session.line = { ...line, ...change, at, seconds };
    this.#accounts.apply(session.line);
  }

  #advanceAll(): void {
    for (const session of this.#open.values()) this.#advance(session);
  }

  #end(session: OpenSession, why: Cause): void {
    const detail = why.detail?.slice(0, longestDetail);
    this.#advance(session, { cause: why.code, ...(detail === undefined ? {} : { detail }) });
    this.#open.delete(session.line.id);
    this.#put(session);
    this.#write();
  }

  #put(session: OpenSession): void {
    session.written = session.line;
    session.writtenAt = this.#scheduler.now();
    this.#waiting.push(formatLine(session.line));
    if (this.#waiting.length <= this.#limits.waitingLines) return;
    this.#waiting = [];
    this.#mustRewrite = true;
  }

  #tick(): void {
    const { checkpointMs, idleCheckpointMs } = this.#limits;
    const now = this.#scheduler.now();
    this.#advanceAll();
    for (const session of this.#open.values()) {
      const { line, written, writtenAt } = session;
      const changed = line.rxBytes !== written.rxBytes || line.txBytes !== written.txBytes;
      if (changed || now - writtenAt >= idleCheckpointMs) this.#put(session);
    }
    this.#write();
    this.#timer = this.#scheduler.after(checkpointMs, () => {
      this.#tick();
    });
  }

  /** Sets the writing going, unless it is. */
  #write(): void {
    if (this.#writing === undefined && this.#isBehind) this.#writing = this.#writeAll();
  }

  get #isBehind(): boolean {
    return this.#waiting.length > 0 || this.#mustRewrite;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#isBehind) {
        const batch = this.#waiting.slice();
        const text = batch.join('');
        // The accounts hold what waits as well.
        if (!(await this.#compacted(this.#file.size + text.length))) await this.#append(text);
        this.#waiting.splice(0, batch.length);
      }
      if (this.#refused) this.#log.info({ file: this.#file.path }, 'accounting is written again');
      this.#refused = false;
    } catch (error) {
      if (!this.#refused) this.#log.warn({ err: error }, `accounting goes on in memory only: ${messageOf(error)}`);
      this.#refused = true;
    } finally {
      this.#writing = undefined; // At once: what is put down from now on needs another run.
    }
  }

  async #append(text: string): Promise<void> {
    await this.#file.append(this.#file.size === 0 ? formatLine(header) + text : text);
  }

  /** Rewrites the file when it would become too large (`size`), or after a refusal; true when it did. */
  async #compacted(size: number): Promise<boolean> {
    const must = this.#mustRewrite;
    // After a refusal much may wait; rewritten, it takes the least room.
    if (!must && !this.#refused && size <= this.#compactAt) return false;
    this.#mustRewrite = false; // What is put down meanwhile may ask for it again.
    try {
      await this.#file.replace(this.#accounts.lines().map(formatLine).join(''));
      this.#compactAt = Math.max(this.#limits.compactBytes, 2 * this.#file.size);
      return true;
    } catch (error) {
      this.#mustRewrite ||= must;
      if (must) throw error;
      // There may be room for a line where there is none for a second file.
      this.#compactAt = 2 * size;
      this.#log.debug({ err: error }, 'accounting: the file could not be rewritten');
      return false;
    }
  }
}
