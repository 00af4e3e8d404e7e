/**
 * Network state of all links: compares what is wanted with what is there and applies the difference. Used by the links'
 * lives on the main thread; the way is wanted.ts → plan.ts → kernel.ts.
 *
 * The TUN interface stays while its link is down, so that firewall rules and monitoring keep it; but it is set down, and
 * has no address and no routes of ours.
 */
import { OpError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { Kernel } from './kernel.js';
import type { ObservedInterface } from './observed.js';
import { describe, planDown, planSweep, planUp, type Operation } from './plan.js';
import { gone } from './remedy.js';
import type { WantedInterface } from './wanted.js';

export class Network {
  readonly #kernel: Kernel;
  readonly #log: Logger;
  /** The end of the queue: everything runs one after the other, in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** For the network namespace of this process. Throws an OpError when the system gives no netlink socket. */
  constructor(log: Logger) {
    this.#kernel = new Kernel(log);
    this.#log = log;
  }

  /**
   * Makes the interface as wanted; after an earlier `up`, applies the difference. Rejects with an OpError at the first
   * refusal, but a refused route does not keep out the other routes. A route that another program has is refused, never
   * replaced. What was installed stays: `down` takes it back.
   */
  up(wanted: WantedInterface): Promise<void> {
    const { name } = wanted;
    return this.#enqueue(async () => {
      const observed = await this.#kernel.observe(name);
      if (observed === undefined) throw new OpError('set up', `the interface ${name}`, 'it does not exist', gone(name));
      const refused: OpError[] = [];
      for (const operation of planUp(wanted, observed)) {
        try {
          await this.#apply(operation, observed);
        } catch (error) {
          if (operation.kind !== 'add-route' || !(error instanceof OpError)) throw error;
          refused.push(error);
        }
      }
      const [first, ...others] = refused;
      for (const error of others) this.#log.warn({ interface: name }, error.message);
      if (first !== undefined) throw first;
    });
  }

  /** Sets the interface down and takes our addresses and routes from it. Nothing to do is fine, and so is no interface. */
  down(name: string): Promise<void> {
    return this.#enqueue(() => this.#run(name, planDown));
  }

  /**
   * At start: deletes the routes that a crashed linkd left on these interfaces, where one outlived it (a persistent TUN).
   * Other interfaces are left alone, as their routes may be another daemon's; and with an interface that is gone the
   * kernel has dropped its routes.
   */
  sweep(names: readonly string[]): Promise<void> {
    return this.#enqueue(async () => {
      for (const name of names) await this.#run(name, planSweep);
    });
  }

  /** Ends when what was asked for is done; a later call is a mistake. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    void this.#last.finally(() => {
      this.#kernel.close();
    });
  }

  async #run(name: string, plan: (name: string, observed: ObservedInterface) => Operation[]): Promise<void> {
    const observed = await this.#kernel.observe(name);
    if (observed === undefined) return;
    for (const operation of plan(name, observed)) await this.#apply(operation, observed);
  }

  async #apply(operation: Operation, { index }: ObservedInterface): Promise<void> {
    this.#log.debug({ interface: operation.name, command: describe(operation) }, 'changing network state');
    await this.#kernel.apply(operation, index);
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('the network was closed'));
    const done = this.#last.then(task);
    // The caller sees the failure; the next in the queue starts all the same.
    this.#last = done.catch(() => undefined);
    return done;
  }
}
