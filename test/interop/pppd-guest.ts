/**
 * A real peer: Debian's pppd on a Linux kernel's PPP, in a virtual machine (user-mode Linux) that needs no rights and boots in
 * two seconds. The host's file system is the guest's root (read-only), so the guest has whatever the host has; it may
 * write below /run. Its serial lines, /dev/ttyS0 and so on, are sockets at this side. One boot serves many cases: `run` runs
 * a shell script in the guest.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { messageOf } from '../../src/base/errors.js';
import { native } from '../../src/native/binding.js';
import { eventually, within } from '../support/eventually.js';
import { must } from '../support/process.js';
import { root } from '../support/root.js';

export interface GuestRun {
  /** The exit status of the script; 124 when it took too long. */
  readonly status: number;
  /** What it printed, errors included. */
  readonly output: string;
}

const BOOT_TIMEOUT_MS = 60_000;
const RUN_TIMEOUT_MS = 30_000;
/** What a socket of the serial line holds: little, so that the guest feels the speed of the line. */
const LINE_BUFFER = 4096;
/** With less, the guest's kernel runs out of it at times. */
const MEMORY = '256M';
const MODULES = '/usr/lib/uml/modules';

export interface GuestOptions {
  /** How many serial lines it has. */
  readonly lines?: number;
  /** What the socket of each is to hold, in octets; the kernel's least is a few frames. */
  readonly lineBuffer?: number;
}

export interface PppdOptions {
  /** Of the guest's serial lines. */
  readonly line?: number;
  /** A network namespace of the guest, made with `ip netns add`. */
  readonly namespace?: string;
}

export class PppdGuest {
  /** The host's ends of the guest's serial lines. They belong to the caller, who closes them. */
  readonly lines: readonly number[];
  readonly #folder: string;
  readonly #kernel: ChildProcess;
  readonly #waiting = new Map<number, (status: number) => void>();
  readonly #ready: Promise<void>;
  /** Resolves when the guest is no more, for whatever reason. */
  readonly #ended: Promise<void>;
  #console = '';
  #runs = 0;

