/**
 * What carries one link's octets and packets: its line and its TUN, opened here on the main thread, and the packet worker
 * that their descriptors are lent to. A descriptor is closed only when the worker has let go of it.
 */
import { cause, type Cause } from '../base/cause.js';
import type { Millis, Scheduler, Timer } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import type { Ip4 } from '../base/ip.js';
import type { LinkConfig } from '../config/types.js';
import type { IpcpOptions } from '../ppp/options.js';
import { LineError, type Line, type LineSource } from '../line/line.js';
import type { AuthOptions } from '../ppp/options.js';
import { loadAuth } from '../secrets/load.js';
import type { Tun } from '../tun/tun.js';
import { holdMs, type Grip, type HandedLink } from './handed.js';
import type { FromWorker, ToWorker } from './messages.js';

/** The parts of `PacketWorker` that a link uses. */
export interface LinkWorker {
  listen(link: string, listener: { message(message: FromWorker): void; died(reason: string): void }): void;
  forget(link: string): void;
  post(message: ToWorker): void;
}

export interface LinkIoParts {
  readonly lines: LineSource;
  readonly worker: LinkWorker;
  readonly scheduler: Scheduler;
  openTun(name: string): Tun;
  /** The TUN that an earlier process handed on; `hold`: its packets shall wait for the session. */
  readonly inherited?: { readonly tun: Tun; readonly hold: boolean } | undefined;
}

/** What `handOver` gives. */
export type HandedIo = Pick<HandedLink, 'tun' | 'line'>;

/** The secrets could not be read; the message says why, and what to do. */
class SecretsError extends Error {}

/** The longest wait for a line to close, or for the worker to let go of a descriptor. */
const patienceMs = 2500;

export class LinkIo {
  readonly #config: LinkConfig;
  readonly #parts: LinkIoParts;
  readonly #complain: (message: string) => void;
  #tun: Tun | undefined;
  /** The worker has the TUN's descriptor. */
  #lent = false;
  #line: Line | undefined;
  /** What the next session is told of secrets. */
  #auth: AuthOptions | undefined;
  /** The TUN was deleted by someone: it is made anew for the next attempt. */
  #tunGone = false;
  /** Set while the worker is asked to let go of a descriptor. */
  #released: (() => void) | undefined;
  /** Counts these questions. */
  #number = 0;
  /** Counts the lines. */
  #opened = 0;
  #holdMs: Millis | undefined;

  constructor(config: LinkConfig, parts: LinkIoParts, complain: (message: string) => void) {
    this.#config = config;
    this.#parts = parts;
    this.#complain = complain;
    this.#tun = parts.inherited?.tun;
    this.#holdMs = parts.inherited?.hold === true ? holdMs : undefined;
  }

  /** The open line. */
  get line(): Line | undefined {
    return this.#line;
  }

  /**
   * Opens the TUN, which stays, and the line, and reads the secrets for a session on it. Throws `LineError`, what the TUN
   * throws, an OpError of the secrets, or `signal.reason`.
   */
  async open(signal: AbortSignal): Promise<Line> {
    this.#openTun();
    const line = await this.#parts.lines.open(signal);
    this.#line = line;
    this.#opened += 1;
    if (this.#tunGone) {
      // It was deleted while the line waited for its caller.
      await this.#dropTun();
      this.#openTun();
    }
    await this.#readSecrets(signal);
    return line;
  }

