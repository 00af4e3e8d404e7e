/**
 * A program that was started, and all that it starts: it leads a session and a process group of its own, by which the
 * whole is ended.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, readFile, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { cause, type Cause } from '../base/cause.js';
import { codeOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { StderrLog } from './stderr-log.js';
import { eventually, within } from './wait.js';

export type Command = readonly [string, ...string[]];

/** From SIGTERM to SIGKILL. */
const TERM_MS = 2000;
/** From SIGKILL to giving up: what is stuck in the kernel ends some day. */
const KILL_MS = 500;
const POLL_MS = 50;
/** What a program says last may arrive after its exit. */
const LAST_WORDS_MS = 200;

/** Where programs run. */
const FOLDER = '/';
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export class Program {
  /** The program as the command names it. */
  readonly name: string;
  /** Resolves with `program-exited` and the status. */
  readonly exited: Promise<Cause>;
  readonly #child: ChildProcess;
  readonly #log: Logger;
  readonly #stderr: StderrLog | undefined;
  /** Until the process group is known to be empty; from then on its number may be someone else's. */
  #groupLives = true;
  #ending: Promise<void> | undefined;

  /**
   * Starts a program with `fd` as its standard input and output. With `terminal`, fd is its standard error and controlling
   * terminal as well. Throws the system's error when the program cannot be started.
   */
  static async start(command: Command, fd: number, terminal: boolean, log: Logger): Promise<Program> {
    const [file, ...args] = command;
    const env = { PATH: DEFAULT_PATH, ...inherited('PATH', 'HOME', 'LANG') };
    // Looked up beforehand: setsid(1), which makes the terminal the controlling one, would tell only the terminal.
    await findExecutable(file, env.PATH);
    const child = terminal
      ? // Not detached: setsid(1) makes the session by itself, and would fork if it led one already.
        spawn('setsid', ['--ctty', '--', ...command], { stdio: [fd, fd, fd], env, cwd: FOLDER })
      : spawn(file, args, { stdio: [fd, fd, 'pipe'], env, cwd: FOLDER, detached: true });
    const program = new Program(file, child, log);
    await once(child, 'spawn');
    return program;
  }

  private constructor(name: string, child: ChildProcess, log: Logger) {
    this.name = name;
    this.#child = child;
    this.#log = log;
    this.#stderr = child.stderr === null ? undefined : new StderrLog(child.stderr, log, name);
    this.exited = new Promise((resolve) => {
      child.once('exit', (status, signal) => {
        // At once, as long as the group's number can't be another's: what the program leaves behind ends with it.
        void this.end();
        void this.#lastWords().then((words) => {
          const how = signal === null ? `exit status ${status ?? 'unknown'}` : `ended by ${signal}`;
          resolve(cause('program-exited', words === undefined ? `${name}: ${how}` : `${name}: ${how}: ${words}`));
        });
      });
    });
  }

  /** Ends the program and what it started: SIGTERM, after a while SIGKILL. Safe to call twice. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    this.#signal('SIGTERM');
    if (!(await this.#endsWithin(TERM_MS))) {
      this.#signal('SIGKILL');
      if (!(await this.#endsWithin(KILL_MS))) this.#log.warn({ program: this.name }, 'the program does not end');
    }
    await this.#lastWords();
    this.#stderr?.stop();
  }

  #endsWithin(duration: number): Promise<boolean> {
    return eventually(duration, POLL_MS, async () => !(await this.#runs()));
  }

  async #runs(): Promise<boolean> {
    if (!this.#signal(0)) return false;
    const { pid, exitCode, signalCode } = this.#child;
    // Once its leader is gone the group may be nothing but zombies, which wait for an init that is slow or not there.
    return pid !== undefined && ((exitCode === null && signalCode === null) || hasLiveMember(pid));
  }

  /** False when nobody is left to get the signal; signal 0 only asks. */
  #signal(signal: NodeJS.Signals | 0): boolean {
    const { pid } = this.#child;
    if (!this.#groupLives || pid === undefined) return false;
    try {
      process.kill(-pid, signal);
      return true;
    } catch (thrown) {
      // EPERM: it lives as another user.
      if (codeOf(thrown) !== 'ESRCH') return true;
      // Just started, setsid(1) has no group yet. Node knows whether the program was reaped.
      this.#groupLives = this.#child.kill(signal);
      return this.#groupLives;
    }
  }

  /** The last line on standard error, when all has been read or nothing more comes. */
  async #lastWords(): Promise<string | undefined> {
    if (this.#stderr === undefined) return undefined;
    await within(LAST_WORDS_MS, this.#stderr.closed);
    return this.#stderr.last;
  }
}

function inherited(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Throws ENOENT or EACCES, as starting it would. */
async function findExecutable(file: string, path: string): Promise<void> {
  const candidates = file.includes('/')
    ? [resolve(FOLDER, file)]
    : path.split(':').map((directory) => join(directory, file));
  let failure: unknown;
  for (const candidate of candidates) {
    try {
      await access(candidate, constants.X_OK);
      if ((await stat(candidate)).isFile()) return;
      failure ??= new Error(`${candidate} is not a file`);
    } catch (thrown) {
      failure = codeOf(thrown) === 'ENOENT' ? (failure ?? thrown) : thrown;
    }
  }
  throw failure;
}

/** True when a process of the group is more than a zombie. */
async function hasLiveMember(group: number): Promise<boolean> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    // `PID (NAME) STATE PPID PGRP …`, and the name may be anything.
    const [, state, pgrp] = /^.*\) (\S) \d+ (\d+) /s.exec(await statusOf(pid)) ?? [];
    if (Number(pgrp) === group && state !== 'Z' && state !== 'X') return true;
  }
  return false;
}

async function statusOf(pid: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // Gone since we looked.
    return '';
  }
}
