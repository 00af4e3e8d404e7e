/**
 * Who runs the links: this process, until a new linkd has taken over. What is in the kernel stays meanwhile: interfaces,
 * addresses, routes, filters. When the new one fails at any point, this one goes on, with the links that it let go of too.
 */
import { messageOf } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { withDescriptors, type HandedLink } from '../../link/handed.js';
import { PacketWorker } from '../../link/packet-worker.js';
import { repertoire } from '../../link/repertoire.js';
import type { ReloadOutcome, RestartOutcome } from '../../link/types.js';
import type { Notifier } from '../notify.js';
import { Service, type ServiceParts } from '../service.js';
import { firstDescriptor } from './messages.js';
import type { Predecessor } from './predecessor.js';
import { Successor, SuccessorError } from './successor.js';

export interface SuccessionParts extends Omit<ServiceParts, 'worker' | 'restart' | 'handed'> {
  readonly notifier: Notifier;
  readonly log: Logger;
}

export class Succession {
  readonly #parts: SuccessionParts;
  #service: Service | undefined;
  #successor: Successor | undefined;
  /** The hand-over that is under way, or was the last. */
  #handOver: Promise<RestartOutcome> | undefined;
  #over: () => void = () => undefined;
  /** Resolves when a new linkd has taken over: this process has to end, and to undo nothing. */
  readonly over: Promise<void>;

  constructor(parts: SuccessionParts) {
    this.#parts = parts;
    this.over = new Promise((resolve) => {
      this.#over = resolve;
    });
  }

  /** Begins to run the links, those of the linkd before this one if there is one. Throws OpError. */
  async begin(predecessor: Predecessor | undefined): Promise<void> {
    const worker = new PacketWorker(this.#parts.log);
    worker.rehearse(repertoire(this.#parts.config.links));
    if (predecessor === undefined) {
      this.#service = await this.#start(worker);
      return;
    }
    // Once the old one has let go, every moment counts.
    await worker.warmUp();
    this.#service = await this.#start(worker, await predecessor.takeOver());
    await predecessor.taken();
    this.#parts.log.info({}, 'taken over from the linkd before this one');
  }

  get links(): number {
    return this.#service?.links ?? 0;
  }

  async reload(): Promise<ReloadOutcome> {
    if (this.#service === undefined) return { ok: false, errors: ['linkd is just being replaced by a new one'] };
    return this.#service.reload();
  }

  alive(): Promise<boolean> {
    return this.#service?.alive() ?? Promise.resolve(true);
  }

  /** Lets a new linkd take over. Whatever keeps it from doing so is logged, and in the answer. */
  async restart(): Promise<RestartOutcome> {
    if (this.#handOver !== undefined) return refusal('a new linkd is taking over already');
    if (process.pid === 1)
      return refusal('linkd is the first process of its container, which ends with it: restart the container');
    this.#handOver = this.#tryToHandOver();
    const outcome = await this.#handOver;
    if (outcome.ok) this.#over();
    else {
      this.#handOver = undefined;
      for (const error of outcome.errors) this.#parts.log.error({}, error);
      this.#parts.log.error({}, 'the new linkd did not take over: this one goes on');
    }
    return outcome;
  }

  /** Answers what is still to be answered, once it is over. */
  async close(): Promise<void> {
    await this.#service?.close();
  }

  /** Ends the links and gives everything back; when a new linkd has just taken over, that one does. */
  async end(): Promise<void> {
    await this.#successor?.kill();
    const outcome = await this.#handOver;
    if (outcome?.ok === true) process.kill(outcome.pid, 'SIGTERM');
    else await this.#service?.end();
  }

  #start(worker: PacketWorker, handed?: readonly HandedLink[]): Promise<Service> {
    const restart = (): Promise<RestartOutcome> => this.restart();
    return Service.start({ ...this.#parts, worker, restart, ...(handed && { handed }) });
  }

  async #tryToHandOver(): Promise<RestartOutcome> {
    const { log, notifier } = this.#parts;
    const service = this.#service;
    if (service === undefined) return refusal('linkd is just starting');
    const { grips } = service;
    const descriptors = grips.flatMap(({ tun, lines }) =>
      [tun, ...lines.map(({ fd }) => fd)].filter((fd) => fd !== undefined),
    );
    const successor = new Successor(descriptors);
    this.#successor = successor;
    log.info({ successor: successor.pid }, 'a new linkd is starting, to take the place of this one');
    let links: readonly HandedLink[] | undefined;
    try {
      await successor.ready();
      links = await service.handOver(grips);
      await successor.take({ type: 'take', links: links.map((link) => renumbered(link, descriptors)) });
    } catch (error) {
      this.#successor = undefined;
      await successor.kill();
      if (links !== undefined) await this.#goOn(service, links);
      return { ok: false, errors: error instanceof SuccessorError ? error.reasons : [messageOf(error)] };
    }
    this.#successor = undefined;
    notifier.handOver(successor.pid);
    successor.leave();
    return { ok: true, pid: successor.pid };
  }

  /** This process goes on with the links that it let go of. */
  async #goOn(before: Service, links: readonly HandedLink[]): Promise<void> {
    this.#service = undefined;
    this.#service = await this.#start(new PacketWorker(this.#parts.log), links);
    void before.close();
  }
}

/** The link with the numbers that its descriptors have in the new process. */
function renumbered(link: HandedLink, descriptors: readonly number[]): HandedLink {
  const there = (fd: number): number => firstDescriptor + descriptors.indexOf(fd);
  return withDescriptors(link, there);
}

function refusal(reason: string): RestartOutcome {
  return { ok: false, errors: [reason] };
}
