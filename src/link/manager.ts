/** All links of one daemon: made from the config, steered by name, their events kept and passed on. */
import type { Scheduler } from '../base/clock.js';
import type { Logger } from '../base/log.js';
import type { LinkConfig } from '../config/types.js';
import { createLineSource } from '../line/source.js';
import { openTun } from '../tun/linux.js';
import { EventLog } from './event-log.js';
import { Link, type LinkNetwork, type LinkWorker } from './link.js';
import type { LinkCommand, LinkEvent, LinkStatus, LinkSteering } from './types.js';

export interface ManagerParts {
  readonly log: Logger;
  readonly scheduler: Scheduler;
  readonly worker: LinkWorker;
  readonly network: LinkNetwork;
  /** Where the lock files of serial ports go. */
  readonly lockDir: string;
}

export class LinkManager implements LinkSteering {
  readonly #links: ReadonlyMap<string, Link>;
  readonly #events = new EventLog();
  readonly #log: Logger;

  constructor(configs: readonly LinkConfig[], parts: ManagerParts) {
    this.#log = parts.log;
    this.#links = new Map(configs.map((config) => [config.name, this.#makeLink(config, parts)]));
  }

  /** Starts every link that the config doesn't hold back. */
  start(): void {
    for (const link of this.#links.values()) {
      if (link.config.autostart) link.command('up');
    }
  }

  /** Ends every link, all at the same time, and resolves when all is given back. */
  async shutdown(): Promise<void> {
    const ends = await Promise.allSettled([...this.#links.values()].map((link) => link.shutdown()));
    for (const end of ends) {
      if (end.status === 'rejected') this.#log.error({ err: end.reason }, 'a link did not end cleanly');
    }
  }

  names(): readonly string[] {
    return [...this.#links.keys()];
  }

  status(name: string): LinkStatus | undefined {
    return this.#links.get(name)?.status();
  }

  command(name: string, command: LinkCommand): boolean {
    const link = this.#links.get(name);
    link?.command(command);
    return link !== undefined;
  }

  log(name: string): readonly LinkEvent[] | undefined {
    return this.#links.has(name) ? this.#events.of(name) : undefined;
  }

  subscribe(listener: (event: LinkEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  #makeLink(config: LinkConfig, { log, scheduler, worker, network, lockDir }: ManagerParts): Link {
    return new Link(config, {
      lines: createLineSource(config.line, { log, lockDir }),
      worker,
      network,
      scheduler,
      random: Math.random,
      openTun,
      emit: (event) => {
        this.#events.add(event);
        log[event.level](
          { link: event.link, state: event.state, ...(event.cause && { cause: event.cause.code }) },
          event.message,
        );
      },
    });
  }
}
