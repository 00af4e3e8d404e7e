/**
 * Programs that tests start: output captured, every wait bounded, ended by the pid of what was started. `run` is for
 * programs that end by themselves, `Child` for those that go on.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { eventually, within } from './eventually.js';

const RUN_TIMEOUT_MS = 60_000;

/** What SIGTERM is given before SIGKILL follows. */
const STOP_TIMEOUT_MS = 10_000;

/** What is given to the output that is still in the pipes when a program has ended. */
const OUTPUT_TIMEOUT_MS = 2000;

export interface Exit {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunOptions extends ChildOptions {
  /** Its standard input; without it, none. */
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** Runs a program to its end and gives how it ended. Throws when it can't be started or takes too long (then it's killed). */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Exit> {
  const { input = '', timeoutMs = RUN_TIMEOUT_MS } = options;
  const child = new Child(command, args, options);
  try {
    child.write(input);
    child.endInput();
    return await child.exited(timeoutMs);
  } finally {
    await child.stop('SIGKILL');
  }
}

/** As `run`, but throws, with all it printed, when the exit code is not 0. Gives its standard output. */
export async function must(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, signal, stdout, stderr } = await run(command, args, options);
  if (code === 0) return stdout;
  const how = signal ?? `exit code ${code ?? '?'}`;
  throw new Error(`${[command, ...args].join(' ')}: ${how}\n${stdout}${stderr}`);
}

/** A program that goes on running. Whoever starts it stops it, in a `finally` or an `after`. */
export class Child {
  readonly #what: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #end: Promise<Exit>;
  #stdout = '';
  #stderr = '';
  /** It has ended and all its output is here; or it never started. */
  #over = false;

  constructor(command: string, args: readonly string[], { cwd, env }: ChildOptions = {}) {
    this.#what = [command, ...args].join(' ');
    this.#process = spawn(command, args, { cwd, env: { ...process.env, ...env } });
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    // A program that ends before it has read its input is no failure of the test.
    this.#process.stdin.on('error', () => undefined);
    this.#end = this.#watch();
    // Whoever waits for the end sees the failure; nobody needs to.
    this.#end.catch(() => undefined);
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get running(): boolean {
    return this.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  write(text: string): void {
    this.#process.stdin.write(text);
  }

  endInput(): void {
    this.#process.stdin.end();
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#process.kill(signal);
  }

  /** Waits until it has ended. Throws when that takes longer, or when it could not be started. */
  async exited(timeoutMs: number): Promise<Exit> {
    return this.#explain(within(this.#end, timeoutMs, `the end of ${this.#what}`));
  }

  /** Waits until the pattern is in its output (stdout, then stderr). Throws when it ends before, or takes longer. */
  async printed(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const look = (): RegExpExecArray | undefined =>
      pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr) ?? undefined;
    const found = eventually(
      () => look() ?? (this.#over ? null : undefined),
      timeoutMs,
      `${pattern} from ${this.#what}`,
    );
    const match = await this.#explain(found);
    if (match === null) throw new Error(`${this.#what} ended without ${pattern}${this.#output()}`);
    return match;
  }

  /** Sends the signal, SIGKILL when that did not help, and waits for its end. Fine when it has ended already. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    if (this.pid === undefined) return;
    this.signal(signal);
    const ended = within(this.#end, timeoutMs, `the end of ${this.#what}`);
    await ended.catch(async () => {
      this.signal('SIGKILL');
      await this.exited(timeoutMs);
    });
  }

  #watch(): Promise<Exit> {
    const child = this.#process;
    return new Promise<Exit>((resolve, reject) => {
      child.on('error', (error) => {
        this.#over = true;
        reject(error);
      });
      child.on('exit', () => {
        // A program that it started may still hold the pipes; that one's output is not waited for.
        setTimeout(() => {
          child.stdout.destroy();
          child.stderr.destroy();
        }, OUTPUT_TIMEOUT_MS).unref();
      });
      child.on('close', (code, signal) => {
        this.#over = true;
        resolve({
          code: code ?? undefined,
          signal: signal ?? undefined,
          stdout: this.#stdout,
          stderr: this.#stderr,
        });
      });
    });
  }

  /** A wait's failure is of use only with what the program said. */
  async #explain<T>(wait: Promise<T>): Promise<T> {
    try {
      return await wait;
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}${this.#output()}`, { cause: error });
    }
  }

  #output(): string {
    return `\n--- stdout\n${this.#stdout}\n--- stderr\n${this.#stderr}`;
  }
}
