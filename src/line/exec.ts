/**
 * A program as a line: octets go to its standard input and come from its standard output, through a small socket pair (so
 * that the queue stays with us) or a terminal of its own. What it says on standard error goes to the log.
 */
import { cause, type Cause } from '../base/cause.js';
import { messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { native } from '../native/binding.js';
import { DescriptorLine } from './descriptor-line.js';
import { LineError, type Line, type LineSource, type StreamEnd } from './line.js';
import type { ExecOptions } from './options.js';
import { Program } from './program.js';
import { explainSocketEnd } from './socket-line.js';
import { within } from './wait.js';

/** What each end of the socket pair holds. */
const SOCKET_BYTES = 4096;
/** A program that ends closes its output a little before it can be asked for its status. */
const EXIT_MS = 1000;

export class ExecSource implements LineSource {
  readonly #options: ExecOptions;
  readonly #log: Logger;

  constructor(options: ExecOptions, log: Logger) {
    this.#options = options;
    this.#log = log;
  }

  async open(signal: AbortSignal): Promise<Line> {
    signal.throwIfAborted();
    const { command, pty, speed } = this.#options;
    // Its arguments may hold a password: no log and no status shows them.
    const [name] = command;
    const [fd, theirs] = this.#pair(name);
    let program: Program;
    try {
      program = await Program.start(command, theirs, pty, this.#log);
    } catch (thrown) {
      native.close(fd);
      throw new LineError('start', name, cause('program-failed', `${command[0]}: ${messageOf(thrown)}`), thrown);
    } finally {
      // Only the program has it now: when the last of its processes closes it, we see the end.
      native.close(theirs);
    }
    const line = new DescriptorLine({
      fd,
      name,
      speed,
      ended: program.exited,
      explain: (end) => explain(end, program),
      release: async () => {
        native.close(fd);
        await program.end();
      },
    });
    if (signal.aborted) await line.close();
    signal.throwIfAborted();
    return line;
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  /** The program is a child of this process: another one could not even be told of its end. */
  handable(): undefined {
    return undefined;
  }

  handOver(): Promise<never> {
    return Promise.reject(new Error('a program cannot be handed on'));
  }

  /** Our end and the program's. */
  #pair(name: string): readonly [number, number] {
    try {
      if (!this.#options.pty) return native.socketPair(SOCKET_BYTES);
      const { master, slave } = native.openPty();
      return [master, slave];
    } catch (thrown) {
      throw new LineError('start', name, cause('program-failed', messageOf(thrown)), thrown);
    }
  }
}

async function explain(end: StreamEnd, program: Program): Promise<Cause> {
  if (await within(EXIT_MS, program.exited)) return program.exited;
  // It lives on, and yet it has closed its standard output.
  return explainSocketEnd(end, program.name);
}
