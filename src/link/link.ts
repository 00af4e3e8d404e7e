/**
 * One link on the main thread: it feeds events to the table of its life (`life.ts`) and carries out the actions that the
 * table names, with the line, the packet worker and the system's network as its hands.
 */
import { cause, describeCause, type Cause, type CauseCode } from '../base/cause.js';
import { assertNever, messageOf } from '../base/errors.js';
import { formatIp4 } from '../base/ip.js';
import type { Millis, Scheduler, Timer } from '../base/clock.js';
import type { LinkConfig } from '../config/types.js';
import { LineError, type Line, type LineSource } from '../line/line.js';
import type { Tun } from '../tun/tun.js';
import { Backoff } from './backoff.js';
import { lifeStep, type LifeAction, type LifeEvent } from './life.js';
import type { FromWorker, ToWorker } from './messages.js';
import { StatusBoard } from './status-board.js';
import type { LinkCommand, LinkEvent, LinkState, LinkStatus } from './types.js';

/** The parts of `Network` that a link uses. */
export interface LinkNetwork {
  up(wanted: {
    readonly name: string;
    readonly mtu: number;
    readonly local: number;
    readonly remote: number;
    readonly routes: LinkConfig['networks'];
  }): Promise<void>;
  down(name: string): Promise<void>;
}

/** The parts of `PacketWorker` that a link uses. */
export interface LinkWorker {
  listen(link: string, listener: { message(message: FromWorker): void; died(reason: string): void }): void;
  forget(link: string): void;
  post(message: ToWorker): void;
}

export interface LinkParts {
  readonly lines: LineSource;
  readonly worker: LinkWorker;
  readonly network: LinkNetwork;
  readonly scheduler: Scheduler;
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
  openTun(name: string): Tun;
  readonly emit: (event: LinkEvent) => void;
}

/** The longest that the Terminate exchange may take when the daemon itself ends. */
const shutdownTerminateMs = 2000;
/** The longest wait for a line to close, or for the worker to let go of a descriptor. */
const patienceMs = 2500;

export class Link {
  readonly config: LinkConfig;
  readonly #parts: LinkParts;
  readonly #backoff: Backoff;
  readonly #board: StatusBoard;
  #state: LinkState = 'down';
  /** Why the link is going, or went, down; what the next pause depends on. */
  #cause: Cause = cause('not-started');
  /** The cause of the last warning since the link was up. */
  #complained: CauseCode | undefined;
  #wanted = false;
  #terminateMs: Millis;
  #timer: Timer | undefined;
  #tun: Tun | undefined;
  /** The TUN was deleted by someone: it is made anew for the next attempt. */
  #tunGone = false;
  #line: Line | undefined;
  #opening: AbortController | undefined;
  #closing = false;
  #nextPause: Millis = 0;
  #installed = false;
  /** What PPP agreed on, until it is installed. */
  #agreed: Extract<FromWorker, { type: 'network-up' }> | undefined;
  /** Set while the worker is asked to let go of a descriptor. */
  #released: (() => void) | undefined;
  #atRest: (() => void)[] = [];

  constructor(config: LinkConfig, parts: LinkParts) {
    this.config = config;
    this.#parts = parts;
    this.#backoff = new Backoff(config.restart, parts.random);
    this.#board = new StatusBoard(config, parts.scheduler);
    this.#terminateMs = config.lcp.restartMs * config.lcp.maxTerminate;
    parts.worker.listen(config.name, {
      message: (message) => {
        this.#hear(message);
      },
      died: (reason) => {
        this.#workerDied(reason);
      },
    });
  }

  get state(): LinkState {
    return this.#state;
  }

  status(): LinkStatus {
    return this.#board.status();
  }

  command(command: LinkCommand): void {
    this.#backoff.reset();
    switch (command) {
      case 'up':
        this.#wanted = true;
        this.#dispatch('start');
        return;
      case 'down':
        this.#stop(cause('requested'));
        return;
      case 'restart':
        this.#wanted = true;
        this.#dispatch('restart', cause('restart-requested'));
        return;
      default:
        assertNever(command);
    }
  }

  /** Ends the link and gives everything back, the TUN as well. */
  async shutdown(): Promise<void> {
    this.#terminateMs = Math.min(this.#terminateMs, shutdownTerminateMs);
    await new Promise<void>((resolve) => {
      this.#atRest.push(resolve);
      this.#stop(cause('shutdown'));
      if (this.#state === 'closing') this.#arm(this.#terminateMs);
      this.#settleRest();
    });
    await this.#parts.lines.dispose();
    await this.#dropTun();
    this.#parts.worker.forget(this.config.name);
  }

  #stop(why: Cause): void {
    this.#wanted = false;
    this.#dispatch('stop', why);
  }

