/** The packet worker as the main thread sees it: started when needed, replaced if it should die. */
import { Worker } from 'node:worker_threads';
import { messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import type { AttachOptions, FromWorker, Ping, Pong, Rehearse, Rehearsed, ToWorker } from './messages.js';

export interface WorkerListener {
  message(message: FromWorker): void;
  /** The worker died, and with it all that it held; a new one starts with the next message. */
  died(reason: string): void;
}

export class PacketWorker {
  readonly #log: Logger;
  readonly #listeners = new Map<string, WorkerListener>();
  /** Those who wait for a sign of life. */
  readonly #alive: (() => void)[] = [];
  #worker: Worker | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Sets who hears what the worker says of a link. */
  listen(link: string, listener: WorkerListener): void {
    this.#listeners.set(link, listener);
  }

  forget(link: string): void {
    this.#listeners.delete(link);
  }

  post(message: ToWorker): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message);
  }

  /** True when the worker answers, or none is needed; never answers while it hangs. */
  async alive(): Promise<boolean> {
    const worker = this.#worker;
    if (worker === undefined) return true;
    await new Promise<void>((resolve) => {
      this.#alive.push(resolve);
      worker.postMessage({ type: 'ping' } satisfies Ping);
    });
    return true;
  }

  /**
   * Starts the thread ahead of its first message, and lets it play such sessions with itself (`rehearsal.ts`): the first real one
   * comes up sooner. That they went wrong is logged, and no more.
   */
  rehearse(sessions: readonly AttachOptions[]): void {
    if (sessions.length === 0) return;
    this.#worker ??= this.#start();
    this.#worker.postMessage({ type: 'rehearse', sessions } satisfies Rehearse);
  }

  /** Starts the thread ahead of its first message, and waits until it answers. */
  async warmUp(): Promise<void> {
    this.#worker ??= this.#start();
    await this.alive();
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { name: 'packets' });
    worker.on('message', (message: FromWorker | Pong | Rehearsed) => {
      if (message.type === 'pong') for (const resolve of this.#alive.splice(0)) resolve();
      else if (message.type === 'rehearsed') this.#logRehearsal(message);
      else this.#listeners.get(message.link)?.message(message);
    });
    worker.on('error', (error) => {
      this.#log.error({ err: error }, 'the packet worker failed');
      this.#lost(worker, messageOf(error));
    });
    worker.on('exit', (code) => {
      this.#lost(worker, `exit code ${code}`);
    });
    return worker;
  }

  #logRehearsal({ tookMs, complaints }: Rehearsed): void {
    this.#log.debug({ tookMs }, 'the packet worker has rehearsed');
    for (const complaint of complaints) this.#log.warn({}, `the packet worker’s rehearsal: ${complaint}`);
  }

  #lost(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const listener of [...this.#listeners.values()]) listener.died(reason);
  }
}
