/**
 * Lines that are brought from outside: `linkctl answer`, started by a getty or an sshd, relays its terminal to a connection,
 * which becomes the line. One line is open at a time; who comes while another one is there is told so.
 */
import { EventEmitter } from 'node:events';
import { native } from '../native/binding.js';
import type { HandedSocket } from './handed.js';
import type { Line, LineSource } from './line.js';
import type { TerminalOptions } from './options.js';
import { connectedLine, handedConnection } from './socket-line.js';
import { event } from './wait.js';

/** Where terminals are brought to, by the name of the link. */
export class TerminalDesk {
  readonly #waiting = new Map<string, TerminalSource[]>();

  /** A line of the link waits for a terminal. */
  isWaiting(link: string): boolean {
    return (this.#waiting.get(link) ?? []).length > 0;
  }

  /** Brings a connection. False, and it stays the caller's, when no line of the link waits for one. */
  bring(link: string, terminal: Omit<HandedSocket, 'kind'>): boolean {
    const source = this.#waiting.get(link)?.shift();
    source?.take(terminal);
    return source !== undefined;
  }

  /** From now on the source waits for a terminal; the returned function ends that. */
  wait(link: string, source: TerminalSource): () => void {
    this.#waiting.set(link, [...(this.#waiting.get(link) ?? []), source]);
    return () => {
      const others = (this.#waiting.get(link) ?? []).filter((other) => other !== source);
      if (others.length > 0) this.#waiting.set(link, others);
      else this.#waiting.delete(link);
    };
  }
}

export interface TerminalParts {
  readonly link: string;
  readonly desk: TerminalDesk;
  /** The first line. */
  readonly handed?: HandedSocket | undefined;
}

export class TerminalSource implements LineSource {
  readonly #options: TerminalOptions;
  readonly #parts: TerminalParts;
  readonly #news = new EventEmitter();
  #brought: Omit<HandedSocket, 'kind'> | undefined;

  constructor(options: TerminalOptions, parts: TerminalParts) {
    this.#options = options;
    this.#parts = parts;
    this.#brought = parts.handed;
  }

  async open(signal: AbortSignal): Promise<Line> {
    signal.throwIfAborted();
    if (this.#brought === undefined) {
      const end = this.#parts.desk.wait(this.#parts.link, this);
      try {
        await event(this.#news, 'brought', signal);
      } catch (thrown) {
        this.#drop();
        throw thrown;
      } finally {
        end();
      }
    }
    return this.#line();
  }

  /** A terminal is there; its descriptor is ours from now on. */
  take(terminal: Omit<HandedSocket, 'kind'>): void {
    this.#brought = terminal;
    this.#news.emit('brought');
  }

  dispose(): Promise<void> {
    this.#drop();
    return Promise.resolve();
  }

  handable(line: Line | undefined): number | undefined {
    return line?.fd;
  }

  handOver(line: Line | undefined): Promise<HandedSocket> {
    return handedConnection(line);
  }

  #line(): Line {
    const brought = this.#brought;
    this.#brought = undefined;
    if (brought === undefined) throw new Error('a terminal was announced, and there is none');
    return connectedLine(brought, this.#options.speed);
  }

  #drop(): void {
    if (this.#brought !== undefined) native.close(this.#brought.fd);
    this.#brought = undefined;
  }
}
