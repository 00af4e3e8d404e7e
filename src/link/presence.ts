/** What a link that isn't up has in the system: nothing that leads to it, unless it waits for packets. */
import { messageOf } from '../base/errors.js';
import type { Dialing } from './dialing.js';
import type { LinkIo } from './link-io.js';
import type { LinkNet } from './link-net.js';
import type { LinkEvent } from './types.js';

export interface PresenceParts {
  readonly dialing: Pick<Dialing, 'standsBy'>;
  readonly io: Pick<LinkIo, 'standBy' | 'close'>;
  readonly net: Pick<LinkNet, 'standBy' | 'uninstall'>;
  readonly host: { note(level: LinkEvent['level'], message: string): void };
}

export class Presence {
  readonly #parts: PresenceParts;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  /** The link goes down: takes addresses and routes out, unless they are to lead packets to it. False when that failed. */
  async withdraw(): Promise<boolean> {
    const { dialing, net } = this.#parts;
    if (dialing.standsBy) return net.standBy();
    await net.uninstall();
    return true;
  }

  /** The link is down: closes its lines as well. True when there was one. */
  async giveLineBack(): Promise<boolean> {
    await this.withdraw();
    try {
      return await this.#parts.io.close();
    } catch (error) {
      this.#complain(error);
      return false;
    }
  }

  /** The link sleeps: makes ready for the packets that it waits for, if it does. False when that failed. */
  async standBy(): Promise<boolean> {
    const { dialing, io } = this.#parts;
    try {
      if (dialing.standsBy) await io.standBy();
    } catch (error) {
      this.#complain(error);
      return false;
    }
    return this.withdraw();
  }

  #complain(error: unknown): void {
    this.#parts.host.note('warn', messageOf(error));
  }
}
