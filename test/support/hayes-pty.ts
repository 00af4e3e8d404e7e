/**
 * A modem of `hayes.ts` on a pty, for programs that open it as their serial port. A pty has no modem lines, so:
 *
 *   DTR      is on as long as a program has the port open, as with HUPCL: closing it hangs up (&D2)
 *   DCD      is `modem.dcd` for the test; with `hangUp`, its loss hangs the terminal up, as the kernel does without CLOCAL:
 *            whoever has the port open gets EIO and SIGHUP, and the port is there anew a little later
 *   RTS/CTS  the modem reads no more than it can send, and gives no more than the program takes
 *
 * Or on a descriptor, as the serial line of a virtual machine is one: there DTR is always on, and nothing can be hung up.
 */
import type { Millis, Scheduler, Timer } from '../../src/base/clock.js';
import type { Exchange } from './hayes-exchange.js';
import { Modem, type ModemOptions, type Terminal } from './hayes.js';
import { Port, type PortOptions } from './modem-port.js';

export interface ModemPortOptions extends ModemOptions {
  /** A loss of the carrier hangs the terminal up. */
  readonly hangUp?: boolean;
}

const CHUNK_OCTETS = 4096;
/** While something waits for room. */
const TICK_MS: Millis = 2;
/** How often an absent port is looked at: there is no event for the opening of a pty. */
const ABSENT_MS: Millis = 20;
/** How long a port is away that was hung up. */
const AWAY_MS: Millis = 50;

export class ModemPort implements Terminal {
  readonly modem: Modem;
  readonly #at: PortOptions;
  readonly #scheduler: Scheduler;
  readonly #port: Port;
  readonly #hangUp: boolean;
  #waiting: Uint8Array = new Uint8Array(0);
  #timer: Timer | undefined;
  #away = false;
  #closed = false;

  /** Publishes a pty as a symbolic link of that path, or takes over a descriptor. Throws what the system says. */
  constructor(at: string | PortOptions, exchange: Exchange, options: ModemPortOptions = {}) {
    this.#at = typeof at === 'string' ? { kind: 'pty', link: at } : at;
    if (options.hangUp === true && this.#at.kind === 'fd') throw new Error('only a pty can be hung up');
    this.#scheduler = exchange.scheduler;
    this.#hangUp = options.hangUp ?? false;
    this.modem = new Modem(this, exchange, options);
    this.#port = new Port(this.#at, () => {
      this.#serveAfter(0);
    });
    this.#serve();
  }

  /** Where the pty is. */
  get path(): string {
    if (this.#at.kind === 'fd') throw new Error('a descriptor has no path');
    return this.#at.link;
  }

  write(octets: Uint8Array): void {
    this.#waiting = Buffer.concat([this.#waiting, octets]);
    this.#serveAfter(0);
  }

  room(): number {
    return Math.max(0, CHUNK_OCTETS - this.#waiting.length);
  }

  carrier(on: boolean): void {
    if (on || !this.#hangUp || this.#closed) return;
    this.#port.close();
    this.#away = true;
    this.#waiting = new Uint8Array(0);
    this.#scheduler.after(AWAY_MS, () => {
      if (this.#closed) return;
      this.#port.reopen();
      this.#away = false;
      this.#serve();
    });
  }

  /** Takes the port away, and hangs up. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.modem.setDtr(false);
    this.#port.close();
  }

  #serveAfter(delay: Millis): void {
    this.#timer?.cancel();
    this.#timer = this.#scheduler.after(delay, () => {
      this.#serve();
    });
  }

  #serve(): void {
    if (this.#closed || this.#away) return;
    const taken = this.modem.takes();
    const length = Math.min(taken, CHUNK_OCTETS);
    const buffer = new Uint8Array(CHUNK_OCTETS);
    const count = length === 0 ? 0 : this.#port.read(buffer, length);
    this.modem.setDtr(count !== 'absent');
    if (count === 'absent') {
      this.#waiting = new Uint8Array(0);
      this.#serveAfter(ABSENT_MS);
      return;
    }
    if (count > 0) this.modem.fromTerminal(buffer.subarray(0, count));
    const delivered = this.#deliver();
    if (count > 0) this.#serveAfter(0);
    else if (!delivered || length === 0) this.#serveAfter(TICK_MS);
    else this.#port.watch();
  }

  /** True when nothing is left over. */
  #deliver(): boolean {
    if (this.#waiting.length === 0) return true;
    const taken = this.#port.write(this.#waiting, 0, this.#waiting.length);
    this.#waiting = taken === 'absent' ? new Uint8Array(0) : this.#waiting.slice(taken);
    return this.#waiting.length === 0;
  }
}