  /** One step of the life. `why` is kept as the cause where the event has one. */
  #dispatch(event: LifeEvent, why?: Cause): void {
    const step = lifeStep(this.#state, event);
    if (step === undefined) return;
    if (why !== undefined && (step.next !== this.#state || step.actions.length > 0)) this.#cause = why;
    if (step.next !== this.#state || step.actions.length > 0) this.#disarm();
    if (step.next !== this.#state) this.#enter(step.next, why);
    for (const action of step.actions) this.#act(action);
    this.#settleRest();
  }

  #enter(next: LinkState, why: Cause | undefined): void {
    const previous = this.#state;
    this.#state = next;
    const now = this.#parts.scheduler.now();
    if (next === 'up') this.#backoff.up(now);
    this.#board.entered(next, previous, why);
    this.#say(this.#levelOf(next, why), describeChange(this.config, next, why), why);
  }

  /** A failure is a warning the first time; that it goes on is for those who look closely. */
  #levelOf(next: LinkState, why: Cause | undefined): LinkEvent['level'] {
    if (next === 'up') this.#complained = undefined;
    if (next === 'closing' && why !== undefined) {
      const again = this.#complained === why.code;
      this.#complained = why.code;
      return again ? 'debug' : 'warn';
    }
    return next === 'up' || next === 'down' ? 'info' : 'debug';
  }

  #say(level: LinkEvent['level'], message: string, why?: Cause, type: LinkEvent['type'] = 'state'): void {
    const { scheduler, emit } = this.#parts;
    emit({ time: scheduler.date(), link: this.config.name, type, level, message, state: this.#state, cause: why });
  }

  #note(level: LinkEvent['level'], message: string): void {
    this.#say(level, message, undefined, 'log');
  }

  #act(action: LifeAction): void {
    switch (action) {
      case 'open-line':
        void this.#openLine();
        return;
      case 'abort-open':
        this.#opening?.abort(new Error('no longer wanted'));
        return;
      case 'start-session':
        this.#startSession();
        return;
      case 'close-session':
        this.#parts.worker.post({ type: 'close', link: this.config.name, cause: this.#cause });
        this.#arm(this.#terminateMs);
        return;
      case 'close-line':
        void this.#closeLine();
        return;
      case 'install':
        void this.#install();
        return;
      case 'uninstall':
        void this.#uninstall();
        return;
      case 'pause':
        this.#pause();
        return;
      default:
        assertNever(action);
    }
  }

  async #openLine(): Promise<void> {
    const opening = new AbortController();
    this.#opening = opening;
    try {
      this.#openTun();
      const line = await this.#parts.lines.open(opening.signal);
      this.#line = line;
      this.#board.line = line;
      void line.ended.then((why) => {
        if (this.#line === line) this.#dispatch('line-ended', why);
      });
      this.#dispatch('line-opened');
    } catch (error) {
      this.#dispatch('open-failed', opening.signal.aborted ? this.#cause : this.#causeOf(error));
    } finally {
      this.#opening = undefined;
    }
  }

  #causeOf(error: unknown): Cause {
    if (error instanceof LineError) return error.reason;
    return cause(this.#tun === undefined ? 'tun-failed' : 'internal', messageOf(error));
  }

  #openTun(): void {
    if (this.#tun !== undefined) return;
    this.#tun = this.#parts.openTun(this.config.interface);
    this.#parts.worker.post({ type: 'add', link: this.config.name, tunFd: this.#tun.fd });
  }

  /** Closes the TUN once the worker has let go of it. */
  async #dropTun(): Promise<void> {
    const tun = this.#tun;
    if (tun === undefined) return;
    await this.#release('remove');
    this.#tun = undefined;
    this.#tunGone = false;
    tun.close();
  }

