/**
 * Keeps what the links want while other programs change the system's network: what they take away is put back, a few times
 * a minute at most, and after a pause again.
 */
import type { Scheduler, Timer } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { opError, type Applier } from './applier.js';
import type { Fights } from './fights.js';
import { interestsOf } from './interests.js';
import type { Wish } from './machine.js';
import { Monitor } from './monitor.js';
import { interfaceNamed, type Observed } from './observed.js';
import { describe, subjectOf, type Operation } from './operation.js';
import { planUp } from './plan.js';

export interface KeptLink extends Wish {
  /** Routes that the kernel refused, by their command. */
  readonly blocked: Map<string, Operation>;
}

export interface KeeperParts {
  readonly applier: Applier;
  readonly fights: Fights;
  readonly log: Logger;
  readonly scheduler: Scheduler;
  /** Runs a task when nothing else is under way. */
  enqueue(task: () => Promise<void>): Promise<void>;
}

export class Keeper {
  readonly #links: ReadonlyMap<string, KeptLink>;
  readonly #parts: KeeperParts;
  #monitor: Monitor | undefined;
  /** The neighbour proxies as they were at last. */
  #proxies = '';
  /** Checks that are in the queue. */
  readonly #queued = new Set<'system' | 'filter' | 'proxies'>();
  readonly #rechecks = new Set<Timer>();

  /** Of these links, as they are at any time. */
  constructor(links: ReadonlyMap<string, KeptLink>, parts: KeeperParts) {
    this.#links = links;
    this.#parts = parts;
  }

  /** From now on changes by others are noticed. */
  watch(observed: Observed): void {
    const wishes = this.#wishes;
    const blocked = wishes.flatMap((link) => [...link.blocked.values()]);
    const interests = interestsOf(wishes, blocked, observed);
    if (this.#monitor !== undefined) this.#monitor.interests = interests;
    this.#monitor ??= new Monitor(interests, {
      log: this.#parts.log,
      scheduler: this.#parts.scheduler,
      ownPort: this.#parts.applier.kernel.port,
      changed: () => {
        this.#queue('system', () => this.#check());
      },
      filterChanged: () => {
        this.#queue('filter', () => this.#checkFilter());
      },
      pollProxies: () => {
        this.#queue('proxies', () => this.#pollProxies());
      },
    });
  }

  /** The interface is another's by now, or its link starts anew. */
  forget(name: string): void {
    this.#parts.fights.forget(name);
  }

  close(): void {
    this.#monitor?.close();
    for (const timer of this.#rechecks) timer.cancel();
  }

  get #wishes(): KeptLink[] {
    return [...this.#links.values()];
  }

  /** Work that nobody waits for. */
  #queue(what: 'system' | 'filter' | 'proxies', task: () => Promise<void>): void {
    if (this.#queued.has(what)) return;
    this.#queued.add(what);
    const done = this.#parts.enqueue(() => {
      this.#queued.delete(what);
      return task();
    });
    done.catch((error: unknown) => {
      this.#parts.log.warn({ error: messageOf(error) }, "the system's network could not be looked after");
    });
  }

  /** Puts back what another program took away. */
  async #check(): Promise<void> {
    const observed = await this.#parts.applier.observe(this.#wishes);
    for (const link of this.#wishes) await this.#checkLink(link, observed);
    const plan = this.#parts.applier.plan(this.#wishes, observed);
    const verdicts = new Map<string, boolean>();
    const allowed = plan.operations.filter((operation) => {
      const subject = subjectOf(operation);
      const verdict = verdicts.get(subject) ?? this.#mayRestore(subject);
      verdicts.set(subject, verdict);
      return verdict;
    });
    this.#tellRestored(allowed);
    const { refused } = await this.#parts.applier.around(this.#wishes, observed, {
      plan: { ...plan, operations: allowed },
    });
    for (const error of refused) this.#parts.log.warn({}, error.message);
    this.watch(observed);
  }

  async #checkLink({ wanted, blocked }: KeptLink, observed: Observed): Promise<void> {
    if (wanted === undefined) return;
    const one = interfaceNamed(observed, wanted.name);
    if (one === undefined) return;
    const plan = planUp(wanted, one);
    for (const operation of plan.filter((one) => blocked.has(describe(one)))) {
      await this.#retry(operation, observed, blocked);
    }
    const missing = plan.filter((one) => !blocked.has(describe(one)));
    if (missing.length === 0 || !this.#mayRestore(wanted.name)) return;
    this.#tellRestored(missing);
    try {
      const refused = await this.#parts.applier.install(wanted, this.#wishes, observed, blocked);
      for (const error of refused) this.#parts.log.warn({ interface: wanted.name }, error.message);
    } catch (error) {
      this.#parts.log.warn({ interface: wanted.name }, opError(error).message);
    }
  }

  /** A route that was refused: what was in the way may be gone. */
  async #retry(operation: Operation, observed: Observed, blocked: Map<string, Operation>): Promise<void> {
    try {
      await this.#parts.applier.apply(operation, observed);
    } catch (error) {
      this.#parts.log.debug({}, opError(error).message);
      return;
    }
    blocked.delete(describe(operation));
    this.#parts.log.info({ command: describe(operation) }, 'a route that was refused before is in now');
  }

  async #checkFilter(): Promise<void> {
    if ((await this.#parts.applier.nft.intact()) || !this.#mayRestore('the packet filter')) return;
    this.#parts.log.warn({}, 'another program changed the packet filter of linkd; it is put back');
    const refused = await this.#parts.applier.filter(this.#wishes);
    if (refused !== undefined) this.#parts.log.warn({}, refused.message);
  }

  async #pollProxies(): Promise<void> {
    const proxies = JSON.stringify(await this.#parts.applier.kernel.observeProxies());
    if (proxies === this.#proxies) return;
    this.#proxies = proxies;
    await this.#check();
  }

  #mayRestore(subject: string): boolean {
    const verdict = this.#parts.fights.judge(subject, this.#parts.scheduler.now());
    if (verdict === 'give-up') {
      const { times, withinMs, pauseMs } = this.#parts.fights.limits;
      const often = `${times + 1} times within ${withinMs / 1000} s`;
      this.#parts.log.warn(
        { subject },
        `another program changes ${subject} again and again (${often}): left alone for ${pauseMs / 1000} s`,
      );
      const timer = this.#parts.scheduler.after(pauseMs, () => {
        this.#rechecks.delete(timer);
        this.#queue('system', () => this.#check());
        this.#queue('filter', () => this.#checkFilter());
      });
      this.#rechecks.add(timer);
    }
    return verdict === 'restore';
  }

  #tellRestored(operations: readonly Operation[]): void {
    if (operations.length === 0) return;
    this.#parts.log.warn(
      { commands: operations.map(describe) },
      "another program changed the system's network; it is put right",
    );
  }
}
