/**
 * Carries out plans: compares with what is there, changes it operation by operation, and collects what was refused. The
 * caller sees to it that only one thing happens at a time.
 */
import { messageOf, OpError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { Kernel } from './kernel.js';
import { lansOf, neighboursOf, planMachine, type MachinePlan, type Wish } from './machine.js';
import { MemoryFile } from './memory.js';
import { NftTable } from './nft/table.js';
import type { LinkFilter } from './nft/filter.js';
import { interfaceNamed, type Observed } from './observed.js';
import { describe, type Operation } from './operation.js';
import { planDown, planUp, wantedRoutes } from './plan.js';
import { switchesToRead, switchesUntouched } from './switches.js';
import type { WantedInterface } from './wanted.js';

/** With an address that goes, the kernel may drop routes that stay wanted: then it is looked at again, at most so often. */
const MOST_ROUNDS = 3;

/** What the machine refused: of a link's wishes, or of something that several may share. */
interface Refusal {
  readonly name: string | undefined;
  readonly error: OpError;
}

interface Scope {
  /** The link that it is about. */
  readonly name?: string;
  /** The plan with part of its operations. */
  readonly plan?: MachinePlan;
}

export interface Around {
  readonly refused: OpError[];
  readonly warnings: string[];
}

export class Applier {
  readonly kernel: Kernel;
  readonly nft: NftTable;
  readonly #memory: MemoryFile;
  readonly #log: Logger;
  /** What the machine refused at last: told once. */
  #standing: ReadonlySet<string> = new Set();

  /** For the network namespace of this process. Throws an OpError when the system gives no netlink socket. */
  constructor(stateDir: string, log: Logger) {
    this.#memory = new MemoryFile(stateDir, log);
    this.kernel = new Kernel(log);
    this.nft = new NftTable({ log });
    this.#log = log;
  }

  /** What there is, as far as it matters to these wishes. */
  observe(wishes: readonly Wish[]): Promise<Observed> {
    const up = wishes.flatMap(({ wanted }) => wanted ?? []);
    return this.kernel.observe((interfaces) => {
      const named = [...neighboursOf(wishes), ...lansOf(up, interfaces)];
      return switchesToRead(up, named, this.#memory.memory.switches);
    });
  }

  plan(wishes: readonly Wish[], observed: Observed): MachinePlan {
    return planMachine(wishes, observed, this.#memory.memory);
  }

  /** What would be there without linkd: for what a plan would be from nothing. */
  untouched(observed: Observed): Observed {
    const { defaults, switches } = this.#memory.memory;
    return {
      ...observed,
      unreachable: [],
      proxies: observed.proxies.filter(({ ours }) => !ours),
      switches: switchesUntouched(observed.switches, switches),
      defaults: observed.defaults.map((route) => {
        const moved = defaults.find((one) => one.raw === route.raw && one.moved.includes(route.metric));
        return moved === undefined ? route : { ...route, metric: moved.metric };
      }),
    };
  }

  /**
   * What lies around the interfaces, for all links; others' state is noted before it is touched. Gives what concerns this
   * link, and what was not refused the last time.
   */
  async around(wishes: readonly Wish[], observed: Observed, scope: Scope = {}): Promise<Around> {
    const whole = this.plan(wishes, observed);
    const plan = scope.plan ?? whole;
    const refusals = await this.#carryOut(plan, observed, plan.operations.length === whole.operations.length);
    const before = this.#standing;
    this.#standing = new Set(refusals.map(({ error }) => error.message));
    const news = refusals.filter(({ name, error }) => isOf(scope, name) || !before.has(error.message));
    return {
      refused: news.map(({ error }) => error),
      warnings: plan.warnings.filter(({ name }) => isOf(scope, name)).map(({ message }) => message),
    };
  }

  /**
   * Makes the interface as wanted. Rejects at the first refusal, but a refused route does not keep out the others: it is
   * added to `blocked`, by its command, and not tried again while it is there.
   */
  async install(
    wanted: WantedInterface,
    wishes: readonly Wish[],
    first: Observed,
    blocked: Map<string, Operation>,
  ): Promise<OpError[]> {
    const refused: OpError[] = [];
    let observed = first;
    for (let round = 1; ; round++) {
      const one = interfaceNamed(observed, wanted.name);
      if (one === undefined) return refused;
      const plan = planUp(wanted, one).filter((operation) => !blocked.has(describe(operation)));
      for (const operation of plan) {
        try {
          await this.apply(operation, observed);
        } catch (error) {
          if (operation.kind !== 'add-route' && operation.kind !== 'change-route') throw error;
          refused.push(opError(error));
          blocked.set(describe(operation), operation);
        }
      }
      if (round === MOST_ROUNDS || !plan.some(({ kind }) => kind === 'delete-address')) return refused;
      observed = await this.observe(wishes);
    }
  }

  /** Takes the link's state from its interface. */
  async uninstall(name: string, observed: Observed): Promise<void> {
    const one = interfaceNamed(observed, name);
    if (one === undefined) return;
    for (const operation of planDown(name, one)) await this.apply(operation, observed);
  }

  /** The packet filter for all links. Gives what the system refused, if anything. */
  async filter(wishes: readonly Wish[]): Promise<OpError | undefined> {
    try {
      await this.nft.apply(filtersOf(wishes));
      return undefined;
    } catch (error) {
      return opError(error);
    }
  }

  async apply(operation: Operation, observed: Observed): Promise<void> {
    const subject = 'name' in operation ? operation.name : undefined;
    this.#log.debug({ interface: subject, command: describe(operation) }, 'changing network state');
    await this.kernel.apply(operation, observed);
  }

  close(): void {
    this.kernel.close();
  }

  async #carryOut(plan: MachinePlan, observed: Observed, isWhole: boolean): Promise<Refusal[]> {
    const refused: Refusal[] = [...plan.problems];
    let operations = plan.operations;
    let isComplete = isWhole;
    const refuse = (error: unknown): void => {
      isComplete = false;
      refused.push({ name: undefined, error: opError(error) });
    };
    try {
      this.#memory.write(plan.before);
    } catch (error) {
      refuse(error);
      operations = operations.filter((operation) => !needsMemory(operation));
    }
    for (const operation of operations) {
      try {
        await this.apply(operation, observed);
      } catch (error) {
        refuse(error);
      }
    }
    // What did not succeed is still to be undone.
    if (isComplete) this.#memory.write(plan.after);
    return refused;
  }
}

function isOf(scope: Scope, name: string | undefined): boolean {
  return name !== undefined && name === scope.name;
}

/** Of each link, with what is for a link that is up where it is. */
export function filtersOf(wishes: readonly Wish[]): LinkFilter[] {
  return wishes.flatMap(({ outlasting, wanted }) => {
    const filter = wanted?.filter ?? outlasting.filter;
    return filter === undefined ? [] : [{ ...filter, up: wanted !== undefined }];
  });
}

/** True when routes were wanted, and none of them is there. */
export function isWithoutRoutes(wanted: WantedInterface, refused: readonly OpError[]): boolean {
  const routes = wantedRoutes(wanted);
  return routes.length > 0 && refused.length >= new Set(routes.map((route) => JSON.stringify(route))).size;
}

/** What the kernel refuses is an OpError; anything else is a mistake of ours and goes on. */
export function opError(error: unknown): OpError {
  if (error instanceof OpError) return error;
  throw error instanceof Error ? error : new Error(messageOf(error));
}

function needsMemory(operation: Operation): boolean {
  return operation.kind === 'move-default' || (operation.kind === 'set-switch' && !operation.back);
}