  /** The cause behind what `open` threw. */
  causeOf(error: unknown): Cause {
    if (error instanceof LineError) return error.reason;
    if (error instanceof SecretsError) return cause('secrets-failed', error.message);
    return cause(this.#tun === undefined ? 'tun-failed' : 'internal', messageOf(error));
  }

  /** Anew for each session: what was changed since counts. */
  async #readSecrets(signal: AbortSignal): Promise<void> {
    this.#auth = undefined;
    if (this.#config.auth === undefined) return;
    try {
      const { auth, warnings } = await loadAuth(this.#config.auth, process.env, signal);
      this.#auth = auth;
      for (const warning of warnings) this.#complain(warning);
    } catch (error) {
      throw new SecretsError(messageOf(error), { cause: error });
    }
  }

  /** Lends the line to the worker and starts a session on it. */
  startSession(): void {
    const { name, lcp, ipv6cp, escape, mtu } = this.#config;
    if (this.#line === undefined) throw new Error('a session without a line');
    const { fd, speed, telnet } = this.#line;
    const wrapping = telnet === undefined ? {} : { telnet };
    const auth = this.#auth === undefined ? {} : { auth: this.#auth };
    const ccp = this.#config.ccp === undefined ? {} : { ccp: this.#config.ccp };
    const options = { session: { lcp, ipcp: ipcpOptions(this.#config), ipv6cp, ...auth, ...ccp }, escape, mtu, speed };
    this.#auth = undefined;
    this.#parts.worker.post({ type: 'attach', link: name, line: 0, fd, ...wrapping, options });
  }

  /** Tells the session the peer's address, as it asked under this number. */
  assign(number: number, remote: Ip4): void {
    this.#parts.worker.post({ type: 'assign', link: this.#config.name, number, remote });
  }

  /** Begins the Terminate exchange. */
  closeSession(why: Cause): void {
    this.#parts.worker.post({ type: 'close', link: this.#config.name, cause: why });
  }

  probe(packet: Uint8Array): void {
    this.#parts.worker.post({ type: 'probe', link: this.#config.name, packet });
  }

  /** Takes the line back from the worker and closes it. True when there was one. */
  async close(): Promise<boolean> {
    const line = this.#line;
    if (line !== undefined) {
      if (this.#lent) await this.#release('detach');
      await this.#bounded(line.close(), 'the line takes long to close; it is left to itself');
      this.#line = undefined;
    }
    if (this.#tunGone) await this.#dropTun();
    return line !== undefined;
  }

  /** Gives back what outlives a line: a listener, the TUN. */
  async dispose(): Promise<void> {
    await this.#parts.lines.dispose();
    await this.#dropTun();
    this.#parts.worker.forget(this.#config.name);
  }

  /** What `handOver` would hand on if it came now. */
  get grip(): Omit<Grip, 'link'> {
    const line = this.#parts.lines.handable(this.#line);
    return { tun: this.#tunGone ? undefined : this.#tun?.fd, line, opened: this.#opened };
  }

  /**
   * Lets go of the line and the TUN without ending them, as far as they are in `grip`, and gives back the rest. Nothing
   * may follow.
   */
  async handOver(grip: Omit<Grip, 'link'>): Promise<HandedIo> {
    const { lines, worker } = this.#parts;
    const now = this.grip;
    const handable = now.line !== undefined && now.line === grip.line && now.opened === grip.opened;
    let line: HandedIo['line'] = null;
    if (handable) {
      if (this.#line !== undefined && this.#lent) await this.#release('detach');
      line = await lines.handOver(this.#line);
    } else {
      if (await this.close()) this.#complain('the line cannot be handed on: it is opened anew');
      await lines.dispose();
    }
    const tun = now.tun === grip.tun ? (now.tun ?? null) : null;
    if (tun === null) await this.#dropTun();
    else if (this.#lent) await this.#release('remove');
    worker.forget(this.#config.name);
    return { tun, line };
  }

  /** The worker has let go of what it was asked for; an answer that comes too late, to an earlier question, counts for nothing. */
  letGo(number = this.#number): void {
    if (number !== this.#number) return;
    this.#released?.();
    this.#released = undefined;
  }

  /** The TUN was deleted by another program. */
  tunGone(): void {
    this.#tunGone = true;
  }

  /** The worker died, and what it was lent is free; the next attempt lends it to a new one. */
  workerDied(): void {
    this.#lent = false;
    this.letGo();
  }

  #openTun(): void {
    this.#tun ??= this.#parts.openTun(this.#config.interface);
    if (this.#lent) return;
    this.#lent = true;
    this.#parts.worker.post({ type: 'add', link: this.#config.name, tunFd: this.#tun.fd, holdMs: this.#holdMs });
    this.#holdMs = undefined;
  }

  async #dropTun(): Promise<void> {
    const tun = this.#tun;
    if (tun === undefined) return;
    if (this.#lent) await this.#release('remove');
    this.#lent = false;
    this.#tun = undefined;
    this.#tunGone = false;
    tun.close();
  }

  async #release(type: 'detach' | 'remove'): Promise<void> {
    const released = new Promise<void>((resolve) => {
      this.#released = resolve;
    });
    this.#number += 1;
    const question = { link: this.#config.name, number: this.#number };
    this.#parts.worker.post(type === 'detach' ? { type, line: 0, ...question } : { type, ...question });
    await this.#bounded(released, 'the packet worker does not answer');
  }

  async #bounded(work: Promise<void>, complaint: string): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#parts.scheduler.after(patienceMs, () => {
        this.#complain(complaint);
        resolve();
      });
    });
    await Promise.race([work, late]).finally(() => timer?.cancel());
  }
}

function ipcpOptions({ local, remote, ipcp }: LinkConfig): IpcpOptions | undefined {
  if (ipcp === undefined) return undefined;
  const { remoteFrom, ...options } = ipcp;
  return { local, remote, assigned: remoteFrom !== undefined, ...options };
}
