/** The real linkd as a child process: a config file, a control socket and a state directory of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlClient } from '../../src/control/client.js';
import type { WireLink } from '../../src/control/protocol.js';
import type { Namespace } from './netns.js';
import { eventually } from './eventually.js';
import { run, type Child, type Exit } from './process.js';

const bin = join(import.meta.dirname, '../../src/bin');

/** A folder below the system's temporary one, removed by `dispose`. */
export class TempDir {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<TempDir> {
    return new TempDir(await mkdtemp(join(tmpdir(), 'linkd-test-')));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  async dispose(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

export class Daemon {
  readonly control: string;
  readonly client: ControlClient;
  readonly #child: Child;

  private constructor(child: Child, control: string) {
    this.#child = child;
    this.control = control;
    this.client = new ControlClient(control);
  }

  /**
   * Starts linkd in a namespace and waits until it answers. `name` tells its files apart in the folder; `through` is a
   * command that changes what linkd finds, and then runs its further arguments.
   */
  static async start(
    namespace: Namespace,
    dir: TempDir,
    name: string,
    config: string,
    through: readonly string[] = [],
  ): Promise<Daemon> {
    const file = dir.file(`${name}.yaml`);
    const control = dir.file(`${name}.sock`);
    await writeFile(file, config);
    const child = namespace.spawn('env', [
      ...[...through, process.execPath, join(bin, 'linkd.js')],
      ...['--config', file],
      ...['--control', control],
      ...['--state-dir', dir.file(`${name}.state`)],
      ...['--log-level', 'debug', '--log-format', 'json'],
    ]);
    const daemon = new Daemon(child, control);
    await child.printed(/linkd is running/, 20_000);
    return daemon;
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('linkd was not started');
    return pid;
  }

  get running(): boolean {
    return this.#child.running;
  }

  /** All that it logged. */
  get log(): string {
    return this.#child.stdout + this.#child.stderr;
  }

  async link(name: string): Promise<WireLink> {
    return (await this.client.link(name)).body.link;
  }

  /** Waits until the link's status is as the condition says, and gives it. */
  async until(
    name: string,
    what: string,
    condition: (link: WireLink) => boolean,
    timeoutMs = 20_000,
  ): Promise<WireLink> {
    let last: WireLink | undefined;
    try {
      return await eventually(
        async () => {
          last = await this.link(name);
          return condition(last) ? last : undefined;
        },
        timeoutMs,
        `${name} ${what}`,
      );
    } catch (error) {
      throw new Error(
        `${String(error)}\nlast status: ${JSON.stringify(last, undefined, 1)}\n${this.log.slice(-6000)}`,
        { cause: error },
      );
    }
  }

  untilUp(name: string, timeoutMs?: number): Promise<WireLink> {
    return this.until(name, 'is up', ({ state }) => state === 'up', timeoutMs);
  }

  /** Waits until the link's last cause is this one. */
  untilCause(name: string, code: string, timeoutMs?: number): Promise<WireLink> {
    return this.until(name, `has the cause ${code}`, ({ last_cause }) => last_cause?.code === code, timeoutMs);
  }

  /** Runs linkctl against this daemon. */
  ctl(...args: string[]): Promise<Exit> {
    return run(process.execPath, [join(bin, 'linkctl.js'), '--control', this.control, ...args]);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.signal(signal);
  }

  exited(timeoutMs: number): Promise<Exit> {
    return this.#child.exited(timeoutMs);
  }

  /** Ends it, fine when it has ended already. */
  stop(signal?: NodeJS.Signals): Promise<void> {
    return this.#child.stop(signal);
  }
}
