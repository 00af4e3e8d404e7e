/**
 * One link on the main thread: it feeds events to the table of its life (`life.ts`) and carries out the actions that the
 * table names. Its hands are `link-io.ts` (line, TUN, packet worker), the system's network, and its companions (hooks,
 * health, accounting).
 */
import { cause, type Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { assertNever, messageOf } from '../base/errors.js';
import type { LinkConfig } from '../config/types.js';
import type { Outlasting, WantedInterface } from '../net/wanted.js';
import { Alarm } from './alarm.js';
import { Companions, type CompanionHost, type CompanionParts } from './companions.js';
import { Dialing, type DialingHost, type DialingParts } from './dialing.js';
import type { Terminal } from '../dial/visit.js';
import { lifeStep, type LifeAction, type LifeEvent } from './life.js';
import { lineKey, linesOf, type Grip, type HandedLink } from './handed.js';
import { LinkIo, type IoHost, type LinkIoParts } from './link-io.js';
import { LinkNet, type LinkNetHost, type LinkNetwork } from './link-net.js';
import type { FromWorker } from './messages.js';
import { LinkVoice } from './link-voice.js';
import { Opening } from './opening.js';
import { Presence } from './presence.js';
import { RemoteAddress, type RemoteAddressParts } from './remote-address.js';
import { Restlessness } from './restlessness.js';
import { StatusBoard } from './status-board.js';
import type { LinkCommand, LinkEvent, LinkState, LinkStatus } from './types.js';

export interface LinkParts extends LinkIoParts, CompanionParts, DialingParts, RemoteAddressParts {
  readonly network: LinkNetwork;
  /** What an earlier process handed on of this link. */
  readonly handed?: HandedLink | undefined;
  readonly emit: (event: LinkEvent) => void;
}

/** The longest that the Terminate exchange may take when the daemon itself ends, and that hooks may go on then. */
const shutdownTerminateMs = 2000;
const shutdownHooksMs = 1500;
/** The longest that a line may take to notice that it is no longer wanted. */
const abortMs = 3000;
/** When the interface could not be made ready to wait for packets, it is tried again after so long. */
const readyMs = 10_000;

export class Link {
  readonly #parts: LinkParts;
  readonly #io: LinkIo;
  readonly #net: LinkNet;
  readonly #companions: Companions;
  readonly #dialing: Dialing;
  readonly #presence: Presence;
  readonly #opening: Opening;
  readonly #remote: RemoteAddress;
  readonly #board: StatusBoard;
  readonly #voice: LinkVoice;
  readonly #alarm: Alarm;
  #restlessness = new Restlessness();
  #config: LinkConfig;
  #state: LinkState = 'down';
  /** Why the link is going, or went, down; what the next pause depends on. */
  #cause: Cause = cause('not-started');
  #wanted = false;
  #ending = false;
  #terminateMs: Millis;
  #closing: Promise<void> | undefined;
  /** Another process goes on with the link: nothing moves here any more. */
  #handedOver = false;
  #nextPause: Millis = 0;
  #atRest: (() => void)[] = [];

  constructor(config: LinkConfig, parts: LinkParts) {
    this.#config = config;
    this.#parts = parts;
    this.#board = new StatusBoard(config, parts.scheduler);
    this.#voice = new LinkVoice(config, parts.scheduler, parts.emit);
    this.#alarm = new Alarm(parts.scheduler, () => {
      if (this.#state === 'waiting') this.#dialOrDoze('timer');
      else this.#dispatch('timer');
    });
    this.#terminateMs = config.lcp.restartMs * config.lcp.maxTerminate;
    const host = this.#makeHost();
    this.#io = new LinkIo(config, parts, host);
    this.#net = new LinkNet(parts.network, host);
    this.#companions = new Companions(host, parts);
    this.#dialing = new Dialing(host, parts, Boolean(parts.handed?.agreed));
    this.#presence = new Presence({ dialing: this.#dialing, io: this.#io, net: this.#net, host });
    this.#opening = new Opening({
      ...{ io: this.#io, companions: this.#companions, cause: () => this.#cause },
      opened: () => {
        this.#dispatch('line-opened');
      },
      failed: (why) => {
        this.#dispatch('open-failed', why ?? this.#cause);
      },
    });
    this.#remote = new RemoteAddress(parts);
    if (parts.handed?.agreed) {
      this.#net.inherit(parts.handed.agreed, parts.handed.metricAdd);
      this.#companions.inherit(parts.handed.agreed);
    }
    this.#board.lines = () => this.#io.lines;
    this.#board.health = () => this.#companions.health;
    this.#board.quota = () => this.#companions.quota;
    this.#board.dialing = () => this.#dialing.status;
    parts.worker.listen(config.name, {
      message: (message) => {
        this.#hear(message);
      },
      died: (reason) => {
        this.#io.workerDied();
        this.#dispatch('line-ended', cause('internal', `the packet worker ended: ${reason}`));
      },
    });
  }

  get config(): LinkConfig {
    return this.#config;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** What stands in the system's network whether the link is up or not. */
  get outlasting(): Outlasting {
    return this.#net.outlasting;
  }

  /** What the system's network shall be while the link is up. */
  get wanted(): WantedInterface {
    return this.#net.wanted;
  }

  status(): LinkStatus {
    return this.#board.status();
  }

  /** The link is wanted from now on: at once, or as `when` has it. What an earlier process had up goes on. */
  begin(): void {
    this.#wanted = true;
    if (this.#parts.handed?.agreed) this.#dispatch('start');
    else this.#dialOrDoze('start');
  }

  /** Something happened to another link. */
  otherChanged(link: string): void {
    if (!this.#ending) this.#dialing.otherChanged(link);
  }

  /** Carries a command out; once the link is being given up for good there are none. */
  command(command: LinkCommand): void {
    if (this.#ending) return;
    this.#dialing.steered();
    if (command === 'up') {
      this.#io.hurry();
      this.#opening.hurry();
    }
    // An order given while the link is closing holds for what comes after, whatever it is closing for.
    if (this.#state === 'closing' && command !== 'down') this.#cause = cause('restart-requested');
    switch (command) {
      case 'up':
        this.#wanted = true;
        this.#dialing.override();
        this.#dispatch('start');
        return;
      case 'down':
        this.#stop(cause('requested'));
        return;
      case 'restart':
        this.#wanted = true;
        this.#dialing.override();
        this.#dispatch('restart', cause('restart-requested'));
        return;
      default:
        assertNever(command);
    }
  }

  /** Lets somebody talk over the line by hand; the state instead, when it is, or may be, in use. */
  takeByHand(connect: () => Terminal): 'taken' | LinkState {
    const outcome = this.#ending ? this.#state : this.#opening.visit(connect, this.#state);
    if (outcome !== 'opens') return outcome === 'goes-on' ? 'taken' : outcome;
    this.#dialing.steered();
    this.#dialing.override();
    this.#dispatch('start', cause('by-hand', this.#opening.visitor));
    return 'taken';
  }

  /** Takes a config that differs in nothing that the session is made of (`config-diff.ts`); the session goes on. */
  async reconfigure(config: LinkConfig): Promise<void> {
    const previous = this.#config;
    this.#config = config;
    this.#board.reconfigured(config);
    this.#companions.reconfigured(previous);
    this.#dialing.reconfigured();
    this.#io.setQueue(config.queue);
    await this.#net.reconfigured();
  }

  /** Ends the link and gives everything back, the TUN and what outlasts a redial as well. The peer is told `why`. */
  async shutdown(why: Cause = cause('shutdown')): Promise<void> {
    this.#ending = true;
    this.#terminateMs = Math.min(this.#terminateMs, shutdownTerminateMs);
    await new Promise<void>((resolve) => {
      this.#atRest.push(resolve);
      this.#stop(why);
      if (this.#state === 'closing') this.#alarm.set(this.#terminateMs);
      this.#settleRest();
    });
    await this.#companions.end(shutdownHooksMs);
    await this.#net.release();
    await this.#io.dispose();
  }

  /** What `handOver` would hand on if it came now. */
  get grip(): Grip {
    return { link: this.#config.name, ...this.#io.grip };
  }

  /** Nothing is begun any more, what is under way comes to its end, and packets go on: `handOver` is about to come. */
  async freeze(): Promise<void> {
    this.#ending = this.#handedOver = true;
    this.#alarm.cancel();
    this.#dialing.end();
    this.#cause = cause('handed-over');
    this.#opening.abort('a new process takes over');
    await this.#companions.end(shutdownHooksMs);
    await this.#opening.done;
    await this.#closing;
    await this.#io.freeze();
  }

  /**
   * Lets go of everything without ending anything, for another process to go on with: as far as it is in `grip`; the rest is
   * given back. The system's network stays as it is, and the peer is told nothing. Comes after `freeze`, and last.
   */
  async handOver(grip: Grip | undefined): Promise<HandedLink> {
    if (this.#state !== 'negotiating' && this.#state !== 'up') await this.#io.close();
    const { agreed, metricAdd } = await this.#net.settled();
    const { name, interface: device } = this.#config;
    const { tun, lines } = await this.#io.handOver(grip ?? { tun: undefined, lines: [] });
    const keys = linesOf(this.#config).map(lineKey);
    // What somebody has led to PPP by hand goes on as well.
    const wanted = this.#wanted || this.#state === 'negotiating' || this.#state === 'up';
    const held = { name, interface: device, wanted, tun, agreed: agreed ?? null, metricAdd };
    return { ...held, lines: keys.map((key, i) => ({ key, line: lines[i] ?? null })) };
  }

  /** The patience with what an earlier process handed on is over: a link that didn't come up gives its routes back. */
  endInheritance(): void {
    const { agreed } = this.#parts.handed ?? {};
    if (agreed && this.#net.agreed === agreed) void this.#net.uninstall();
  }

  /** What those who serve the link see of it, and may ask of it. */
  #makeHost(): IoHost & LinkNetHost & CompanionHost & DialingHost {
    const link = (): Link => this;
    return {
      get config() {
        return link().#config;
      },
      get state() {
        return link().#state;
      },
      get wanted() {
        return link().#wanted;
      },
      get cause() {
        return link().#cause;
      },
      get counters() {
        return link().#board.counters;
      },
      get line() {
        return link().#board.lineNow;
      },
      note: (level, message) => {
        this.#voice.note(level, message);
      },
      // What ends a line that is closing is our own doing.
      linesLost: (why) => {
        this.#dispatch('line-ended', this.#state === 'closing' ? this.#cause : why);
      },
      problems: (sentences) => {
        this.#board.networkProblems = sentences;
      },
      probe: (packet) => {
        this.#io.probe(packet);
      },
      hookEnded: (hook) => {
        this.#board.hookEnded(hook);
      },
      restart: (reason) => {
        this.#dispatch('restart', cause('unhealthy', reason));
      },
      addMetric: (add) => {
        this.#net.addMetric(add);
      },
      cutOff: (why) => {
        if (this.#state === 'up') this.#dispatch('restart', why);
      },
      watch: (rules, hold) => {
        this.#io.watch(rules, hold);
      },
      dial: () => {
        this.#dispatch('start');
      },
      doze: (why) => {
        this.#dispatch('doze', why);
      },
    };
  }

  #stop(why: Cause): void {
    this.#wanted = false;
    this.#dialing.stop();
    this.#dispatch('stop', why);
  }

  #dialOrDoze(event: 'start' | 'timer'): void {
    const plan = this.#dialing.plan();
    if (plan.kind === 'dial') this.#dispatch(event);
    else this.#dispatch('doze', plan.why);
  }

  /** One step of the life. `why` is kept as the cause where the event has one. */
  #dispatch(event: LifeEvent, why?: Cause): void {
    if (this.#handedOver) return;
    const step = lifeStep(this.#state, event);
    if (step === undefined) return;
    const moves = step.next !== this.#state || step.actions.length > 0;
    if (why !== undefined && moves) this.#cause = why;
    if (moves) this.#alarm.cancel();
    if (step.next !== this.#state) this.#enter(step.next, why);
    for (const action of step.actions) this.#act(action);
    this.#settleRest();
  }

  #enter(next: LinkState, why: Cause | undefined): void {
    const previous = this.#state;
    this.#state = next;
    this.#board.entered(next, previous, why);
    this.#voice.entered(next, why, this.#net.agreed);
    this.#dialing.entered(next, previous);
    if (next === 'up') this.#io.ready();
    if (next === 'up' && this.#net.agreed !== undefined) this.#companions.up(this.#net.agreed);
    if (previous === 'up') this.#companions.down();
  }

  #act(action: LifeAction): void {
    switch (action) {
      case 'open-line':
        this.#opening.begin();
        return;
      case 'abort-open':
        this.#opening.abort('no longer wanted');
        this.#alarm.set(abortMs);
        return;
      case 'start-session':
        this.#restlessness = new Restlessness();
        this.#io.startSession();
        return;
      case 'close-session':
        this.#io.closeSession(this.#cause);
        this.#alarm.set(this.#terminateMs);
        return;
      case 'close-line':
        void this.#closeLine();
        return;
      case 'install':
        void this.#install();
        return;
      case 'uninstall':
        void this.#presence.withdraw();
        return;
      case 'stand-by':
        void this.#standBy();
        return;
      case 'pause':
        this.#board.nextAttemptIn(this.#nextPause);
        this.#alarm.set(this.#nextPause);
        return;
      default:
        assertNever(action);
    }
  }

  async #install(): Promise<void> {
    const { agreed } = this.#net;
    const outcome = await this.#net.install();
    if (outcome === 'superseded') return;
    if (outcome === 'installed') this.#dispatch('installed');
    else this.#dispatch('install-failed', cause('network-failed', messageOf(outcome.failure)));
    if (this.#state === 'up' && agreed !== undefined) this.#companions.changed(agreed);
  }

  /** Takes the descriptor from the worker, closes the line, and says whether another attempt follows. */
  async #closeLine(): Promise<void> {
    if (this.#closing !== undefined) return;
    let opened = false;
    this.#closing = this.#presence.giveLineBack().then((had) => void (opened = had));
    await this.#closing;
    this.#remote.release(this.#config);
    this.#closing = undefined;
    this.#companions.closed(opened, this.#cause);
    this.#goOn();
  }

  /** The line is closed: another attempt follows, or none, or none now. */
  #goOn(): void {
    const next = this.#wanted ? this.#dialing.after(this.#cause) : undefined;
    if (next?.kind === 'doze') {
      this.#dispatch('closed-doze', next.why);
    } else if (next?.kind === 'retry') {
      this.#nextPause = next.pauseMs;
      this.#dispatch('closed-retry', this.#cause);
    } else {
      this.#wanted = false;
      if (next !== undefined)
        this.#voice.note('error', `given up after ${next.attempts} attempts; linkctl up starts it again`);
      this.#dispatch('closed-rest', this.#cause);
    }
  }

  async #standBy(): Promise<void> {
    this.#dialing.sleeps();
    this.#board.sleepsUntil(this.#dialing.until);
    const isReady = await this.#presence.standBy();
    if (!isReady && this.#state === 'dormant') this.#alarm.set(readyMs);
  }

  #settleRest(): void {
    if (this.#state !== 'down') return;
    for (const resolve of this.#atRest.splice(0)) resolve();
  }

  #hear(message: FromWorker): void {
    if (this.#handedOver && message.type !== 'released' && message.type !== 'statistics') return;
    switch (message.type) {
      case 'network-up':
        this.#net.agreed = message.network;
        if (this.#isRestless()) this.#dispatch('install-failed', cause('restless'));
        else this.#dispatch('network-up');
        return;
      case 'network-changed':
        this.#net.agreed = message.network;
        if (this.#isRestless()) this.#dispatch('restart', cause('restless'));
        else if (this.#state === 'up' || this.#state === 'negotiating') void this.#install();
        return;
      case 'address-wanted':
        void this.#tellRemote(message);
        return;
      case 'network-down':
        this.#dispatch('network-down');
        return;
      case 'finished':
        this.#dispatch('finished', this.#state === 'closing' ? this.#cause : message.cause);
        return;
      case 'line-ended':
      case 'line-finished':
      case 'lines-open':
        this.#io.hear(message);
        return;
      case 'tun-gone':
        this.#io.tunGone();
        this.#dispatch('line-ended', cause('tun-deleted', this.#config.interface));
        return;
      case 'wanted':
        this.#dialing.wants(message.packet);
        return;
      case 'released':
        this.#io.letGo(message.number);
        return;
      case 'note':
        this.#voice.note(message.level, message.message);
        return;
      case 'probe-reply':
        this.#companions.probeReply(message.packet);
        return;
      case 'statistics':
        this.#board.statistics(message);
        this.#dialing.quietFor(message.quietMs);
        this.#companions.counted();
        return;
      default:
        assertNever(message);
    }
  }

  async #tellRemote({ number, peer }: Extract<FromWorker, { type: 'address-wanted' }>): Promise<void> {
    const { session } = this.#io;
    const found = await this.#remote.find(this.#config, peer);
    if (this.#io.session !== session || this.#state !== 'negotiating') return;
    if (typeof found === 'number') this.#io.assign(number, found);
    else this.#dispatch('install-failed', found);
  }

  #isRestless(): boolean {
    return this.#restlessness.again(this.#parts.scheduler.now(), this.#config.restart.stableMs);
  }
}
