/**
 * A line source that listens. The listener stays between two lines, so that a caller who comes early waits instead of
 * being refused. One caller is served at a time and one more is held; a newer one replaces the held one. So a peer whose
 * old connection died unnoticed gets in as soon as the old one is given up.
 */
import { EventEmitter } from 'node:events';
import { createServer, type ListenOptions, type Server, type ServerOpts, type Socket } from 'node:net';
import { cause } from '../base/cause.js';
import { codeOf, messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { LineError, type Line, type LineSource } from './line.js';
import { socketLine } from './socket-line.js';
import { event } from './wait.js';

export interface Listening {
  readonly at: ListenOptions;
  /** The address for people. */
  readonly name: string;
  readonly speed: number | undefined;
  readonly tuning?: ServerOpts;
  /** Makes way for the listener. */
  prepare?(): Promise<void>;
  /** The caller's address for people; undefined when the connection is already gone. */
  describe(caller: Socket): string | undefined;
}

export class ListeningSource implements LineSource {
  readonly #listening: Listening;
  readonly #log: Logger;
  readonly #arrivals = new EventEmitter();
  #server: Server | undefined;
  #held: Socket | undefined;

  constructor(listening: Listening, log: Logger) {
    this.#listening = listening;
    this.#log = log;
  }

  async open(signal: AbortSignal): Promise<Line> {
    signal.throwIfAborted();
    this.#server ??= await this.#listen();
    signal.throwIfAborted();
    for (;;) {
      if (this.#held === undefined) await event(this.#arrivals, 'caller', signal);
      const line = this.#take();
      if (line !== undefined) return line;
    }
  }

  async dispose(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#held?.destroy();
    if (server !== undefined) await closed(server);
  }

  /** The held caller as a line; undefined when it has gone in the meantime. */
  #take(): Line | undefined {
    const caller = this.#held;
    this.#held = undefined;
    if (caller === undefined) return undefined;
    const name = this.#listening.describe(caller);
    if (name === undefined) {
      caller.destroy();
      return undefined;
    }
    try {
      return socketLine(caller, name, this.#listening.speed);
    } catch (thrown) {
      throw new LineError(
        'take the connection from',
        name,
        cause('connection-failed', `${name}: ${messageOf(thrown)}`),
        thrown,
      );
    }
  }

  #hold(caller: Socket): void {
    if (this.#held !== undefined) {
      this.#log.info({ address: this.#listening.name }, 'a new caller takes the place of the one that waited');
      this.#held.destroy();
    }
    this.#held = caller;
    caller.on('error', (error) => {
      this.#log.debug({ address: this.#listening.name, error: error.message }, 'the caller that waited is gone');
    });
    caller.on('close', () => {
      if (this.#held === caller) this.#held = undefined;
    });
    this.#arrivals.emit('caller');
  }

  async #listen(): Promise<Server> {
    const { at, name, tuning } = this.#listening;
    const server = createServer({ ...tuning, pauseOnConnect: true }, (caller) => {
      this.#hold(caller);
    });
    try {
      await this.#listening.prepare?.();
      await listening(server, at);
    } catch (thrown) {
      throw new LineError(
        'listen on',
        name,
        cause('listen-failed', `${name}: ${codeOf(thrown) ?? messageOf(thrown)}`),
        thrown,
      );
    }
    server.on('error', (error) => {
      this.#log.warn({ address: name, error: error.message }, 'a caller could not be let in');
    });
    return server;
  }
}

function listening(server: Server, at: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
