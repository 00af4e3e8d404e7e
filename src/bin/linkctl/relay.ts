/** Octets from a terminal to a line and back, with the terminal in raw mode. */
import { spawnSync } from 'node:child_process';
import type { Duplex, Readable, Writable } from 'node:stream';
import { OpError } from '../../base/errors.js';

/** A terminal that passes every octet as it is. Node's own raw mode would go on changing line feeds on their way out. */
export class RawTerminal {
  readonly #settings: string;
  #restored = false;

  /** Undefined where standard input is no terminal. Throws an OpError. */
  static of(input: NodeJS.ReadStream): RawTerminal | undefined {
    return input.isTTY ? new RawTerminal() : undefined;
  }

  private constructor() {
    this.#settings = stty('-g').trim();
    stty('raw', '-echo', '-iexten', 'cs8', '-parenb');
  }

  /** As it was; a terminal that is gone needs nothing. Safe to call twice. */
  restore(): void {
    if (this.#restored) return;
    this.#restored = true;
    spawnSync('stty', [this.#settings], { stdio: ['inherit', 'ignore', 'ignore'] });
  }
}

/**
 * Returns who ended it: the line, or the terminal by a hang-up or a signal. Where `staysAfter` is set, the end of the input, as that
 * of a pipe, is not the end of the terminal.
 */
export function relay(
  line: Duplex,
  head: Uint8Array,
  input: Readable,
  output: Writable,
  { staysAfter = false }: { readonly staysAfter?: boolean } = {},
): Promise<'line' | 'terminal'> {
  return new Promise((resolve) => {
    const signals = ['SIGHUP', 'SIGTERM', 'SIGINT'] as const;
    const end = (by: 'line' | 'terminal'): void => {
      for (const signal of signals) process.off(signal, hangUp);
      input.unpipe(line);
      input.destroy();
      line.destroy();
      resolve(by);
    };
    const hangUp = (): void => {
      end('terminal');
    };
    for (const signal of signals) process.on(signal, hangUp);
    if (!staysAfter) input.once('end', hangUp);
    input.once('error', hangUp);
    output.once('error', hangUp);
    line.once('error', () => {
      end('line');
    });
    // What the line said last still goes out.
    line.once('end', () => {
      output.write('', () => {
        end('line');
      });
    });
    if (head.length > 0) output.write(head);
    input.pipe(line, { end: false });
    line.pipe(output, { end: false });
  });
}

function stty(...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('stty', args, {
    stdio: ['inherit', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (status === 0) return stdout;
  throw new OpError('set', 'the terminal', error ?? new Error(stderr.trim()), 'Run it on a terminal, or without any.');
}
