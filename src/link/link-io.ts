/**
 * What carries one link's octets and packets: its lines (`members.ts`) and its TUN, opened on the main thread, and the packet
 * worker that their descriptors are lent to. A descriptor is closed only when the worker has let go of it.
 */
import { cause, type Cause } from '../base/cause.js';
import type { Millis, Scheduler } from '../base/clock.js';
import { assertNever, messageOf } from '../base/errors.js';
import type { Ip4 } from '../base/ip.js';
import type { LinkConfig } from '../config/types.js';
import type { IpcpOptions } from '../ppp/options.js';
import type { HandedLine } from '../line/handed.js';
import type { HandSource } from '../dial/hand-source.js';
import type { Visit } from '../dial/visit.js';
import { LineError, type Line } from '../line/line.js';
import type { AuthOptions } from '../ppp/options.js';
import { loadAuth } from '../secrets/load.js';
import { usualQueue, type QueueOptions } from '../queue/options.js';
import type { TrafficRules } from '../schedule/options.js';
import type { Endpoint } from '../multilink/endpoint.js';
import type { Tun } from '../tun/tun.js';
import { holdMs, type Grip } from './handed.js';
import { multilinkOn } from './line-multilink.js';
import { Members } from './members.js';
import type { AttachOptions, FromWorker, ToWorker } from './messages.js';
import { modemPatienceMs, Patience } from './patience.js';
import type { LineStatus, LinkEvent } from './types.js';

/** The parts of `PacketWorker` that a link uses. */
export interface LinkWorker {
  listen(link: string, listener: { message(message: FromWorker): void; died(reason: string): void }): void;
  forget(link: string): void;
  post(message: ToWorker): void;
}

export interface LinkIoParts {
  /** Of the config's lines, in their order. */
  readonly lines: readonly HandSource[];
  readonly worker: LinkWorker;
  readonly scheduler: Scheduler;
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
  openTun(name: string): Tun;
  /** By what peers know which lines lead here, where the config has nothing else; undefined: by a random number. RFC 1990 §5.1.3 */
  readonly endpoint?: Endpoint | undefined;
  /** The TUN that an earlier process handed on; `hold`: its packets shall wait for the session. */
  readonly inherited?: { readonly tun: Tun; readonly hold: boolean } | undefined;
}

/** What `handOver` gives. */
export interface HandedIo {
  readonly tun: number | null;
  /** In the order of the config. */
  readonly lines: readonly (HandedLine | null)[];
}

/** Who hears of it. */
export interface IoHost {
  note(level: LinkEvent['level'], message: string): void;
  /** The session has lost its last line. */
  linesLost(why: Cause): void;
}

/** The secrets could not be read; the message says why, and what to do. */
class SecretsError extends Error {}

export class LinkIo {
  readonly #config: LinkConfig;
  readonly #parts: LinkIoParts;
  readonly #host: IoHost;
  readonly #patience: Patience;
  readonly #members: Members;
  #tun: Tun | undefined;
  /** The worker has the TUN's descriptor. */
  #lent = false;
  /** What the next session is told of secrets. */
  #auth: AuthOptions | undefined;
  /** The TUN was deleted by someone: it is made anew for the next attempt. */
  #tunGone = false;
  /** By number, those who wait for the worker to let go of a descriptor. */
  readonly #released = new Map<number, () => void>();
  /** Counts these questions. */
  #number = 0;
  #sessions = 0;
  #holdMs: Millis | undefined;
  #queue: QueueOptions | undefined;
  /** What the worker was told by `watch`, and a new one has to be. */
  #watch: { readonly rules: TrafficRules; readonly hold: boolean } | undefined;

  constructor(config: LinkConfig, parts: LinkIoParts, host: IoHost) {
    this.#config = config;
    this.#queue = config.queue;
    this.#parts = parts;
    this.#host = host;
    const complain = (complaint: string): void => {
      host.note('warn', complaint);
    };
    const isCall = config.dial !== undefined || config.answer !== undefined;
    this.#patience = new Patience(parts.scheduler, complain, isCall ? modemPatienceMs : undefined);
    this.#members = new Members(config, parts.lines, {
      ...{ scheduler: parts.scheduler, random: parts.random, patience: this.#patience },
      join: (number, opened) => {
        const line = { number, speed: opened.speed };
        parts.worker.post({ type: 'join', link: config.name, ...lent(opened), line });
      },
      release: async (number) => {
        if (this.#lent) await this.#release({ type: 'detach', line: number });
      },
      note: (level, message) => {
        host.note(level, message);
      },
      lost: (why) => {
        host.linesLost(why);
      },
    });
    this.#tun = parts.inherited?.tun;
    this.#holdMs = parts.inherited?.hold === true ? holdMs : undefined;
  }