  private constructor(folder: string, preload: string, { lines = 1, lineBuffer = LINE_BUFFER }: GuestOptions) {
    const pairs = Array.from({ length: lines }, () => native.socketPair(lineBuffer));
    this.lines = pairs.map(([ours]) => ours);
    this.#folder = folder;
    const its = pairs.map(([, end]) => end);
    this.#kernel = boot(folder, preload, its);
    for (const end of its) native.close(end);
    this.#ended = new Promise((resolve) => {
      this.#kernel.once('exit', () => {
        resolve();
      });
      this.#kernel.once('error', (error) => {
        this.#console += error.message;
        resolve();
      });
    });
    // A guest that ended is noticed by `#ended`.
    this.#kernel.stdin?.on('error', () => undefined);
    this.#ready = new Promise((resolve) => {
      this.#read((line) => {
        if (line === 'guest: ready') resolve();
        const [, number, status] = /^guest: done (\d+) (\d+)$/.exec(line) ?? [];
        this.#waiting.get(Number(number))?.(Number(status));
      });
    });
  }

  /** Boots a guest, and once more when the first one fails: user-mode Linux now and then does. */
  static async boot(options: GuestOptions = {}): Promise<PppdGuest> {
    try {
      return await PppdGuest.#bootOnce(options);
    } catch (first) {
      console.error(`the guest did not boot, trying once more: ${String(first)}`);
      return PppdGuest.#bootOnce(options);
    }
  }

  static async #bootOnce(options: GuestOptions): Promise<PppdGuest> {
    const folder = mkdtempSync(join(tmpdir(), 'linkd-guest-'));
    let guest: PppdGuest | undefined;
    try {
      mkdirSync(join(folder, 'share'));
      const preload = join(folder, 'whole-xstate.so');
      await must('cc', ['-O2', '-Wall', '-shared', '-fPIC', '-o', preload, join(root, 'test/interop/whole-xstate.c')]);
      guest = new PppdGuest(folder, preload, options);
      await guest.#orEnd(within(guest.#ready, BOOT_TIMEOUT_MS, 'the guest is ready'));
      return guest;
    } catch (error) {
      for (const line of guest?.lines ?? []) native.close(line);
      await guest?.close();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** The one serial line of a guest that has one. */
  get line(): number {
    const [line, ...others] = this.lines;
    if (line === undefined || others.length > 0) throw new Error(`the guest has ${this.lines.length} lines`);
    return line;
  }

  /** Runs a shell script in the guest, beside others. What it leaves in the background goes on. */
  async run(script: string, timeoutMs = RUN_TIMEOUT_MS): Promise<GuestRun> {
    this.#runs += 1;
    const number = this.#runs;
    const file = join(this.#folder, 'share', String(number));
    writeFileSync(`${file}.sh`, script);
    const done = new Promise<number>((resolve) => this.#waiting.set(number, resolve));
    const seconds = Math.ceil(timeoutMs / 1000);
    this.#kernel.stdin?.write(`${number} ${seconds}\n`);
    try {
      // The guest ends the script in time; the longer wait here is for a guest that is stuck.
      const status = await this.#orEnd(within(done, timeoutMs + RUN_TIMEOUT_MS, `the guest's answer to: ${script}`));
      return { status, output: readFileSync(`${file}.out`, 'utf8') };
    } finally {
      this.#waiting.delete(number);
    }
  }

  /** As `run`, but throws when the exit status is not 0, and gives what was printed. */
  async must(script: string, timeoutMs?: number): Promise<string> {
    const { status, output } = await this.run(script, timeoutMs);
    if (status === 0) return output;
    throw new Error(`in the guest, exit status ${status}: ${script}\n${output}`);
  }

  /** Starts a pppd on a serial line, with these options beside the rig's own. */
  async startPppd(options: readonly string[], { line = 0, namespace }: PppdOptions = {}): Promise<Pppd> {
    this.#runs += 1;
    const base = `pppd-${this.#runs}`;
    const words = ['local', 'noauth', 'debug', 'nodetach', ...options].map((option) => `'${option}'`).join(' ');
    // In the file of bundles every pppd writes down its interface, and takes those of another namespace for its own.
    const [own, bundles] = [`/run/${namespace ?? 'guest'}.tdb`, '/run/pppd2.tdb'];
    const inside = namespace === undefined ? '' : `nsenter --net=/run/netns/${namespace} unshare --mount `;
    const alone = namespace === undefined ? '' : `touch ${own} ${bundles}; mount --bind ${own} ${bundles}; `;
    await this.must(
      [
        `{ ${inside}sh -c '${alone}echo $$ >/run/share/${base}.pid; exec "$0" "$@"' pppd /dev/ttyS${line} 115200 logfile /run/share/${base}.log ${words}`,
        `  echo $? >/run/share/${base}.status`,
        `} </dev/null >/run/share/${base}.out 2>&1 &`,
      ].join('\n'),
    );
    return new Pppd(this, join(this.#folder, 'share', base));
  }

  /** What the kernel's console said, for a failure's message. */
  get console(): string {
    return this.#console;
  }

  /** Ends the guest. Safe to call twice. */
  async close(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#kernel;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      process.kill(-pid, 'SIGKILL'); // it has helpers beside it, in the process group that it leads
      await within(this.#ended, RUN_TIMEOUT_MS, 'the end of the guest');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A guest that has ended answers nothing: say so at once, with its last words. */
  async #orEnd<T>(wait: Promise<T>): Promise<T> {
    const ended = this.#ended.then(() => {
      throw new Error('the guest has ended');
    });
    try {
      return await Promise.race([wait, ended]);
    } catch (error) {
      throw new Error(`${messageOf(error)}\nits console:\n${this.#console}`, { cause: error });
    }
  }

  #read(line: (line: string) => void): void {
    for (const stream of [this.#kernel.stdout, this.#kernel.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (text) => {
        this.#console = `${this.#console}${text}\n`.slice(-16_384);
        line(text.trim());
      });
    }
  }
}

/** One pppd in a guest; made by `PppdGuest.startPppd`. */
export class Pppd {
  readonly #guest: PppdGuest;
  readonly #files: string;

  constructor(guest: PppdGuest, files: string) {
    this.#guest = guest;
    this.#files = files;
  }

  /** What it logged until now: every control packet, among others. */
  get log(): string {
    return read(`${this.#files}.log`) + read(`${this.#files}.out`);
  }

  /** Its exit status (pppd(8), EXIT STATUS); undefined while it runs. */
  get status(): number | undefined {
    const text = read(`${this.#files}.status`);
    return text.endsWith('\n') ? Number(text) : undefined;
  }

  /** Waits until it has configured IP on its interface. */
  async untilUp(timeoutMs: number): Promise<void> {
    await this.#until(() => /^remote IP address/m.test(this.log), timeoutMs, 'pppd has IP up');
  }

  /** Waits for its log to hold the pattern. */
  async untilLogged(pattern: RegExp, timeoutMs: number): Promise<void> {
    await this.#until(() => pattern.test(this.log), timeoutMs, `pppd logs ${pattern}`);
  }

  /** Ends it and gives its exit status; fine when it has ended already. */
  async stop(signal: 'TERM' | 'KILL' | 'HUP' = 'TERM', timeoutMs = 20_000): Promise<number> {
    await this.signal(signal);
    return this.exited(timeoutMs);
  }

  /** Fine when it has ended already. */
  async signal(signal: 'TERM' | 'KILL' | 'HUP' | 'STOP' | 'CONT' | 'USR1' | 'USR2'): Promise<void> {
    if (this.status === undefined) await this.#guest.run(`kill -${signal} $(cat /run/share/${this.#name}.pid)`);
  }

  /** Waits until it has ended by itself; its exit status. */
  exited(timeoutMs: number): Promise<number> {
    return this.#until(() => this.status, timeoutMs, 'pppd has ended');
  }

  get #name(): string {
    return this.#files.split('/').at(-1) ?? '';
  }

  async #until<T>(condition: () => T, timeoutMs: number, what: string): Promise<Exclude<T, false | undefined>> {
    try {
      return await eventually(condition, timeoutMs, what);
    } catch (error) {
      throw new Error(`${messageOf(error)}\npppd's log:\n${this.log}\nthe guest's console:\n${this.#guest.console}`, {
        cause: error,
      });
    }
  }
}

function boot(folder: string, preload: string, lines: readonly number[]): ChildProcess {
  const [modules] = readdirSync(MODULES).sort().slice(-1);
  if (modules === undefined) throw new Error(`${MODULES} is empty: the package user-mode-linux is broken`);
  const args = [
    ...[`mem=${MEMORY}`, `uml_dir=${folder}`, 'umid=guest', 'quiet', 'loglevel=3', 'panic=-1'],
    ...['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', `init=${join(root, 'test/interop/guest.sh')}`],
    ...['con=null', 'con0=fd:0,fd:1', 'ssl=null', ...lines.map((_, index) => `ssl${index}=fd:${index + 3}`)],
    ...[`share=${join(folder, 'share')}`, `modules=${join(MODULES, modules)}`],
  ];
  // The guest's memory is a file there; on a disk it would be written out.
  const env = { ...process.env, LD_PRELOAD: preload, TMPDIR: isWritable('/dev/shm') ? '/dev/shm' : folder };
  return spawn('linux.uml', args, { cwd: folder, env, detached: true, stdio: ['pipe', 'pipe', 'pipe', ...lines] });
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