  async #release(type: 'detach' | 'remove'): Promise<void> {
    const released = new Promise<void>((resolve) => {
      this.#released = resolve;
    });
    this.#parts.worker.post({ type, link: this.config.name });
    await this.#bounded(released, 'the packet worker does not answer');
  }

  #startSession(): void {
    const { config } = this;
    const line = this.#line;
    if (line === undefined) throw new Error('a session without a line');
    const options = {
      session: { lcp: config.lcp, ipcp: { local: config.local, remote: config.remote } },
      escape: config.escape,
      mtu: config.mtu,
      speed: line.speed,
    };
    this.#parts.worker.post({ type: 'attach', link: config.name, fd: line.fd, options });
  }

  async #install(): Promise<void> {
    const agreed = this.#agreed;
    if (agreed === undefined) throw new Error('nothing was agreed on');
    const { interface: name, networks } = this.config;
    this.#installed = true;
    try {
      await this.#parts.network.up({
        name,
        mtu: agreed.mtu,
        local: agreed.local,
        remote: agreed.remote,
        routes: networks,
      });
      if (this.#agreed === agreed) this.#dispatch('installed');
    } catch (error) {
      if (this.#agreed === agreed) this.#dispatch('install-failed', cause('network-failed', messageOf(error)));
      else this.#note('warn', messageOf(error));
    }
  }

  async #uninstall(): Promise<void> {
    this.#agreed = undefined;
    if (!this.#installed) return;
    this.#installed = false;
    try {
      await this.#parts.network.down(this.config.interface);
    } catch (error) {
      this.#note('warn', messageOf(error));
    }
  }

  /** Takes the descriptor from the worker, closes the line, and says whether another attempt follows. */
  async #closeLine(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    try {
      await this.#uninstall();
      if (this.#line !== undefined) await this.#release('detach');
      await this.#bounded(
        this.#line?.close() ?? Promise.resolve(),
        'the line takes long to close; it is left to itself',
      );
      if (this.#tunGone) await this.#dropTun();
    } catch (error) {
      this.#note('warn', messageOf(error));
    } finally {
      this.#line = undefined;
      this.#board.line = undefined;
      this.#closing = false;
    }
    this.#dispatch(this.#goesOn() ? 'closed-retry' : 'closed-rest', this.#cause);
  }

  async #bounded(work: Promise<void>, complaint: string): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.#parts.scheduler.after(patienceMs, () => {
        this.#note('warn', complaint);
        resolve();
      });
    });
    await Promise.race([work, late]).finally(() => timer?.cancel());
  }

  #goesOn(): boolean {
    if (!this.#wanted) return false;
    const pause = this.#backoff.next(this.#cause, this.#parts.scheduler.now());
    if (pause === undefined) {
      this.#wanted = false;
      this.#note('error', `given up after ${this.#backoff.failures} attempts; linkctl up starts it again`);
      return false;
    }
    this.#nextPause = pause;
    return true;
  }

  #pause(): void {
    this.#board.nextAttemptIn(this.#nextPause);
    this.#arm(this.#nextPause);
  }

  #arm(delay: Millis): void {
    this.#disarm();
    this.#timer = this.#parts.scheduler.after(delay, () => {
      this.#timer = undefined;
      this.#dispatch('timer');
    });
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #settleRest(): void {
    if (this.#state !== 'down') return;
    for (const resolve of this.#atRest.splice(0)) resolve();
  }

  #hear(message: FromWorker): void {
    switch (message.type) {
      case 'network-up':
        this.#agreed = message;
        this.#dispatch('network-up');
        return;
      case 'network-down':
        this.#dispatch('network-down');
        return;
      case 'finished':
        this.#dispatch('finished', this.#state === 'closing' ? this.#cause : message.cause);
        return;
      case 'line-ended':
        void this.#explain(message);
        return;
      case 'tun-gone':
        this.#tunGone = true;
        this.#dispatch('line-ended', cause('tun-deleted', this.config.interface));
        return;
      case 'detached':
      case 'removed':
        this.#letGo();
        return;
      case 'note':
        this.#note(message.level, message.message);
        return;
      case 'statistics':
        this.#board.statistics(message);
        return;
      default:
        assertNever(message);
    }
  }

  async #explain({ end, ending }: Extract<FromWorker, { type: 'line-ended' }>): Promise<void> {
    const line = this.#line;
    const why = ending ?? (await line?.explain(end)) ?? cause('line-hangup');
    if (this.#line === line) this.#dispatch('line-ended', this.#state === 'closing' ? this.#cause : why);
  }

  #letGo(): void {
    this.#released?.();
    this.#released = undefined;
  }

  #workerDied(reason: string): void {
    if (this.#tun !== undefined) this.#parts.worker.post({ type: 'add', link: this.config.name, tunFd: this.#tun.fd });
    this.#letGo();
    this.#dispatch('line-ended', cause('internal', `the packet worker ended: ${reason}`));
  }
}

function describeChange(config: LinkConfig, state: LinkState, why: Cause | undefined): string {
  const because = why === undefined ? '' : `: ${describeCause(why)}`;
  return state === 'up'
    ? `up: ${formatIp4(config.local)} to ${formatIp4(config.remote)} on ${config.interface}`
    : `${state}${because}`;
}
