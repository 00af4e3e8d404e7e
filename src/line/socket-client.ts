/** A line source that connects: one connection for each line. */
import { connect, type NetConnectOpts } from 'node:net';
import { cause, type CauseCode } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { codeOf, messageOf } from '../base/errors.js';
import { native } from '../native/binding.js';
import type { HandedSocket } from './handed.js';
import { LineError, type Line, type LineSource } from './line.js';
import { connectedLine, handedConnection, socketLine } from './socket-line.js';
import { event } from './wait.js';

/** From the look-up of the name to the established connection. */
const CONNECT_TIMEOUT_MS = 10_000;

export class ConnectingSource implements LineSource {
  readonly #to: NetConnectOpts;
  readonly #name: string;
  readonly #speed: number | undefined;
  readonly #timeout: number;
  #handed: HandedSocket | undefined;

  /** `name` is the address for people; `handed` is the first line. */
  constructor(
    to: NetConnectOpts,
    name: string,
    speed: number | undefined,
    { handed, timeoutMs = CONNECT_TIMEOUT_MS }: { readonly handed?: HandedSocket; readonly timeoutMs?: Millis } = {},
  ) {
    this.#to = to;
    this.#name = name;
    this.#speed = speed;
    this.#timeout = timeoutMs;
    this.#handed = handed;
  }

  async open(signal: AbortSignal): Promise<Line> {
    signal.throwIfAborted();
    const handed = this.#handed;
    this.#handed = undefined;
    if (handed !== undefined) return connectedLine(handed, this.#speed);
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
    if (this.#handed !== undefined) native.close(this.#handed.fd);
    this.#handed = undefined;
    return Promise.resolve();
  }

  handable(line: Line | undefined): number | undefined {
    return line?.fd;
  }

  handOver(line: Line | undefined): Promise<HandedSocket> {
    return handedConnection(line);
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
