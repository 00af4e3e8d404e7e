/**
 * Name servers that a peer tells of, taken over into the system while the link is up, and put back afterwards: by
 * systemd-resolved where it runs, else by resolvconf where it is installed. In any case they stand in a file of linkd's own
 * (`resolv.LINK.conf` in the state directory, in the form of resolv.conf(5)), for hooks and for programs that take one.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OpError } from '../base/errors.js';
import { formatIp, type Ip } from '../base/ip.js';
import type { Logger } from '../base/log.js';
import { replaceFile, ResolverMemory, type Taken } from './memory.js';
import type { ResolverOption, ResolverWay } from './options.js';
import { findProgram, runProgram } from './program.js';

/** resolvconf runs what is installed in its hooks, such as the restart of a local name server. */
const PROGRAM_TIMEOUT_MS = 10_000;

export interface ResolverParts {
  readonly log: Logger;
  /** It must exist. */
  readonly stateDir: string;
  /** The socket that systemd-resolved listens on while it runs. */
  readonly resolvedSocket?: string;
  /** Where programs are looked for; an ordinary user's PATH often lacks sbin. */
  readonly searchPath?: string;
  readonly timeoutMs?: number;
}

export class Resolver {
  readonly #stateDir: string;
  readonly #memory: ResolverMemory;
  readonly #log: Logger;
  readonly #resolvedSocket: string;
  readonly #searchPath: string;
  readonly #timeoutMs: number;
  /** The end of the queue: one program at a time, in the order of the calls. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ log, stateDir, resolvedSocket, searchPath, timeoutMs }: ResolverParts) {
    this.#log = log;
    this.#stateDir = stateDir;
    this.#memory = new ResolverMemory(stateDir, log);
    this.#resolvedSocket = resolvedSocket ?? '/run/systemd/resolve/io.systemd.Resolve';
    this.#searchPath = searchPath ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    this.#timeoutMs = timeoutMs ?? PROGRAM_TIMEOUT_MS;
  }

  /** Where the name servers of a link stand while it is up. */
  fileOf(link: string): string {
    return join(this.#stateDir, `resolv.${link}.conf`);
  }

  /**
   * Has the system ask these servers, instead of those that the link had before. The file stands when it returns, the rest
   * when it resolves, with the way that was taken. Rejects with an OpError when the system refuses; the file stands then too.
   */
  take(
    link: string,
    name: string,
    servers: readonly Ip[],
    option: ResolverOption = 'auto',
  ): Promise<ResolverWay | 'off'> {
    if (option === 'off' || servers.length === 0) return this.release(link).then(() => 'off');
    const texts = servers.map(formatIp);
    const content = ['# Made by linkd.', ...texts.map((server) => `nameserver ${server}`), ''].join('\n');
    const path = this.fileOf(link);
    try {
      replaceFile(path, content);
    } catch (error) {
      const remedy = 'Give linkd a state directory that it can write';
      return Promise.reject(new OpError('write', path, error, remedy));
    }
    return this.#enqueue(async () => {
      const way = option === 'auto' ? this.#find() : option;
      const before = this.#memory.links.get(link);
      if (before !== undefined && (before.interface !== name || before.way !== way)) await this.#undo(before);
      this.#memory.set(link, { interface: name, way });
      for (const command of commandsToTake(way, name, texts))
        await this.#must(command, way, way === 'resolvconf' ? content : '');
      return way;
    });
  }

  /** Puts back what the link has taken over. Nothing to do is fine. Rejects with an OpError when the system refuses. */
  release(link: string): Promise<void> {
    const path = this.fileOf(link);
    try {
      rmSync(path, { force: true });
    } catch (error) {
      return Promise.reject(new OpError('remove', path, error));
    }
    return this.#enqueue(async () => {
      const taken = this.#memory.links.get(link);
      if (taken === undefined) return;
      await this.#undo(taken);
      this.#memory.set(link, undefined);
    });
  }

  /** At start: puts back what a crashed linkd left, but of these links, which are up still. What the system refuses goes to the log, and is tried at the next start. */
  async sweep(kept: readonly string[] = []): Promise<void> {
    for (const link of [...this.#memory.links.keys()].filter((name) => !kept.includes(name))) {
      await this.release(link).catch((error: unknown) => {
        if (!(error instanceof OpError)) throw error;
        this.#log.warn({ link }, error.message);
      });
    }
  }

  #find(): ResolverWay {
    if (existsSync(this.#resolvedSocket) && findProgram('resolvectl', this.#searchPath) !== undefined) {
      return 'systemd-resolved';
    }
    return findProgram('resolvconf', this.#searchPath) === undefined ? 'file' : 'resolvconf';
  }

  async #undo({ interface: name, way }: Taken): Promise<void> {
    switch (way) {
      case 'systemd-resolved':
        // It has forgotten the interface when that is gone, or when it does not run any more.
        if (existsSync(`/sys/class/net/${name}`) && existsSync(this.#resolvedSocket)) {
          await this.#must(['resolvectl', 'revert', name], way, '');
        }
        return;
      case 'resolvconf':
        if (findProgram('resolvconf', this.#searchPath) !== undefined) {
          await this.#must(['resolvconf', '-d', recordOf(name)], way, '');
        }
        return;
      case 'file':
        return;
    }
  }

  async #must(command: Command, way: ResolverWay, input: string): Promise<void> {
    this.#log.debug({ command: command.join(' ') }, 'changing name servers');
    const [timeoutMs, searchPath] = [this.#timeoutMs, this.#searchPath];
    const failure = await runProgram({ command, input, timeoutMs, searchPath });
    if (failure === undefined) return;
    const remedy =
      `linkd may lack the right to change ${way}: see docs/routing.md; ` +
      'with `resolver: file` the name servers stand in a file alone, for a hook';
    throw new OpError('run', `\`${command.join(' ')}\``, failure, remedy);
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task);
    // The caller sees the failure; the next in the queue starts all the same.
    this.#last = done.catch(() => undefined);
    return done;
  }
}

type Command = readonly [program: string, ...args: string[]];

function commandsToTake(way: ResolverWay, name: string, servers: readonly string[]): Command[] {
  switch (way) {
    case 'systemd-resolved':
      return [
        ['resolvectl', 'dns', name, ...servers],
        // Every name is asked for here, before the servers of other interfaces.
        ['resolvectl', 'domain', name, '~.'],
      ];
    case 'resolvconf':
      return [['resolvconf', '-a', recordOf(name)]];
    case 'file':
      return [];
  }
}

/** resolvconf(8): a record is known by an interface and the program that configured it. */
function recordOf(name: string): string {
  return `${name}.linkd`;
}
