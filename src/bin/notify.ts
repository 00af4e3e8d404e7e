/**
 * What linkd tells systemd about itself: sd_notify(3). Started by anything else (no NOTIFY_SOCKET), it says nothing. A
 * message that can't be sent is logged and no reason to end.
 */
import type { Millis, Scheduler, Timer } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { native } from '../native/binding.js';

/** Three looks in each of systemd's periods: one that comes late, or that is late to be answered, does no harm. */
const looksPerPeriod = 3;

export interface NotifierOptions {
  /** NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are read. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** This process: a WATCHDOG_PID that names another one means that the watchdog is not for us. */
  readonly pid: number;
  readonly scheduler: Scheduler;
  readonly log: Logger;
}

export class Notifier {
  readonly #socket: string | undefined;
  readonly #lookMs: Millis | undefined;
  readonly #scheduler: Scheduler;
  readonly #log: Logger;
  #timer: Timer | undefined;

  constructor({ environment, pid, scheduler, log }: NotifierOptions) {
    this.#socket = readSocket(environment['NOTIFY_SOCKET']);
    const period = this.#socket === undefined ? undefined : readPeriod(environment, pid);
    this.#lookMs = period === undefined ? undefined : period / looksPerPeriod;
    this.#scheduler = scheduler;
    this.#log = log;
  }

  /** Start-up, or a reload, is over. `status` is a line for people, shown by `systemctl status`. */
  ready(status: string): void {
    this.#send('READY=1', statusField(status));
  }

  /** A reload begins; `ready` ends it. */
  reloading(): void {
    this.#send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  /** The end begins; it is not watched over, as systemd bounds its time. */
  stopping(): void {
    this.#endWatchdog();
    this.#send('STOPPING=1', statusField('ending'));
  }

  /** This process is the service from now on, and this one is not: it says nothing more. */
  handOver(pid: number): void {
    this.#endWatchdog();
    this.#send(`MAINPID=${pid}`);
  }

  status(status: string): void {
    this.#send(statusField(status));
  }

  /**
   * Feeds the watchdog until `stopping`, if systemd keeps one: each time that `alive` is asked and gives true before it would be
   * asked again. That this is called at all proves the event loop of this thread; `alive` has to prove the others. Left
   * unfed, systemd ends linkd with SIGABRT and starts it anew.
   */
  watchdog(alive: () => Promise<boolean>): void {
    this.#endWatchdog();
    if (this.#lookMs !== undefined) this.#look(alive, this.#lookMs);
  }

  #look(alive: () => Promise<boolean>, lookMs: Millis): void {
    let answered = false;
    const timer = this.#scheduler.after(lookMs, () => {
      if (!answered) this.#log.error({}, 'a part of linkd does not answer: the watchdog was not fed');
      this.#look(alive, lookMs);
    });
    this.#timer = timer;
    void this.#ask(alive).then((yes) => {
      // The answer to an earlier look, or after the end, comes too late.
      if (!yes || this.#timer !== timer) return;
      answered = true;
      this.#send('WATCHDOG=1');
    });
  }

  #endWatchdog(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #ask(alive: () => Promise<boolean>): Promise<boolean> {
    try {
      return await alive();
    } catch (error) {
      this.#log.error({ err: error }, `whether linkd is alive could not be told: ${messageOf(error)}`);
      return false;
    }
  }

  #send(...fields: readonly string[]): void {
    if (this.#socket === undefined) return;
    try {
      native.sendDatagram(this.#socket, fields.join('\n'));
    } catch (error) {
      this.#log.warn({ socket: this.#socket, fields }, `systemd could not be told: ${messageOf(error)}`);
    }
  }
}

/** A path or an abstract name; systemd's other kinds (vsock) are for virtual machines. */
function readSocket(text: string | undefined): string | undefined {
  return text !== undefined && /^[/@]./.test(text) ? text : undefined;
}

/** sd_watchdog_enabled(3): milliseconds, undefined where systemd keeps no watchdog for this process. */
function readPeriod(environment: NotifierOptions['environment'], pid: number): Millis | undefined {
  const microseconds = Number(environment['WATCHDOG_USEC']);
  const owner = environment['WATCHDOG_PID'];
  if (!Number.isSafeInteger(microseconds) || microseconds <= 0) return undefined;
  return owner === undefined || Number(owner) === pid ? microseconds / 1000 : undefined;
}

/** A field is a line. */
function statusField(text: string): string {
  return `STATUS=${text.replace(/\s+/g, ' ').trim()}`;
}
