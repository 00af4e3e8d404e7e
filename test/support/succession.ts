/**
 * linkd that is replaced by new processes, one after the other: whichever has the control socket is meant. Its output is in
 * a file, as a pipe of ours would break with the first process; the lab ends whatever is left in the namespace.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ControlClient } from '../../src/control/client.js';
import type { WireLink } from '../../src/control/protocol.js';
import type { TempDir } from './daemon.js';
import { eventually } from './eventually.js';
import type { Namespace } from './netns.js';
import { run, type Exit } from './process.js';

const bin = join(import.meta.dirname, '../../src/bin');

export class SuccessiveDaemon {
  readonly control: string;
  readonly client: ControlClient;
  readonly configFile: string;
  readonly #logFile: string;
  readonly #stateDir: string;
  readonly #namespace: Namespace;

  private constructor(namespace: Namespace, dir: TempDir, name: string) {
    this.#namespace = namespace;
    this.control = dir.file(`${name}.sock`);
    this.configFile = dir.file(`${name}.yaml`);
    this.#logFile = dir.file(`${name}.log`);
    this.#stateDir = dir.file(`${name}.state`);
    this.client = new ControlClient(this.control);
  }

  static async start(namespace: Namespace, dir: TempDir, name: string, config: string): Promise<SuccessiveDaemon> {
    const daemon = new SuccessiveDaemon(namespace, dir, name);
    await writeFile(daemon.configFile, config);
    await daemon.startAnew();
    return daemon;
  }

  /** Starts a first process, in the ordinary way, and waits until it runs. */
  async startAnew(): Promise<void> {
    const before = this.#count(/linkd is running/g);
    this.#namespace.spawn('sh', [
      ...['-c', 'exec "$@" >>"$0" 2>&1', this.#logFile, process.execPath, join(bin, 'linkd.js')],
      ...['--config', this.configFile, '--control', this.control, '--state-dir', this.#stateDir],
      ...['--log-level', 'debug', '--log-format', 'json'],
    ]);
    await eventually(() => this.#count(/linkd is running/g) > before, 20_000, 'linkd is running');
  }

  /** All that the processes logged. */
  get log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  /** The process that has the control socket. */
  async pid(): Promise<number> {
    return (await this.client.status()).body.daemon.pid;
  }

  async link(name: string): Promise<WireLink> {
    return (await this.client.link(name)).body.link;
  }

  /** Waits until the link is up, whoever runs it. */
  async untilUp(name: string): Promise<WireLink> {
    try {
      return await eventually(
        async () => {
          const link = await this.link(name);
          return link.state === 'up' ? link : undefined;
        },
        20_000,
        `${name} is up`,
      );
    } catch (error) {
      throw new Error(`${String(error)}\n${this.log.slice(-8000)}`, { cause: error });
    }
  }

  /** Waits until another process than this one answers, and gives its number. */
  successorOf(pid: number): Promise<number> {
    return eventually(
      async () => {
        const now = await this.pid();
        return now === pid ? undefined : now;
      },
      30_000,
      `another linkd than process ${pid}`,
    );
  }

  /** Runs linkctl against it. */
  ctl(...args: string[]): Promise<Exit> {
    return run(process.execPath, [join(bin, 'linkctl.js'), '--control', this.control, ...args]);
  }

  #count(pattern: RegExp): number {
    return this.log.match(pattern)?.length ?? 0;
  }
}

export interface Descriptor {
  readonly fd: number;
  /** As open(2) has them. */
  readonly flags: number;
}

/** The descriptors of a process. */
export function descriptorsOf(pid: number): readonly Descriptor[] {
  return readdirSync(`/proc/${pid}/fdinfo`).map((fd) => {
    const info = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
    return { fd: Number(fd), flags: Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '', 8) };
  });
}
