/** A port of the null modem: a pty that another program opens as its serial device, or a descriptor (a socket). */
import { rmSync, symlinkSync } from 'node:fs';
import { native, READABLE, type Watcher } from '../../src/native/binding.js';

export type PortOptions =
  /** A pty pair; its slave is published as a symbolic link of that path, which must not exist yet. */
  | { readonly kind: 'pty'; readonly link: string }
  /** One end of a socket pair, taken over with this. */
  | { readonly kind: 'fd'; readonly fd: number };

/**
 * What reading and writing gave: octets, nothing now, or nobody at the other side. A pty is `absent` until a program opens
 * it and again when the last one closes it; a socket whose far end was closed stays absent.
 */
export type PortResult = number | 'absent';

/** A FIFO's worth is enough to see whether somebody sends. */
const AHEAD_OCTETS = 16;

export class Port {
  readonly #options: PortOptions;
  readonly #readable: () => void;
  #fd: number | undefined;
  /** What the last read showed. */
  #absent = true;
  /** What was read only to see whether anybody is there. */
  #ahead: Uint8Array = new Uint8Array(0);
  #watcher: Watcher | undefined;

  /** Opens it; `readable` is called once after each `watch`. Throws what the system says. */
  constructor(options: PortOptions, readable: () => void) {
    this.#options = options;
    this.#readable = readable;
    this.#fd = open(options);
  }

  read(into: Uint8Array, length: number): PortResult {
    if (this.#fd === undefined) return 'absent';
    if (this.#ahead.length > 0) return this.#takeAhead(into, length);
    const taken = native.read(this.#fd, into, 0, length);
    this.#absent = taken === 0 || (taken < 0 && taken !== -native.EAGAIN);
    return this.#absent ? 'absent' : Math.max(0, taken);
  }

  write(from: Uint8Array, offset: number, length: number): PortResult {
    if (this.#fd === undefined || !this.#isHeard()) return 'absent';
    const taken = native.write(this.#fd, from, offset, length);
    return taken < 0 && taken !== -native.EAGAIN ? 'absent' : Math.max(0, taken);
  }

  /** Calls `readable` when there is something to read, once. Not to be used on an absent port: that is always readable. */
  watch(): void {
    if (this.#fd === undefined) return;
    this.#watcher ??= native.createWatcher(this.#fd, () => {
      this.#watcher?.watch(0);
      this.#readable();
    });
    this.#watcher.watch(READABLE);
  }

  /** The device goes away, as an adapter pulled out of its USB socket: who holds it gets a hang-up. */
  close(): void {
    if (this.#fd === undefined) return;
    this.#watcher?.close();
    this.#watcher = undefined;
    native.close(this.#fd);
    this.#fd = undefined;
    this.#absent = true;
    this.#ahead = new Uint8Array(0);
    if (this.#options.kind === 'pty') rmSync(this.#options.link, { force: true });
  }

  /** The device comes back under its name. Only for ptys: a caller's descriptor is gone for good. */
  reopen(): void {
    if (this.#fd !== undefined || this.#options.kind === 'fd') throw new Error('only a closed pty can be opened again');
    this.#fd = open(this.#options);
  }

  /** A pty takes what is written to it whether anybody has it open or not: only reading tells. */
  #isHeard(): boolean {
    if (!this.#absent) return true;
    const ahead = new Uint8Array(AHEAD_OCTETS);
    const taken = this.read(ahead, AHEAD_OCTETS);
    if (typeof taken === 'number') this.#ahead = ahead.subarray(0, taken);
    return !this.#absent;
  }

  #takeAhead(into: Uint8Array, length: number): number {
    const part = this.#ahead.subarray(0, length);
    into.set(part);
    this.#ahead = this.#ahead.subarray(part.length);
    return part.length;
  }
}

function open(options: PortOptions): number {
  if (options.kind === 'fd') {
    const fd = native.duplicate(options.fd);
    native.close(options.fd);
    return fd;
  }
  const { master, slave, path } = native.openPty();
  // The settings stay as long as the master is open. Held open by us, it would never look absent.
  native.close(slave);
  symlinkSync(path, options.link);
  return master;
}
