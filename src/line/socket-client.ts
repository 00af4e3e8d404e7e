/** A line source that connects: one connection for each line. */
import { connect, type NetConnectOpts } from 'node:net';
import { cause, type CauseCode } from '../base/cause.js';
import { codeOf, messageOf } from '../base/errors.js';
import { LineError, type Line, type LineSource } from './line.js';
import { socketLine } from './socket-line.js';
import { event } from './wait.js';

/** From the look-up of the name to the established connection. */
const CONNECT_TIMEOUT_MS = 10_000;

export class ConnectingSource implements LineSource {
  readonly #to: NetConnectOpts;
  readonly #name: string;
  readonly #speed: number | undefined;
  readonly #timeout: number;

  /** `name` is the address for people. The time-out is in milliseconds. */
  constructor(to: NetConnectOpts, name: string, speed: number | undefined, timeout = CONNECT_TIMEOUT_MS) {
    this.#to = to;
    this.#name = name;
    this.#speed = speed;
    this.#timeout = timeout;
  }

  async open(signal: AbortSignal): Promise<Line> {
    signal.throwIfAborted();
    const socket = connect(this.#to);
    // Before it is connected, so that Node reads none of what the far end says first.
    socket.pause();
    socket.setTimeout(this.#timeout, () => {
      socket.destroy(new ConnectTimeout(`no answer within ${this.#timeout / 1000} s`));
    });
    try {
      await event(socket, 'connect', signal);
      return socketLine(socket, this.#name, this.#speed);
    } catch (thrown) {
      socket.destroy();
      if (signal.aborted) throw thrown;
      throw new LineError('connect to', this.#name, cause(causeOf(thrown), this.#detail(thrown)), thrown);
    }
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  #detail(thrown: unknown): string {
    return `${this.#name}: ${codeOf(thrown) ?? messageOf(thrown)}`;
  }
}

class ConnectTimeout extends Error {
  readonly code = 'ETIMEDOUT';
}

function causeOf(thrown: unknown): CauseCode {
  switch (codeOf(thrown)) {
    case 'ECONNREFUSED':
    case 'ENOENT': // No socket at that path: nobody listens there either.
      return 'connection-refused';
    case 'ETIMEDOUT':
      return 'connection-timeout';
    default:
      return 'connection-failed';
  }
}
