/**
 * A line source that listens. The listener stays between two lines, so that a caller who comes early waits instead of
 * being refused. One caller is served at a time and one more is held; a newer one replaces the held one. So a peer whose
 * old connection died unnoticed gets in as soon as the old one is given up.
 *
 * A Unix socket whose file is deleted hears nobody any more and is not told of it: we look, and listen anew.
 */
import { EventEmitter } from 'node:events';
import { lstat } from 'node:fs/promises';
import { createServer, type ListenOptions, type Server, type ServerOpts, type Socket } from 'node:net';
import { cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { codeOf, messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { native } from '../native/binding.js';
import type { HandedSocket } from './handed.js';
import { LineError, type Line, type LineSource } from './line.js';
import { connectedLine, handedConnection, socketLine } from './socket-line.js';
import { event } from './wait.js';

/** Between two looks for the file of a Unix socket, while we wait for a caller. */
const LOOK_MS: Millis = 2000;

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
  /** `news`: a caller, or time to look for our file. */
  readonly #news = new EventEmitter();
  #server: Server | undefined;
  /** The file that the server is bound to. */
  #file: string | undefined;
  #held: Socket | undefined;
  #handed: HandedSocket | undefined;

  /** `handed` is the first line. */
  constructor(listening: Listening, log: Logger, handed?: HandedSocket) {
    this.#listening = listening;
    this.#log = log;
    this.#handed = handed;
  }

  async open(signal: AbortSignal): Promise<Line> {
    signal.throwIfAborted();
    const handed = this.#handed;
    this.#handed = undefined;
    if (handed !== undefined) return this.#goOn(handed);
    const look = setInterval(() => this.#news.emit('news'), LOOK_MS);
    try {
      for (;;) {
        await this.#listen();
        signal.throwIfAborted();
        if (this.#held === undefined) await event(this.#news, 'news', signal);
        const line = this.#take();
        if (line !== undefined) return line;
      }
    } finally {
      clearInterval(look);
    }
  }

  async dispose(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (this.#handed !== undefined) native.close(this.#handed.fd);
    this.#handed = undefined;
    this.#held?.destroy();
    if (server !== undefined) await closed(server);
  }

  handable(line: Line | undefined): number | undefined {
    return line?.fd;
  }

  /** The listener itself is closed: the next process listens anew. A caller who comes in between is refused, and tries again. */
  async handOver(line: Line | undefined): Promise<HandedSocket> {
    await this.dispose();
    return handedConnection(line);
  }

  /** The connection of the process before us, and a listener for who comes while it lasts. */
  async #goOn(handed: HandedSocket): Promise<Line> {
    try {
      await this.#listen();
    } catch (thrown) {
      // The line doesn't need it; the next `open` tries again, and says it.
      this.#log.warn(
        { address: this.#listening.name, error: messageOf(thrown) },
        'nobody is heard while the line lasts',
      );
    }
    return connectedLine(handed, this.#listening.speed);
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
    this.#news.emit('news');
  }

  /** Does nothing where we listen already and can be found. */
  async #listen(): Promise<void> {
    const { at, name } = this.#listening;
    try {
      if (this.#server !== undefined && (await fileOf(at)) === this.#file) return;
      await this.#listening.prepare?.();
      if (this.#server !== undefined) {
        // Node deletes the path of a server that closes: the file must not be another's.
        if ((await fileOf(at)) !== undefined) throw new Error('EADDRINUSE');
        this.#log.warn({ address: name }, 'the file of the socket is gone: listening anew');
        this.#server.close(); // it may have callers still, so this isn't waited for
        this.#server = undefined;
      }
      const server = this.#newServer();
      await listening(server, at);
      server.on('error', (error) => {
        this.#log.warn({ address: name, error: error.message }, 'a caller could not be let in');
      });
      this.#server = server;
      this.#file = await fileOf(at);
    } catch (thrown) {
      throw new LineError(
        'listen on',
        name,
        cause('listen-failed', `${name}: ${codeOf(thrown) ?? messageOf(thrown)}`),
        thrown,
      );
    }
  }

  #newServer(): Server {
    return createServer({ ...this.#listening.tuning, pauseOnConnect: true }, (caller) => {
      this.#hold(caller);
    });
  }
}

/**
 * Which file is at the path of a Unix socket; undefined when there is none, and for TCP. The number isn't given to another
 * file while the socket is bound.
 */
async function fileOf({ path }: ListenOptions): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const { dev, ino } = await lstat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
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
