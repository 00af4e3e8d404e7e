/**
 * Where log lines go: a file descriptor that may be full, dead or stalled. No write blocks, throws or ends the process;
 * what can't be written is kept up to a bound, then dropped and counted.
 *
 * Lines are written at once, not in libuv's pool: a pool thread stuck in a write would hang process.exit, which joins it.
 */
import { constants, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** How many bytes wait for a reader that stalls. */
const maxQueued = 1024 * 1024;

/** How often a stalled reader is tried again. */
const retryMs = 100;

export class LogStream {
  readonly #fd: number;
  readonly #resumed: (dropped: number) => void;
  readonly #queue: Buffer[] = [];
  #queued = 0;
  #dropped = 0;
  /** The last line was cut by a failure: the next one begins on a line of its own. */
  #torn = false;
  /** The first of the queue is the rest of a line. */
  #partial = false;
  #retry: NodeJS.Timeout | undefined;

  /** The descriptor is written without blocking when it is made so. `resumed` hears how many lines were dropped once lines flow again. */
  constructor(fd: number, resumed: (dropped: number) => void) {
    this.#fd = fd;
    this.#resumed = resumed;
  }

  /** Lines dropped and not yet told to `resumed`. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#queued + bytes.length > maxQueued) {
      this.#dropped += 1;
      return;
    }
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    // While it stalls, the timer tries; not every line.
    if (this.#retry === undefined) this.#pump();
  }

  /** Counts a line that could not even be made. */
  drop(): void {
    this.#dropped += 1;
  }

  /** Writes what waits, for as long as this at most (ms), blocking: for the end of the process. */
  flush(timeoutMs: number): void {
    const end = performance.now() + timeoutMs;
    const pause = new Int32Array(new SharedArrayBuffer(4));
    this.#pump();
    while (this.#queue.length > 0 && performance.now() < end) {
      Atomics.wait(pause, 0, 0, 10);
      this.#pump();
    }
    clearTimeout(this.#retry);
  }

  #pump(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    for (let [bytes] = this.#queue; bytes !== undefined; [bytes] = this.#queue) {
      const outcome = this.#put(bytes);
      if (outcome === 'stalled') {
        this.#retry = setTimeout(() => {
          this.#pump();
        }, retryMs).unref();
        return;
      }
      if (outcome === 'failed') {
        this.#discard();
        return;
      }
    }
    this.#report();
  }

  /** Writes of the first in the queue what the descriptor takes. */
  #put(bytes: Buffer): 'written' | 'stalled' | 'failed' {
    try {
      if (this.#torn) writeSync(this.#fd, '\n');
      this.#torn = false;
      const written = writeSync(this.#fd, bytes);
      this.#queued -= written;
      this.#partial = written < bytes.length;
      if (this.#partial) this.#queue[0] = bytes.subarray(written);
      else this.#queue.shift();
      return 'written';
    } catch (error) {
      const stalled = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      return stalled ? 'stalled' : 'failed';
    }
  }

  /** Full disk, dead reader: nothing waits for them, but the next line tries again. */
  #discard(): void {
    this.#torn ||= this.#partial;
    this.#partial = false;
    this.#dropped += this.#queue.length;
    this.#queue.length = 0;
    this.#queued = 0;
  }

  #report(): void {
    const dropped = this.#dropped;
    if (dropped === 0) return;
    this.#dropped = 0;
    this.#resumed(dropped);
    // The report itself was dropped: it is due once more, and is not one of the lines that it counts.
    if (this.#dropped > 0) this.#dropped = dropped;
  }
}

/** A descriptor for standard output or error whose writes don't block, where the system has a way to one. */
export function unblocked(stream: NodeJS.WriteStream & { readonly fd: 1 | 2 }): number {
  const { fd } = stream;
  // Pipes and sockets: Node made them non-blocking when it made the stream above, and sets them back at exit.
  // Files don't stall. A terminal (Ctrl-S) is kept blocking by Node, so it's opened once more.
  if (!isatty(fd)) return fd;
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Another user's terminal can't be opened anew; it's written as it is.
    return fd;
  }
}
