/**
 * A netlink socket of our own for events. When they come faster than they are read, the kernel drops some and says so
 * (ENOBUFS): whoever listens then looks for himself at what there is.
 */
import { native, READABLE, type Watcher } from '../native/binding.js';
import { OpError } from '../base/errors.js';

/** Holds a good thousand events; the kernel counts each as much larger than it is. */
const RECEIVE_BUFFER_BYTES = 4 << 20;
/** The kernel's datagrams are at most this long. */
const LONGEST_DATAGRAM = 32_768;
/** Then the event loop has its turn before more is read. */
const DATAGRAMS_PER_WAKE = 256;

export interface ListenerHandlers {
  /** Octets that are valid until it returns. */
  datagram(octets: Uint8Array): void;
  /** Events were lost. */
  lost(): void;
  /** No more will come; the code is the system's. */
  failed(code: string): void;
}

export class NetlinkListener {
  readonly #fd: number;
  readonly #handlers: ListenerHandlers;
  readonly #buffer = new Uint8Array(LONGEST_DATAGRAM);
  #watcher: Watcher | undefined;

  /** Listens to these multicast groups, by number (1..32). Throws an OpError. */
  constructor(protocol: number, groups: readonly number[], handlers: ListenerHandlers) {
    const mask = groups.reduce((sum, group) => sum + 2 ** (group - 1), 0);
    try {
      this.#fd = native.openNetlink(protocol, mask, RECEIVE_BUFFER_BYTES);
    } catch (error) {
      throw new OpError('listen to', 'netlink events', error);
    }
    this.#handlers = handlers;
    this.#watcher = native.createWatcher(this.#fd, () => {
      this.#read();
    });
    this.#watcher.watch(READABLE);
  }

  /** Safe to call twice. */
  close(): void {
    if (this.#watcher === undefined) return;
    this.#watcher.close();
    this.#watcher = undefined;
    native.close(this.#fd);
  }

  #read(): void {
    for (let i = 0; i < DATAGRAMS_PER_WAKE && this.#watcher !== undefined; i++) {
      const count = native.read(this.#fd, this.#buffer, 0, this.#buffer.length);
      if (count >= 0) {
        this.#handlers.datagram(this.#buffer.subarray(0, count));
        continue;
      }
      if (count === -native.EAGAIN) break;
      const code = native.errnoName(count);
      if (code !== 'ENOBUFS') {
        this.close();
        this.#handlers.failed(code);
        return;
      }
      this.#handlers.lost();
    }
    // An error, ENOBUFS as well, has paused it.
    this.#watcher?.watch(READABLE);
  }
}
