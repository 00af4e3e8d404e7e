/** Questions on a terminal: prompts to standard error, answers by the line, secrets without echo. */
import { spawnSync } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { OpError } from '../../base/errors.js';

/** Asks on standard input, which has to be a terminal. What is changed on it is put back by `close`. */
export class TerminalQuestions {
  readonly #lines: Interface;
  readonly #waiting: string[] = [];
  readonly #signal: AbortSignal;
  #take: ((line: string | undefined) => void) | undefined;
  #ended = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#lines = createInterface({ input: process.stdin, terminal: false });
    this.#lines.on('line', (line) => {
      if (this.#take === undefined) this.#waiting.push(line);
      else this.#take(line);
    });
    this.#lines.on('close', () => {
      this.#ended = true;
      this.#take?.(undefined);
    });
  }

  /** The next line; a secret isn't echoed. Throws an OpError where the input ends, and the signal's reason. */
  async ask(prompt: string, secret: boolean): Promise<string> {
    if (secret) echo(false);
    try {
      process.stderr.write(prompt);
      const line = await this.#next();
      this.#signal.throwIfAborted();
      if (line === undefined) throw new OpError('go on', 'with the questions', new Error('the input has ended'));
      return line;
    } finally {
      if (secret) {
        echo(true);
        process.stderr.write('\n');
      }
    }
  }

  close(): void {
    this.#lines.close();
    process.stdin.unref();
  }

  #next(): Promise<string | undefined> {
    const line = this.#waiting.shift();
    if (line !== undefined || this.#ended) return Promise.resolve(line);
    return new Promise((resolve) => {
      const abort = (): void => {
        this.#take?.(undefined);
      };
      this.#take = (next) => {
        this.#take = undefined;
        this.#signal.removeEventListener('abort', abort);
        resolve(next);
      };
      this.#signal.addEventListener('abort', abort);
      if (this.#signal.aborted) abort();
    });
  }
}

function echo(on: boolean): void {
  const { status, error } = spawnSync('stty', [on ? 'echo' : '-echo'], { stdio: ['inherit', 'ignore', 'ignore'] });
  if (status === 0 || on) return;
  throw new OpError('hide', 'what is typed', error ?? new Error('stty failed'), 'Give --secret-file instead.');
}