  /** Counts the sessions: what belongs to an earlier one is told by it. */
  get session(): number {
    return this.#sessions;
  }

  /** What is known of each line, in the order of the config. */
  get lines(): readonly LineStatus[] {
    return this.#members.status();
  }

  /**
   * Opens the TUN, which stays, and the lines, and reads the secrets for a session on them; resolves when the first line is open.
   * A visitor leads the first line to PPP by hand. Throws `LineError`, what the TUN throws, an OpError of the secrets, or
   * `signal.reason`.
   */
  async open(signal: AbortSignal, visit?: Visit): Promise<void> {
    this.#openTun();
    await this.#members.open(signal, visit);
    if (this.#tunGone) {
      // It was deleted while the line waited for its caller.
      await this.#dropTun();
      this.#openTun();
    }
    await this.#readSecrets(signal);
  }

  /** Opens the TUN alone, or anew when somebody has deleted it, for packets that wake the link. Throws what the TUN throws. */
  async standBy(): Promise<void> {
    if (this.#tunGone) await this.#dropTun();
    this.#openTun();
  }

  /** The kernel takes the packets of the session. */
  ready(): void {
    this.#parts.worker.post({ type: 'ready', link: this.#config.name });
  }

  /** Says which packets count as traffic, and whether they are held while there is no session. */
  watch(rules: TrafficRules | undefined, hold: boolean): void {
    const before = this.#watch;
    this.#watch = rules && { rules, hold };
    if (this.#lent && (before !== undefined || rules !== undefined))
      this.#parts.worker.post({ type: 'watch', link: this.#config.name, rules, hold });
  }

  /** Says which packets go first from now on; the session goes on. */
  setQueue(queue: QueueOptions | undefined): void {
    const options = queue ?? usualQueue;
    if (JSON.stringify(options) === JSON.stringify(this.#queue ?? usualQueue)) return;
    this.#queue = queue;
    if (this.#lent) this.#parts.worker.post({ type: 'queue', link: this.#config.name, options });
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
      for (const warning of warnings) this.#host.note('warn', warning);
    } catch (error) {
      throw new SecretsError(messageOf(error), { cause: error });
    }
  }

  /** Lends the lines that are open to the worker and starts a session on them; the others join it. */
  startSession(): void {
    this.#sessions += 1;
    this.#members.start((line, opened) => {
      const options = this.#sessionOptions(opened.speed, opened.caller);
      this.#parts.worker.post({ type: 'attach', link: this.#config.name, line, ...lent(opened), options });
    });
    this.#auth = undefined;
  }

  #sessionOptions(speed: number | undefined, caller: Line['caller']): AttachOptions {
    const { lcp, ipv6cp, escape, mtu, ccp, answer } = this.#config;
    const multilink = multilinkOn(this.#config, speed, this.#parts.endpoint);
    const asks = caller === undefined || answer?.login?.asksAgain === true;
    const session = {
      ...{ lcp, ipcp: ipcpOptions(this.#config), ipv6cp },
      ...(this.#auth && { auth: asks ? this.#auth : { ...this.#auth, require: [] } }),
      ...(caller && { caller }),
      ...(ccp && { ccp }),
      ...(multilink && { multilink }),
    };
    return { session, escape, mtu, speed, queue: this.#queue };
  }

  /** What the worker says of single lines. */
  hear(message: Extract<FromWorker, { type: 'line-ended' | 'line-finished' | 'lines-open' }>): void {
    switch (message.type) {
      case 'line-ended':
        void this.#members.ended(message.line, message.end, message.ending);
        return;
      case 'line-finished':
        this.#members.finished(message.line, message.cause);
        return;
      case 'lines-open':
        this.#members.joined(message.lines);
        return;
      default:
        assertNever(message);
    }
  }

  /** Lines that wait for their next attempt are opened at once. */
  hurry(): void {
    this.#members.hurry();
  }

  /** Tells the session the peer's address, as it asked under this number. */
  assign(number: number, remote: Ip4): void {
    this.#parts.worker.post({ type: 'assign', link: this.#config.name, number, remote });
  }

  /** Begins the Terminate exchange. */
  closeSession(why: Cause): void {
    this.#members.conclude();
    this.#parts.worker.post({ type: 'close', link: this.#config.name, cause: why });
  }

  probe(packet: Uint8Array): void {
    this.#parts.worker.post({ type: 'probe', link: this.#config.name, packet });
  }

  /** Takes the lines back from the worker and closes them. True when there was one. */
  async close(): Promise<boolean> {
    const opened = await this.#members.close();
    if (this.#tunGone) await this.#dropTun();
    return opened;
  }

  /** Gives back what outlives a line: a listener, the TUN. */
  async dispose(): Promise<void> {
    await this.#members.dispose();
    await this.#dropTun();
    this.#parts.worker.forget(this.#config.name);
  }

  /** What `handOver` would hand on if it came now. */
  get grip(): Omit<Grip, 'link'> {
    return { tun: this.#tunGone ? undefined : this.#tun?.fd, lines: this.#members.grips };
  }

  /** No line is opened any more. */
  freeze(): Promise<void> {
    return this.#members.freeze();
  }

  /**
   * Lets go of the lines and the TUN without ending them, as far as they are in `grip`, and gives back the rest. Comes after
   * `freeze`, and nothing may follow.
   */
  async handOver(grip: Omit<Grip, 'link'>): Promise<HandedIo> {
    const now = this.grip;
    const lines = await this.#members.handOver(grip.lines);
    const tun = now.tun === grip.tun ? (now.tun ?? null) : null;
    if (tun === null) await this.#dropTun();
    else if (this.#lent) await this.#release({ type: 'remove' });
    this.#parts.worker.forget(this.#config.name);
    return { tun, lines };
  }

  /** The worker has let go of what it was asked for by this question; an answer may come too late. */
  letGo(number: number): void {
    this.#released.get(number)?.();
    this.#released.delete(number);
  }

  /** The TUN was deleted by another program. */
  tunGone(): void {
    this.#tunGone = true;
  }

  /** The worker died, and what it was lent is free; the next attempt lends it to a new one. */
  workerDied(): void {
    this.#lent = false;
    for (const number of [...this.#released.keys()]) this.letGo(number);
  }

  #openTun(): void {
    this.#tun ??= this.#parts.openTun(this.#config.interface);
    if (this.#lent) return;
    this.#lent = true;
    this.#parts.worker.post({ type: 'add', link: this.#config.name, tunFd: this.#tun.fd, holdMs: this.#holdMs });
    this.#holdMs = undefined;
    if (this.#watch !== undefined) this.#parts.worker.post({ type: 'watch', link: this.#config.name, ...this.#watch });
  }

  async #dropTun(): Promise<void> {
    const tun = this.#tun;
    if (tun === undefined) return;
    if (this.#lent) await this.#release({ type: 'remove' });
    this.#lent = false;
    this.#tun = undefined;
    this.#tunGone = false;
    tun.close();
  }

  async #release(what: { type: 'remove' } | { type: 'detach'; line: number }): Promise<void> {
    this.#number += 1;
    const number = this.#number;
    const released = new Promise<void>((resolve) => {
      this.#released.set(number, resolve);
    });
    this.#parts.worker.post({ ...what, link: this.#config.name, number });
    await this.#patience.wait(released, 'the packet worker does not answer');
    this.#released.delete(number);
  }
}

/** What the worker has to know of a line to read and write it. */
function lent({ fd, telnet, isCall, initial }: Line): Pick<Line, 'fd' | 'telnet' | 'isCall' | 'initial'> {
  return { fd, ...(telnet && { telnet }), ...(isCall && { isCall }), ...(initial && { initial }) };
}

function ipcpOptions({ local, remote, ipcp }: LinkConfig): IpcpOptions | undefined {
  if (ipcp === undefined) return undefined;
  const { remoteFrom, ...options } = ipcp;
  return { local, remote, assigned: remoteFrom !== undefined, ...options };
}
