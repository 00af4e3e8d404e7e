/**
 * Network state of all links: compares what is wanted with what is there and applies the difference, keeps it so while the
 * links are up, and takes it back. Used by the links' lives on the main thread; the way is wanted.ts → plan.ts and
 * machine.ts → kernel.ts.
 *
 * The TUN interface stays while its link is down, so that firewall rules and monitoring keep it; but it is set down, and
 * has no address and no routes of ours. What outlasts the redial as well: unreachable routes and the firewall.
 */
import type { Scheduler } from '../base/clock.js';
import { OpError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { Applier, filtersOf, isWithoutRoutes } from './applier.js';
import { Fights, type FightLimits } from './fights.js';
import { Keeper, type KeptLink } from './keeper.js';
import type { Wish } from './machine.js';
import { interfaceNamed, type TableRoute } from './observed.js';
import type { Operation } from './operation.js';
import { planSweep, planUp } from './plan.js';
import { gone } from './remedy.js';
import { linesOfPlan } from './report.js';
import { takeSnapshot, type Snapshot } from './snapshot.js';
import type { Outlasting, WantedInterface } from './wanted.js';

export interface NetworkOptions {
  readonly log: Logger;
  readonly scheduler: Scheduler;
  /** Where `net.json` is kept, for what has to be put back after a crash; it must exist. */
  readonly stateDir: string;
  readonly fights?: FightLimits;
}

export interface UpResult {
  /** What the system refused; the rest stands. */
  readonly refused: readonly OpError[];
  /** What stands and is of no use as it is, as sentences. */
  readonly warnings: readonly string[];
}

export class Network {
  readonly #applier: Applier;
  readonly #log: Logger;
  readonly #keeper: Keeper;
  readonly #links = new Map<string, KeptLink>();
  /** The end of the queue: everything runs one after the other, in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** For the network namespace of this process. Throws an OpError when the system gives no netlink socket. */
  constructor({ log, scheduler, stateDir, fights }: NetworkOptions) {
    this.#applier = new Applier(stateDir, log);
    this.#log = log;
    this.#keeper = new Keeper(this.#links, {
      applier: this.#applier,
      fights: new Fights(fights),
      log,
      scheduler,
      enqueue: (task) => (this.#closed ? Promise.resolve() : this.#enqueue(task)),
    });
  }

  /**
   * Makes everything as wanted; after an earlier `up`, applies the difference. From then on what another program takes
   * away is put back. A route that another program has is refused, never replaced. Rejects with an OpError when the link
   * would be of no use: without its address, its firewall, or any of its routes. What was installed stays: `down` takes
   * it back.
   */
  up(wanted: WantedInterface): Promise<UpResult> {
    const { name } = wanted;
    return this.#enqueue(async () => {
      const wishes = this.#wishesWith(name, { outlasting: wanted, wanted });
      const observed = await this.#applier.observe(wishes);
      const one = interfaceNamed(observed, name);
      if (one === undefined) throw new OpError('set up', `the interface ${name}`, 'it does not exist', gone(name));
      planUp(wanted, one); // A caller's mistake throws before anything is touched.
      const link: KeptLink = { outlasting: wanted, wanted, blocked: new Map() };
      this.#links.set(name, link);
      const filter = await this.#applier.filter(this.#wishes);
      if (filter !== undefined && (wanted.filter?.firewall !== undefined || wanted.filter?.antiSpoof === true))
        throw filter;
      const around = await this.#applier.around(this.#wishes, observed, { name });
      const routes = await this.#applier.install(wanted, wishes, observed, link.blocked);
      this.#keeper.watch(observed);
      const [first] = routes;
      if (first !== undefined && isWithoutRoutes(wanted, routes)) throw first;
      return {
        refused: [...(filter === undefined ? [] : [filter]), ...routes, ...around.refused],
        warnings: around.warnings,
      };
    });
  }

  /** What stands for a link that is not up, from before its first `up`. Rejects with an OpError when its firewall can't. */
  hold(outlasting: Outlasting): Promise<UpResult> {
    return this.#enqueue(async () => {
      const { name } = outlasting;
      const present = this.#links.get(name);
      this.#links.set(name, {
        outlasting,
        wanted: present?.wanted,
        blocked: present?.blocked ?? new Map<string, Operation>(),
      });
      const filter = await this.#applier.filter(this.#wishes);
      if (filter !== undefined && (outlasting.filter?.firewall ?? outlasting.filter?.antiSpoof)) throw filter;
      const observed = await this.#applier.observe(this.#wishes);
      const around = await this.#applier.around(this.#wishes, observed, { name });
      this.#keeper.watch(observed);
      return { refused: around.refused, warnings: [] };
    });
  }

  /**
   * Sets the interface down and takes back what came with `up`, but not what outlasts the redial. Nothing to do is fine,
   * and so is no interface.
   */
  down(name: string): Promise<void> {
    return this.#enqueue(() => {
      const outlasting = this.#links.get(name)?.outlasting;
      return this.#leave(name, outlasting === undefined ? undefined : { outlasting, wanted: undefined });
    });
  }

  /** As `down`, and takes back what outlasts the redial as well: the link is no more, or linkd ends. */
  release(name: string): Promise<void> {
    return this.#enqueue(() => this.#leave(name, undefined));
  }

  /**
   * At start, before any `up`: takes away what a crashed linkd left: its routes on these interfaces, where one outlived it
   * (a persistent TUN); its unreachable routes, neighbour proxies and packet filter; and puts back what it changed of
   * others'. What `held` wants stays, without a gap; and what `up` wants, of links that an earlier process hands on as they
   * are. Other interfaces are left alone: their routes may be another daemon's.
   */
  sweep(
    names: readonly string[],
    held: readonly Outlasting[] = [],
    up: readonly WantedInterface[] = [],
  ): Promise<void> {
    return this.#enqueue(async () => {
      for (const outlasting of held) {
        this.#links.set(outlasting.name, { outlasting, wanted: undefined, blocked: new Map() });
      }
      for (const wanted of up) this.#links.set(wanted.name, { outlasting: wanted, wanted, blocked: new Map() });
      const filter = await this.#applier.filter(this.#wishes);
      const observed = await this.#applier.observe(this.#wishes);
      for (const name of names.filter((each) => !up.some((wanted) => wanted.name === each))) {
        const one = interfaceNamed(observed, name);
        const left = one === undefined ? [] : planSweep(name, one);
        for (const operation of left) await this.#applier.apply(operation, observed);
      }
      const { refused } = await this.#applier.around(this.#wishes, observed);
      if (this.#links.size > 0) this.#keeper.watch(observed);
      this.#reject([...(filter === undefined ? [] : [filter]), ...refused]);
    });
  }

  /**
   * What is, and what `up` would change, as commands: what is in place already as a comment, so that the whole is a script
   * which makes the difference. What can't be done is a comment as well.
   */
  plan(wanted: WantedInterface): Promise<string[]> {
    return this.#enqueue(async () => {
      const wishes = this.#wishesWith(wanted.name, { outlasting: wanted, wanted });
      const observed = await this.#applier.observe(wishes);
      const lines = linesOfPlan(wanted, {
        observed,
        machine: this.#applier.plan(wishes, observed),
        untouched: this.#applier.untouched(observed),
      });
      return [...lines, ...(await this.#applier.nft.plan(filtersOf(wishes))).map(asCommand)];
    });
  }

  /** The routes of all programs in all tables but the kernel's own. Those with protocol 108 are linkd's. */
  routes(): Promise<TableRoute[]> {
    return this.#enqueue(() => this.#applier.kernel.routes());
  }

  /** All that the cross-checks (`checks.ts`) look at. */
  snapshot(): Promise<Snapshot> {
    return this.#enqueue(() => takeSnapshot(this.#applier.kernel));
  }

  /** What the packet filter dropped, by link. */
  drops(): ReturnType<Applier['nft']['counters']> {
    return this.#applier.nft.counters();
  }

  /** Ends when what was asked for is done, and resolves then; a later call is a mistake. Safe to call twice. */
  async close(): Promise<void> {
    const isFirst = !this.#closed;
    this.#closed = true;
    await this.#last;
    if (!isFirst) return;
    this.#keeper.close();
    this.#applier.close();
  }

  get #wishes(): KeptLink[] {
    return [...this.#links.values()];
  }

  #wishesWith(name: string, wish: Wish): Wish[] {
    return [...this.#wishes.filter(({ outlasting }) => outlasting.name !== name), wish];
  }

  async #leave(name: string, remaining: Wish | undefined): Promise<void> {
    if (remaining === undefined) this.#links.delete(name);
    else this.#links.set(name, { ...remaining, blocked: new Map() });
    this.#keeper.forget(name);
    const observed = await this.#applier.observe(this.#wishes);
    await this.#applier.uninstall(name, observed);
    const { refused } = await this.#applier.around(this.#wishes, observed, { name });
    const filter = await this.#applier.filter(this.#wishes);
    this.#keeper.watch(observed);
    this.#reject([...refused, ...(filter === undefined ? [] : [filter])]);
  }

  /** The first refusal is the caller's, the others are for the log. */
  #reject([first, ...others]: readonly OpError[]): void {
    for (const error of others) this.#log.warn({}, error.message);
    if (first !== undefined) throw first;
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the network was closed'));
    const done = this.#last.then(task);
    // The caller sees the failure; the next in the queue starts all the same.
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** A line of the packet filter's plan in the notation of the others: what is in place is a comment, the rest a command. */
function asCommand(line: string): string {
  return line.startsWith('  ') ? `# in place: ${line.trim()}` : line.replace(/^[+-] /, '');
}
