/**
 * How a link gets its first line: the hooks before, the line itself (by its source, or by somebody who takes it by hand), and
 * what becomes of it when it is no longer wanted.
 */
import type { Cause } from '../base/cause.js';
import { Visit, type Terminal } from '../dial/visit.js';
import type { Companions } from './companions.js';
import type { LinkIo } from './link-io.js';
import type { LinkState } from './types.js';

export interface OpeningParts {
  readonly io: Pick<LinkIo, 'open' | 'close' | 'causeOf'>;
  readonly companions: Pick<Companions, 'cutOff' | 'rising'>;
  /** A line is open, and the secrets for it are read. */
  opened(): void;
  /** `why` is undefined when it was no longer wanted. */
  failed(why: Cause | undefined): void;
  /** The link's, which `failed` has changed. */
  cause(): Cause;
}

/** In these a link has no line, and opens none by itself at this moment. */
const resting: readonly LinkState[] = ['down', 'waiting', 'dormant'];

export class Opening {
  readonly #parts: OpeningParts;
  #abort: AbortController | undefined;
  #visit: Visit | undefined;
  /** Resolves when nothing is being opened any more; never rejects. */
  done: Promise<void> = Promise.resolve();

  constructor(parts: OpeningParts) {
    this.#parts = parts;
  }

  /** `opened` or `failed` follows, once. */
  begin(): void {
    this.done = this.#open();
  }

  /** The line is not wanted any more. */
  abort(why: string): void {
    this.#abort?.abort(new Error(why));
  }

  /**
   * Somebody wants to talk over the line by hand. `opens`: the link is to open it for him; `goes-on`: it is open, as another
   * left it; otherwise the state, in which the line is, or may be, in use.
   */
  visit(connect: () => Terminal, state: LinkState): 'opens' | 'goes-on' | LinkState {
    if (this.#visit?.isLeft === true) {
      this.#visit.attach(connect());
      return 'goes-on';
    }
    if (!resting.includes(state)) return state;
    this.#visit = new Visit(connect());
    return 'opens';
  }

  /** Who has the line by hand. */
  get visitor(): string | undefined {
    return this.#visit?.visitor;
  }

  /** Someone wants the link up: on a line that is in somebody's hands PPP begins as it is. */
  hurry(): void {
    this.#visit?.beginPpp();
  }

  async #open(): Promise<void> {
    const { companions, io } = this.#parts;
    const visit = this.#visit;
    let isOpen = false;
    const { cutOff } = companions;
    const abort = new AbortController();
    this.#abort = abort;
    try {
      if (cutOff !== undefined) {
        this.#parts.failed(cutOff);
        return;
      }
      await companions.rising();
      abort.signal.throwIfAborted();
      await io.open(abort.signal, visit);
      if (abort.signal.aborted) await io.close();
      abort.signal.throwIfAborted();
      isOpen = true;
      this.#parts.opened();
    } catch (error) {
      this.#parts.failed(abort.signal.aborted ? undefined : io.causeOf(error));
    } finally {
      if (this.#abort === abort) this.#abort = undefined;
      if (this.#visit === visit) this.#visit = undefined;
      visit?.end(isOpen ? undefined : this.#parts.cause());
    }
  }
}
