/** What the tests of the ledger share: a clock that can be set, a log that is kept, the ledger in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { LogFields, Logger } from '../../src/base/log.js';
import { Ledger, type LedgerLimits } from '../../src/accounting/ledger.js';
import { VirtualScheduler } from '../support/virtual-scheduler.js';

/** A virtual clock whose calendar can be set apart. */
export class Clock extends VirtualScheduler {
  #offset = 0;

  override date(): Date {
    return new Date(super.date().getTime() + this.#offset);
  }

  /** Sets the calendar; time goes on from there. */
  set(date: Date | string): void {
    this.#offset += new Date(date).getTime() - this.date().getTime();
  }
}

export class KeptLog implements Logger {
  readonly lines: string[] = [];

  debug(_fields: LogFields, message: string): void {
    this.lines.push(`debug ${message}`);
  }
  info(_fields: LogFields, message: string): void {
    this.lines.push(`info ${message}`);
  }
  warn(_fields: LogFields, message: string): void {
    this.lines.push(`warn ${message}`);
  }
  error(_fields: LogFields, message: string): void {
    this.lines.push(`error ${message}`);
  }

  /** Warnings and worse. */
  get complaints(): string[] {
    return this.lines.filter((line) => /^(warn|error) /.test(line));
  }
}

export function tempDir(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'linkd-accounting-'));
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Everything of one test; what it opened is closed and removed after it. */
export class Desk {
  readonly folder: string;
  readonly path: string;
  readonly clock = new Clock();
  readonly log = new KeptLog();
  readonly #ledgers: Ledger[] = [];

  constructor(t: TestContext) {
    const dir = tempDir();
    this.folder = dir.path;
    this.path = join(dir.path, 'state', 'accounting.jsonl');
    t.after(async () => {
      for (const ledger of this.#ledgers) await ledger.close();
      dir.remove();
    });
  }

  async open(limits: Partial<LedgerLimits> = {}, path = this.path): Promise<Ledger> {
    const ledger = await Ledger.open(path, { log: this.log, scheduler: this.clock, limits });
    this.#ledgers.push(ledger);
    return ledger;
  }
}

/** Runs with the time zone of a place, and puts the old one back. */
export function inZone<T>(zone: string, run: () => T): T {
  const before = process.env['TZ'];
  process.env['TZ'] = zone;
  try {
    return run();
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
}
