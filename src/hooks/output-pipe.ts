/**
 * What a hook prints comes through one pipe of the kernel's, so that standard output and standard error keep their order.
 * Node itself would give it two sockets, and `echo … >/dev/stderr` fails on a socket.
 */
import { close, constants, open } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Millis, Scheduler } from '../base/clock.js';
import { OpError } from '../base/errors.js';
import { ask } from './command.js';
import { KeptOutput } from './kept-output.js';

const openFile = promisify(open);
const closeFile = promisify(close);

/** What is read at a stretch; then the others have their turn, so that a flood costs us no more than a part of our time. */
const STRETCH = 1024 * 1024;
const REST_MS = 10;

export class OutputPipe {
  readonly kept = new KeptOutput();
  /** The end for the program. */
  readonly fd: number;
  readonly #reader: Socket;
  readonly #closed: Promise<void>;
  readonly #scheduler: Scheduler;
  #stretch = 0;

  /** Throws an OpError when the system gives no pipe. */
  static async make(scheduler: Scheduler): Promise<OutputPipe> {
    const folder = await mkdtemp(join(tmpdir(), 'linkd-hook-'));
    try {
      // Without a name it can only be reopened by those who have it; and they may be another user.
      const path = join(folder, 'output');
      const { code, complaint } = await ask(['mkfifo', '-m', '666', path]);
      if (code !== 0) throw new OpError('make a pipe in', folder, new Error(complaint));
      const reader = await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        return new OutputPipe(reader, await openFile(path, constants.O_WRONLY), scheduler);
      } catch (thrown) {
        await closeFile(reader);
        throw thrown;
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  private constructor(readFd: number, writeFd: number, scheduler: Scheduler) {
    this.fd = writeFd;
    this.#scheduler = scheduler;
    this.#reader = new Socket({ fd: readFd, readable: true, writable: false });
    this.#closed = new Promise((resolve) => this.#reader.once('close', resolve));
    // Whatever could be read is kept; the end comes as `close`.
    this.#reader.on('error', () => undefined);
    this.#reader.on('data', (chunk) => {
      this.#take(chunk);
    });
  }

  /** The program has its end; ours must go, so that we see when it closes the last one. */
  async handedOver(): Promise<void> {
    await closeFile(this.fd);
  }

  /** Reads what is still in the pipe, for at most `patience`: someone whom the program left behind may keep it open. */
  async finish(patience: Millis): Promise<void> {
    let late: { cancel(): void } | undefined;
    const tooLate = new Promise<void>((resolve) => {
      late = this.#scheduler.after(patience, resolve);
    });
    await Promise.race([this.#closed, tooLate]);
    late?.cancel();
    this.#reader.destroy();
  }

  #take(chunk: Uint8Array): void {
    this.kept.add(chunk);
    this.#stretch += chunk.length;
    if (this.#stretch < STRETCH) return;
    this.#stretch = 0;
    this.#reader.pause();
    this.#scheduler.after(REST_MS, () => this.#reader.resume());
  }
}
