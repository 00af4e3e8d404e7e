/** A program's standard error, line by line into the log: bounded in length and rate, so that it can't flood it. */
import type { Readable } from 'node:stream';
import type { Logger } from '../base/log.js';

/** Characters of a line that are kept. */
const MAX_LENGTH = 400;
/** Lines logged in each window. */
const MAX_LINES = 20;
const WINDOW_MS = 10_000;

export class StderrLog {
  /** Resolves when the program and all who inherited its standard error have closed it. */
  readonly closed: Promise<void>;
  readonly #stream: Readable;
  readonly #log: Logger;
  readonly #program: string;
  #last: string | undefined;
  #partial = '';
  #windowStart = -Infinity;
  #lines = 0;

  constructor(stream: Readable, log: Logger, program: string) {
    this.#stream = stream;
    this.#log = log;
    this.#program = program;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      this.#take(text);
    });
    stream.on('error', (error) => {
      log.debug({ program, error: error.message }, 'standard error of the program cannot be read');
    });
    this.closed = new Promise((resolve) => {
      stream.once('close', () => {
        this.#take('\n');
        this.#tellSuppressed();
        resolve();
      });
    });
  }

  /** The last line that said something. */
  get last(): string | undefined {
    return this.#last;
  }

  stop(): void {
    this.#stream.destroy();
  }

  #take(text: string): void {
    const [first = '', ...rest] = text.split('\n');
    this.#append(first);
    for (const next of rest) {
      this.#flush();
      this.#append(next);
    }
  }

  #append(text: string): void {
    this.#partial += text.slice(0, MAX_LENGTH - this.#partial.length);
  }

  #flush(): void {
    const line = this.#partial.trim();
    this.#partial = '';
    if (line === '') return;
    this.#last = line;
    const now = performance.now();
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#tellSuppressed();
      this.#windowStart = now;
      this.#lines = 0;
    }
    this.#lines++;
    if (this.#lines <= MAX_LINES) this.#log.info({ program: this.#program, stderr: line }, 'the program says');
  }

  #tellSuppressed(): void {
    const suppressed = this.#lines - MAX_LINES;
    if (suppressed > 0)
      this.#log.info({ program: this.#program, suppressed }, 'the program says more lines than are logged');
  }
}
