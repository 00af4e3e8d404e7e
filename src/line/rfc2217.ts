/**
 * Serial ports behind a terminal server, by telnet (RFC 2217). The connection is that of `tcp`; while the line is opened, the
 * port is set up through it here (`rfc2217-dialogue.ts`), and then its reader unwraps the telnet (`telnet-stream.ts`).
 */
import { describeCause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import type { Logger } from '../base/log.js';
import { DescriptorLine, type DescriptorLineParts } from './descriptor-line.js';
import type { HandedSocket } from './handed.js';
import { LineError, type Line, type LineSource } from './line.js';
import type { Rfc2217Options } from './options.js';
import { hangUp, setUpPort, steersDtr, type SetUpLine } from './rfc2217-dialogue.js';
import { tcpClient } from './tcp.js';

/** From the connection to the last answer; a satellite and a slow server together need less. */
const SET_UP_MS = 10_000;

export interface Rfc2217Parts {
  /** The first line, which is set up. */
  readonly handed?: HandedSocket;
  readonly setUpMs?: Millis;
}

export class Rfc2217Source implements LineSource {
  readonly #options: Rfc2217Options;
  readonly #log: Logger;
  readonly #connections: LineSource;
  readonly #setUpMs: Millis;
  #isSetUp: boolean;

  constructor(options: Rfc2217Options, log: Logger, { handed, setUpMs = SET_UP_MS }: Rfc2217Parts = {}) {
    const { host, port, speed } = options;
    this.#options = options;
    this.#log = log;
    this.#connections = tcpClient({ kind: 'tcp', host, port, speed }, handed);
    this.#setUpMs = setUpMs;
    this.#isSetUp = handed !== undefined;
  }

  async open(signal: AbortSignal): Promise<Line> {
    const connection = await this.#connections.open(signal);
    const isSetUp = this.#isSetUp;
    this.#isSetUp = false;
    try {
      const carrier = isSetUp ? false : await this.#setUp(connection, signal);
      return this.#lineOver(connection, carrier);
    } catch (thrown) {
      await connection.close();
      throw thrown;
    }
  }

  dispose(): Promise<void> {
    return this.#connections.dispose();
  }

  handable(line: Line | undefined): number | undefined {
    return this.#connections.handable(line);
  }

  /** The port stays set up, and DTR on. */
  handOver(line: Line | undefined): ReturnType<LineSource['handOver']> {
    return this.#connections.handOver(line);
  }

  /** Gives the carrier, as far as the server told. */
  async #setUp(connection: Line, signal: AbortSignal): Promise<boolean | undefined> {
    const outcome = await setUpPort(connection, this.#options, this.#setUpMs, signal);
    if (outcome.kind === 'failed')
      throw new LineError('set up', connection.name, outcome.cause, describeCause(outcome.cause));
    const { signature = 'of no name', carrier } = outcome;
    this.#log.debug({ server: connection.name, signature, carrier }, 'the terminal server has set the port up');
    return carrier;
  }

  #lineOver(connection: Line, carrier: boolean | undefined): Line {
    const { fd, name, speed } = connection;
    const telnet = { watchCarrier: this.#options.carrier !== 'ignore', carrier };
    return new Rfc2217Line({
      ...{ fd, name, speed, telnet },
      explain: (end) => connection.explain(end),
      release: async () => {
        await hangUp({ fd, telnet });
        await connection.close();
      },
    });
  }
}

class Rfc2217Line extends DescriptorLine {
  readonly #line: SetUpLine;

  constructor(parts: DescriptorLineParts & SetUpLine) {
    super(parts);
    this.#line = parts;
  }

  /** The descriptor must not be watched meanwhile. */
  hasModemLines(): Promise<boolean> {
    return steersDtr(this.#line);
  }
}
