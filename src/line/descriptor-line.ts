/** A line that is a descriptor and little more: what sockets, ptys and programs have in common. */
import type { Cause } from '../base/cause.js';
import type { Line, StreamEnd } from './line.js';
import type { TelnetTerms } from './telnet/telnet.js';

export interface DescriptorLineParts {
  readonly fd: number;
  readonly name: string;
  readonly speed: number | undefined;
  readonly telnet?: TelnetTerms;
  /** Never resolves unless given: the descriptor shows every end. */
  readonly ended?: Promise<Cause>;
  explain(end: StreamEnd): Cause | Promise<Cause>;
  /** Gives the descriptor and what belongs to it back; called once. */
  release(): void | Promise<void>;
}

export class DescriptorLine implements Line {
  readonly fd: number;
  readonly name: string;
  readonly speed: number | undefined;
  readonly telnet: TelnetTerms | undefined;
  readonly ended: Promise<Cause>;
  readonly #parts: DescriptorLineParts;
  #closing: Promise<void> | undefined;

  constructor(parts: DescriptorLineParts) {
    this.fd = parts.fd;
    this.name = parts.name;
    this.speed = parts.speed;
    this.telnet = parts.telnet;
    // A promise of its own, even when it never resolves: those who wait for a shared one would pile up.
    this.ended = parts.ended ?? new Promise(() => undefined);
    this.#parts = parts;
  }

  async explain(end: StreamEnd): Promise<Cause> {
    return this.#parts.explain(end);
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #release(): Promise<void> {
    await this.#parts.release();
  }
}
