/**
 * The linkd that takes the place of this one, as this one sees it: a child that is born with the descriptors of the links.
 * It is started as this one was, from what is installed now.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Millis } from '../../base/clock.js';
import { messageOf } from '../../base/errors.js';
import { handOverVariable, isToOld, type ToNew, type ToOld } from './messages.js';

/** The new one may take so long to load its config; this one carries the packets meanwhile. */
const startMs: Millis = 15_000;
/** So long may the new one take to bring up the links that were up: it doesn't wait for them for ever itself. */
const takeMs: Millis = 12_000;

/** The new one can't go on; the messages are for people. */
export class SuccessorError extends Error {
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    super(reasons.join('\n'));
    this.name = 'SuccessorError';
    this.reasons = reasons;
  }
}

export class Successor {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #heard: ToOld[] = [];
  /** Why nothing will be heard any more. */
  #over: string | undefined;
  #news: () => void = () => undefined;

  /** Starts it; descriptor i of these is number `firstDescriptor + i` there. */
  constructor(descriptors: readonly number[]) {
    const [script = ''] = process.argv.slice(1);
    const args = [...process.execArgv, script, ...process.argv.slice(2)];
    // The watchdog's pid is this process's; without one it is for whoever is the service.
    const env = { ...process.env, [handOverVariable]: '1', WATCHDOG_PID: undefined };
    this.#child = spawn(process.execPath, args, {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...descriptors],
      env,
    });
    this.#child.on('message', (message) => {
      if (isToOld(message)) this.#heard.push(message);
      else this.#over ??= 'the new linkd says what this one does not understand';
      this.#news();
    });
    this.#exited = new Promise((resolve) => {
      const end = (how: string) => (): void => {
        this.#over ??= how;
        this.#news();
        resolve();
      };
      this.#child.once('error', (error) => {
        end(`the new linkd cannot be started: ${messageOf(error)}`)();
      });
      this.#child.once('exit', (code, signal) => {
        end(`the new linkd ended (${signal ?? `exit status ${code ?? '?'}`}); see the log`)();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits until it has loaded its config. Throws a SuccessorError. */
  async ready(): Promise<void> {
    await this.#expect('ready', startMs);
  }

  /** Gives it the links, and waits until they go on there. Throws a SuccessorError. */
  async take(message: Extract<ToNew, { type: 'take' }>): Promise<void> {
    this.#say(message);
    await this.#expect('taken', takeMs);
  }

  /** This process will do nothing more. */
  leave(): void {
    this.#say({ type: 'yours' });
  }

  /** Ends it, and waits until it has ended. */
  async kill(): Promise<void> {
    this.#over ??= 'the new linkd was ended';
    this.#child.kill('SIGKILL');
    this.#news();
    await this.#exited;
  }

  async #expect(type: ToOld['type'], limit: Millis): Promise<void> {
    const timer = setTimeout(() => {
      this.#over ??= `the new linkd is not ${type} after ${limit / 1000} seconds`;
      this.#news();
    }, limit);
    while (this.#heard.length === 0 && this.#over === undefined) {
      await new Promise<void>((resolve) => {
        this.#news = resolve;
      });
    }
    clearTimeout(timer);
    const message = this.#heard.shift();
    if (message?.type === type) return;
    throw new SuccessorError(
      message?.type === 'refused' ? message.errors : [this.#over ?? 'the new linkd is confused'],
    );
  }

  #say(message: ToNew): void {
    // A child that is gone shows by its exit.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}
