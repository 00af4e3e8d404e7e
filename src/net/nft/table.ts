/**
 * linkd's own table in nftables, `table inet linkd`: all that the links want of the packet filter stands there, and no
 * other table is touched. Used on the main thread; the way is render.ts → ruleset.ts → program.ts.
 *
 * A change replaces the whole table in one transaction of the kernel: a packet meets the old rules or the new ones, and
 * connections that are known to the kernel live on. The counters are carried over. Without a filter that needs it there is
 * no table, and nft need not be installed.
 */
import { createHash } from 'node:crypto';
import { OpError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import type { DropCounters, LinkFilter } from './filter.js';
import { dropsByLink, normalize, readCounts } from './listing.js';
import { NFT_TIMEOUT_MS, runNft, type NftAnswer, type NftRefusal } from './program.js';
import { rulesetOf } from './render.js';
import { diff, isEmpty, removalOf, scriptOf, statementsIn, statementsOf, type Count, type Ruleset } from './ruleset.js';

export interface NftTableOptions {
  readonly log: Logger;
  /** The table's name: a letter, then letters, digits, `_` and `-`. */
  readonly table?: string;
  /** How nft is called; anything before it must run it (`ip netns exec NAME nft`). */
  readonly command?: readonly string[];
  /** How long one call of nft may take. */
  readonly timeoutMs?: number;
}

/** What should be there: `unknown` until the first call has seen to it. */
type Expected =
  | { readonly kind: 'unknown' | 'nothing' }
  | { readonly kind: 'table'; readonly ruleset: Ruleset; readonly script: string; readonly hash: string | undefined };

export class NftTable {
  readonly #log: Logger;
  readonly #table: string;
  readonly #command: readonly string[];
  readonly #timeoutMs: number;
  #expected: Expected = { kind: 'unknown' };
  /** The end of the queue: everything runs one after the other, in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve();

  /** For the network namespace of this process. Throws on a name that nft could take for something else. */
  constructor({ log, table = 'linkd', command = ['nft'], timeoutMs = NFT_TIMEOUT_MS }: NftTableOptions) {
    if (!/^[A-Za-z][\w-]{0,31}$/.test(table)) throw new Error(`not a table's name: ${table}`);
    this.#log = log;
    this.#table = table;
    this.#command = command;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Makes the table as these filters want it, and removes it when they want nothing. Does nothing when it is so already;
   * puts back what another program has changed. Rejects with an OpError when nft is missing or refuses, and then all is as
   * it was; with an Error on filters that are a caller's mistake (see `rulesetOf`).
   */
  apply(filters: readonly LinkFilter[]): Promise<void> {
    return this.#enqueue(async () => {
      const ruleset = rulesetOf(filters);
      if (isEmpty(ruleset)) await this.#remove();
      else await this.#replace(ruleset);
    });
  }

  /** Takes the table away, also one that an earlier linkd left. Nothing there is fine. */
  remove(): Promise<void> {
    return this.#enqueue(() => this.#remove());
  }

  /**
   * What the table has and what `apply` would change, a line each: `  rule …` stays, `+ nft add rule …` comes,
   * `- nft delete rule …` goes. No line begins with + or - when nothing would change. Rejects as `apply` does.
   */
  plan(filters: readonly LinkFilter[]): Promise<readonly string[]> {
    return this.#enqueue(async () => {
      const wanted = statementsOf(this.#table, rulesetOf(filters));
      if (wanted.length === 0 && this.#expected.kind === 'nothing') return [];
      return diff(await this.#statements(wanted.length > 0), wanted);
    });
  }

  /**
   * False when another program has removed or changed the table since `apply`; true when nothing was applied yet. One call
   * of nft, which takes some 10 ms; none when no table is wanted. Rejects with an OpError when nft can't tell.
   */
  intact(): Promise<boolean> {
    return this.#enqueue(() => this.#intact());
  }

  /** The packets that were dropped since the table was first made, by link; changes and redials don't reset them. */
  counters(): Promise<Readonly<Record<string, DropCounters>>> {
    return this.#enqueue(async () => (this.#expected.kind === 'nothing' ? {} : dropsByLink(await this.#counts())));
  }

  async #replace(ruleset: Ruleset): Promise<void> {
    const script = scriptOf(this.#table, ruleset);
    const expected = this.#expected;
    if (expected.kind === 'table' && expected.script === script && (await this.#intact())) return;
    const counts = await this.#counts();
    await this.#change(scriptOf(this.#table, ruleset, counts));
    this.#expected = { kind: 'table', ruleset, script, hash: await this.#hash() };
    this.#log.debug(
      { table: this.#table, statements: statementsOf(this.#table, ruleset) },
      'changed the packet filter',
    );
  }

  async #remove(): Promise<void> {
    if (this.#expected.kind === 'nothing') return;
    const isOurs = this.#expected.kind === 'table';
    const listed = await this.#run(['list', 'table', 'inet', this.#table]);
    if (!isOurs && !listed.ok && (listed.why === 'missing' || listed.why === 'denied')) {
      // Nothing is wanted of nft, so its absence is no failure; and who may not look has left nothing behind either.
      this.#log.debug({ table: this.#table, reason: listed.message }, 'left the packet filter alone');
    } else if (listed.ok) await this.#change(removalOf(this.#table));
    else if (listed.why !== 'absent') throw this.#failure('read', listed);
    this.#expected = { kind: 'nothing' };
  }

  async #intact(): Promise<boolean> {
    const expected = this.#expected;
    return expected.kind !== 'table' || (expected.hash !== undefined && expected.hash === (await this.#hash()));
  }

  /** What is there now. Our own text of it when it is intact: versions of nft print some things differently. */
  async #statements(needsNft: boolean): Promise<readonly string[]> {
    const expected = this.#expected;
    if (expected.kind === 'table' && (await this.#intact())) return statementsOf(this.#table, expected.ruleset);
    const answer = await this.#run(['-s', '-p', 'list', 'table', 'inet', this.#table]);
    if (!answer.ok && !needsNft && answer.why === 'missing') return [];
    return statementsIn(this.#table, this.#listed(answer) ?? '');
  }

  async #hash(): Promise<string | undefined> {
    const listing = this.#listed(await this.#run(['-j', 'list', 'table', 'inet', this.#table]));
    return listing === undefined ? undefined : createHash('sha256').update(normalize(listing)).digest('hex');
  }

  async #counts(): Promise<Map<string, Count>> {
    const listing = this.#listed(await this.#run(['-j', 'list', 'counters', 'table', 'inet', this.#table]));
    return listing === undefined ? new Map() : readCounts(listing);
  }

  /** Undefined when there is no such table. */
  #listed(answer: NftAnswer): string | undefined {
    if (answer.ok) return answer.output;
    if (answer.why === 'absent') return undefined;
    throw this.#failure('read', answer);
  }

  async #change(script: string): Promise<void> {
    const answer = await this.#run(['-f', '-'], script);
    if (!answer.ok) throw this.#failure('change', answer);
  }

  #run(args: readonly string[], input = ''): Promise<NftAnswer> {
    return runNft({ command: this.#command, args, input, timeoutMs: this.#timeoutMs });
  }

  #failure(op: 'read' | 'change', { why, message }: NftRefusal): OpError {
    const cause = Object.assign(new Error(message), { code: codes[why] });
    return new OpError(op, `the nftables table inet ${this.#table}`, cause, remedies[why]);
  }

  #enqueue<Result>(task: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(task);
    // The caller sees the failure; the next in the queue starts all the same.
    this.#last = done.catch(() => undefined);
    return done;
  }
}

const codes = {
  missing: 'ENOENT',
  denied: 'EPERM',
  absent: undefined,
  timeout: 'ETIMEDOUT',
  refused: undefined,
} as const;

const KERNEL = 'The kernel may lack a module that this needs: see `lsmod` and the log of the kernel';

const remedies: Readonly<Record<NftRefusal['why'], string>> = {
  missing: 'Install nftables (on Debian: apt-get install nftables)',
  denied:
    'linkd needs CAP_NET_ADMIN, and as an ambient capability, so that nft has it too: run it as a service, or as root',
  absent: KERNEL,
  timeout: 'Another program may be changing a very large ruleset: see `nft list ruleset`',
  refused: KERNEL,
};
