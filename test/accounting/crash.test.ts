/** Crashes: a file cut off at any octet, and a process killed at any moment. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { cause } from '../../src/base/cause.js';
import { Ledger, type SessionHandle } from '../../src/accounting/ledger.js';
import { systemScheduler } from '../../src/link/scheduler.js';
import { Child } from '../support/process.js';
import { fractions, seededRandom } from '../support/random.js';
import { Clock, KeptLog, tempDir } from './rig.js';

const links = ['a', 'b'];
const limits = { compactBytes: 3000, keptSessions: 2 };
const checkpointMs = 10_000;

type Step =
  | { readonly kind: 'begin' | 'end'; readonly link: string }
  | { readonly kind: 'count'; readonly link: string; readonly octets: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'jump'; readonly days: number }
  /** Of the file, so much of what may be lost is there. */
  | { readonly kind: 'crash'; readonly part: number };

const link = fc.constantFrom(...links);
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('begin' as const, 'end' as const), link }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('count' as const), link, octets: fc.nat({ max: 1000 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat({ max: 30_000 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('jump' as const), days: fc.integer({ min: -70, max: 70 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('crash' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    },
  ),
  { minLength: 10, maxLength: 80 },
);

/** A ledger whose every step is compared with plain sums. */
class Trial {
  readonly clock = new Clock();
  readonly log = new KeptLog();
  readonly #folder: string;
  readonly #ledgers: Ledger[] = [];
  #path = '';
  #open = new Map<string, { handle: SessionHandle; octets: number }>();
  /** Octets and sessions of both links at each time, oldest first. */
  #truth: { at: number; octets: number; sessions: number }[] = [];
  /** The file after each step, since it was last replaced. */
  #files: { inode: number; size: number; at: number }[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    this.#note(0, 0);
  }

  async take(step: Step): Promise<void> {
    const { octets, sessions } = this.#truth.at(-1) ?? assert.fail();
    switch (step.kind) {
      case 'begin':
        if (this.#open.has(step.link)) return;
        this.#open.set(step.link, { handle: this.#ledger.begin(step.link, this.clock.date()), octets: 0 });
        this.#note(octets, sessions + 1);
        break;
      case 'count': {
        const session = this.#open.get(step.link);
        if (session === undefined) return;
        session.octets += step.octets;
        session.handle.count(session.octets, 0);
        this.#note(octets + step.octets, sessions);
        break;
      }
      case 'end':
        this.#open.get(step.link)?.handle.end(cause('peer-dead'));
        this.#open.delete(step.link);
        break;
      case 'pass':
        await this.clock.pass(step.ms);
        break;
      case 'jump':
        this.clock.set(new Date(this.clock.date().getTime() + step.days * 86_400_000));
        break;
      case 'crash':
        await this.#crash(step.part);
        break;
    }
    await this.#ledger.flush();
    this.#remember();
    const { octets: now, sessions: begun } = this.#truth.at(-1) ?? assert.fail();
    assert.deepEqual(sums(this.#ledger), { octets: now, sessions: begun });
  }

  async begin(): Promise<void> {
    this.#path = join(this.#folder, String(this.#ledgers.length), 'ledger');
    await this.#reopen();
  }

  async close(): Promise<void> {
    for (const ledger of this.#ledgers) await ledger.close();
  }

  get #ledger(): Ledger {
    return this.#ledgers.at(-1) ?? assert.fail();
  }

  async #reopen(): Promise<void> {
    this.#ledgers.push(await Ledger.open(this.#path, { log: this.log, scheduler: this.clock, limits }));
  }

  /** What is on the disk is whole up to a sync, and torn anywhere behind it. */
  async #crash(part: number): Promise<void> {
    const [first] = this.#files;
    const last = this.#files.at(-1);
    if (first === undefined || last === undefined) return;
    const cut = first.size + Math.floor(part * (last.size - first.size));
    const octets = readFileSync(this.#path).subarray(0, cut);
    this.#path = join(this.#folder, String(this.#ledgers.length), 'ledger');
    mkdirSync(dirname(this.#path));
    writeFileSync(this.#path, octets);
    // As it goes when a compaction was under way.
    writeFileSync(`${this.#path}.new`, octets.subarray(0, cut / 2));
    await this.#reopen();

    const synced = this.#files.findLast(({ size }) => size <= cut) ?? assert.fail();
    const least = this.#truth.findLast(({ at }) => at <= synced.at - checkpointMs);
    const most = this.#truth.at(-1) ?? assert.fail();
    const found = sums(this.#ledger);
    assert.ok(found.octets >= (least?.octets ?? 0), `${found.octets} octets of ${least?.octets ?? 0} are left`);
    assert.ok(found.octets <= most.octets && found.sessions <= most.sessions, 'more than there was');
    assert.ok(this.#ledger.history(undefined, 99).every((session) => session.cause !== undefined));
    this.#open = new Map();
    this.#truth = [];
    this.#files = [];
    this.#note(found.octets, found.sessions);
  }

  #note(octets: number, sessions: number): void {
    this.#truth.push({ at: this.clock.now(), octets, sessions });
  }

  #remember(): void {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (this.#files.at(-1)?.inode !== found.ino) this.#files = [];
    this.#files.push({ inode: found.ino, size: found.size, at: this.clock.now() });
  }
}

function sums(ledger: Ledger): { octets: number; sessions: number } {
  const months = links.flatMap((name) => ledger.totals(name));
  return {
    octets: months.reduce((all, { rxBytes }) => all + rxBytes, 0),
    sessions: months.reduce((all, { sessions }) => all + sessions, 0),
  };
}

describe('a crash', () => {
  it('loses the last checkpoint interval at most, doubles nothing, and is mended, at any octet of the file', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const folder = tempDir();
        const trial = new Trial(folder.path);
        try {
          await trial.begin();
          for (const step of taken) await trial.take(step);
          assert.deepEqual(trial.log.complaints, []);
        } finally {
          await trial.close();
          folder.remove();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('by kill -9 of a process that writes, thirty times', async (t) => {
    const folder = tempDir();
    t.after(folder.remove);
    const path = join(folder.path, 'ledger');
    const chance = fractions(seededRandom(30));
    let before = 0;
    for (let round = 1; round <= 30; round++) {
      const child = new Child(process.execPath, [join(import.meta.dirname, 'crash-child.js'), path, String(before)]);
      try {
        await child.printed(/counting/, 30_000);
        await sleep(chance() * 150);
      } finally {
        await child.stop('SIGKILL');
      }
      const most = lastNumber(child.stdout, /^count (\d+)\n/gm) ?? before;
      const least = lastNumber(child.stdout, /^synced (\d+)\n/gm) ?? before;
      const log = new KeptLog();
      const ledger = await Ledger.open(path, { log, scheduler: systemScheduler, limits });
      try {
        before = sums(ledger).octets;
        assert.ok(before >= least && before <= most, `round ${round}: ${before} is not in ${least}..${most}`);
        assert.ok(ledger.history(undefined, 99).every((session) => session.cause !== undefined));
        assert.deepEqual(log.complaints, []);
      } finally {
        await ledger.close();
      }
    }
    assert.ok(before > 0);
  });
});

function lastNumber(text: string, pattern: RegExp): number | undefined {
  const found = [...text.matchAll(pattern)].at(-1)?.[1];
  return found === undefined ? undefined : Number(found);
}
