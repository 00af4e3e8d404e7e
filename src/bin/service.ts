/**
 * linkd at work: the rooms wired together, from the lock on the network namespace to the control socket. It begins from
 * nothing or with the links of another linkd, and ends by giving everything back or by handing its links on.
 */
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { Ledger } from '../accounting/ledger.js';
import { cause } from '../base/cause.js';
import { messageOf, OpError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { Config } from '../config/types.js';
import type { About } from '../control/answers.js';
import { ControlServer } from '../control/server.js';
import { HookRunner } from '../hooks/runner.js';
import type { Grip, HandedLink } from '../link/handed.js';
import { machineEndpoint } from '../link/machine-endpoint.js';
import { LinkManager, type LoadedLinks } from '../link/manager.js';
import type { PacketWorker } from '../link/packet-worker.js';
import { systemScheduler } from '../link/scheduler.js';
import type { ReloadOutcome, RestartOutcome } from '../link/types.js';
import { Network } from '../net/network.js';
import { Resolver } from '../resolver/resolver.js';

/** Where programs that use serial ports keep their lock files. */
const lockDir = '/run/lock';

export interface ServiceParts {
  readonly config: Config;
  readonly log: Logger;
  readonly about: About;
  readonly worker: PacketWorker;
  readonly load: () => Promise<LoadedLinks>;
  readonly restart: () => Promise<RestartOutcome>;
  /** The links that another linkd let go of. */
  readonly handed?: readonly HandedLink[];
}

interface Rooms {
  readonly claim: Server;
  readonly ledger: Ledger;
  readonly network: Network;
  readonly worker: PacketWorker;
  readonly manager: LinkManager;
  readonly control: ControlServer;
}

export class Service {
  readonly #rooms: Rooms;

  /** Resolves when linkd runs; the links come up by themselves, those that were handed on are up. Throws OpError. */
  static async start(parts: ServiceParts): Promise<Service> {
    const { config, log, about, worker, load, restart, handed } = parts;
    const { control: path, controlGroup: group, controlMode: mode, stateDir } = config.daemon;
    const scheduler = systemScheduler;
    const claim = await claimNamespace();
    await makeStateDir(stateDir);
    const ledger = await Ledger.open(join(stateDir, 'accounting.jsonl'), { log, scheduler });
    const network = new Network({ log, scheduler, stateDir });
    const resolver = new Resolver({ log, stateDir });
    const hooks = new HookRunner({ log, scheduler });
    const manager = new LinkManager(config.links, {
      ...{ log, scheduler, worker, network, resolver, hooks, ledger, control: path, lockDir, load, restart },
      ...(handed && { handed }),
      endpoint: machineEndpoint(),
    });
    const control = await ControlServer.listen({ path, group, mode, steering: manager, about, log });
    await (handed === undefined ? manager.start() : manager.takeOver());
    return new Service({ claim, ledger, network, worker, manager, control });
  }

  private constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  get links(): number {
    return this.#rooms.manager.names().length;
  }

  reload(): Promise<ReloadOutcome> {
    return this.#rooms.manager.reload();
  }

  /** The descriptors that a new process has to be born with. */
  get grips(): readonly Grip[] {
    return this.#rooms.manager.grips;
  }

  /**
   * Lets go of everything and undoes nothing, so that another process, or this one by another `start`, can go on. What is
   * asked on the control socket by now is still answered; `close` ends that.
   */
  async handOver(grips: readonly Grip[]): Promise<readonly HandedLink[]> {
    const { claim, ledger, network, worker, manager, control } = this.#rooms;
    await control.giveWay();
    const links = await manager.handOver(grips);
    await Promise.all([network.close(), ledger.close(cause('handed-over')), worker.stop()]);
    await new Promise<void>((resolve) => {
      claim.close(() => {
        resolve();
      });
    });
    return links;
  }

  /** The last of a hand-over: answers what is still to be answered. */
  async close(): Promise<void> {
    await this.#rooms.control.close();
  }

  /** Ends the links and gives everything back. */
  async end(): Promise<void> {
    const { ledger, network, worker, manager, control } = this.#rooms;
    await manager.shutdown();
    await control.close();
    await network.close();
    await ledger.close();
    await worker.stop();
  }

  /** Never resolves while the packet worker hangs. */
  alive(): Promise<boolean> {
    return this.#rooms.worker.alive();
  }
}

async function makeStateDir(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new OpError('make the state directory', path, error, 'Name one that linkd may write to with --state-dir.');
  }
}

/**
 * Two daemons in one network namespace would undo each other's work. An abstract socket belongs to the namespace, and is
 * gone with its process. Throws an OpError when another linkd holds it.
 */
async function claimNamespace(): Promise<Server> {
  const claim = createServer((socket) => socket.destroy());
  const taken = new Promise<void>((resolve, reject) => {
    claim.once('error', reject).listen('\0linkd-network-namespace', resolve);
  });
  try {
    await taken;
  } catch (error) {
    const remedy = 'Stop that one, or run this one in a network namespace of its own (ip netns exec).';
    throw new OpError('run in', 'this network namespace', `another linkd runs there (${messageOf(error)})`, remedy);
  }
  claim.unref();
  return claim;
}
