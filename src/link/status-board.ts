/** What is known of one link for those who ask: gathered from its life and from the worker's statistics. */
import { causeFacts, type Cause, type CauseCode } from '../base/cause.js';
import { formatIp4, type Ip4 } from '../base/ip.js';
import type { Clock, Millis } from '../base/clock.js';
import type { LinkConfig } from '../config/types.js';
import { lineName } from './line-name.js';
import type { FromWorker } from './messages.js';
import { delayWindowMs } from '../queue/delays.js';
import type {
  HookStatus,
  LineOctets,
  LineStatus,
  LinkCounters,
  LinkState,
  LinkStatus,
  QueueStatus,
  SessionStatus,
} from './types.js';

type Statistics = Extract<FromWorker, { type: 'statistics' }>;

const noCounters: LinkCounters = {
  rxPackets: 0,
  rxBytes: 0,
  txPackets: 0,
  txBytes: 0,
  lineRxBytes: 0,
  lineTxBytes: 0,
  errors: {},
};

const emptyQueue: QueueStatus = {
  packets: 0,
  bytes: 0,
  drops: 0,
  marks: 0,
  waitingPackets: 0,
  waitingBytes: 0,
  flows: 0,
  delayP50Ms: undefined,
  delayP95Ms: undefined,
  classes: [],
};

/** By these a link goes down because someone wants it so. */
const commands: readonly CauseCode[] = ['not-started', 'requested', 'shutdown', 'config-removed', 'config-changed'];

/** So it was ordered, or so the config has it. */
function isIntended({ code }: Cause): boolean {
  return commands.includes(code) || causeFacts(code).retry === 'planned';
}

/** Older rates than this are no rates: the worker is silent while nothing changes. */
const rateLifeMs = 2500;

export class StatusBoard {
  networkProblems: readonly string[] = [];
  /** Where the rest is asked from; whoever knows sets them. */
  lines: () => readonly LineStatus[] = () => [];
  health: () => LinkStatus['health'] = () => undefined;
  quota: () => LinkStatus['quota'] = () => undefined;
  dialing: () => LinkStatus['dialing'] = () => undefined;
  #config: LinkConfig;
  readonly #clock: Clock;
  #state: LinkState = 'down';
  #since: Date;
  #lastCause: LinkStatus['lastCause'];
  #nextAttempt: Date | undefined;
  #restarts = 0;
  #counters = noCounters;
  #session: SessionStatus | undefined;
  #queue = emptyQueue;
  #lineOctets: readonly LineOctets[] = [];
  #reportedAt: Millis = -Infinity;
  #rates = { at: -Infinity, rx: 0, tx: 0 };
  #countedAt: Millis = -Infinity;
  readonly #hooks = new Map<string, HookStatus>();

  constructor(config: LinkConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    this.#since = clock.date();
  }

  /** The link changed its state. */
  entered(state: LinkState, previous: LinkState, why: Cause | undefined): void {
    this.#state = state;
    this.#since = this.#clock.date();
    this.#nextAttempt = undefined;
    if (previous === 'up' && (why === undefined || !isIntended(why))) this.#restarts += 1;
    if (why !== undefined) this.#lastCause = { cause: why, at: this.#since };
    // A link that was told to come up again is no longer down by command.
    else if (state === 'opening' && this.#lastCause !== undefined && isIntended(this.#lastCause.cause))
      this.#lastCause = undefined;
    if (state === 'down' || state === 'waiting' || state === 'dormant') this.#session = undefined;
  }

  nextAttemptIn(pause: Millis): void {
    this.#nextAttempt = new Date(this.#clock.date().getTime() + pause);
  }

  /** A dormant link may dial again at this time, as far as the clock alone decides. */
  sleepsUntil(time: Date | undefined): void {
    this.#nextAttempt = time;
  }

  get counters(): LinkCounters {
    return this.#counters;
  }

  /** The line that is open, or else the first. */
  get lineNow(): LinkStatus['line'] {
    const { line } = this.#config;
    const lines = this.lines();
    const now = lines.find(({ state }) => state === 'open' || state === 'joined') ?? lines[0];
    const { options, name, speed } = now ?? { options: line, name: lineName(line), speed: line.speed };
    return { options, name, speed };
  }

  reconfigured(config: LinkConfig): void {
    this.#config = config;
  }

  /** A hook has ended. */
  hookEnded(hook: HookStatus): void {
    this.#hooks.set(`${hook.moment} ${hook.program}`, hook);
  }

  /** The worker reported. Rates need two reports at least half a second apart. */
  statistics({ at, counters, session, queue, lines }: Statistics): void {
    const elapsed = at - this.#countedAt;
    if (elapsed >= 500) {
      const perSecond = (now: number, before: number): number => Math.max(0, ((now - before) * 1000) / elapsed);
      this.#rates = {
        at,
        rx: perSecond(counters.rxBytes, this.#counters.rxBytes),
        tx: perSecond(counters.txBytes, this.#counters.txBytes),
      };
      this.#countedAt = at;
    }
    this.#counters = counters;
    this.#session = session;
    this.#queue = queue ?? emptyQueue;
    this.#lineOctets = lines ?? [];
    this.#reportedAt = at;
  }

  status(): LinkStatus {
    const config = this.#config;
    const now = this.#clock.now();
    const fresh = now - this.#rates.at < rateLifeMs;
    const knowsDelays = now - this.#reportedAt < delayWindowMs;
    return {
      name: config.name,
      state: this.#state,
      since: this.#since,
      lastCause: this.#lastCause,
      nextAttempt: this.#nextAttempt,
      restarts: this.#restarts,
      line: this.lineNow,
      lines: this.lines().map((line, i) => ({ ...line, octets: this.#lineOctets[i] })),
      interface: config.interface,
      ...configuredAddresses(config),
      local6: config.net.local6,
      remote6: config.net.remote6,
      networks: config.net.networks.map(({ prefix }) => prefix),
      counters: this.#counters,
      queue: knowsDelays ? this.#queue : withoutDelays(this.#queue),
      rxBytesPerSecond: fresh ? this.#rates.rx : 0,
      txBytesPerSecond: fresh ? this.#rates.tx : 0,
      session: this.#session,
      networkProblems: this.networkProblems,
      hooks: [...this.#hooks.values()],
      health: this.health(),
      quota: this.quota(),
      dialing: this.dialing(),
    };
  }
}

/** The worker is silent while nothing moves: what it said last of delays is old by then. */
function withoutDelays({ classes, ...whole }: QueueStatus): QueueStatus {
  const unknown = { delayP50Ms: undefined, delayP95Ms: undefined };
  return { ...whole, ...unknown, classes: classes.map((one) => ({ ...one, ...unknown })) };
}

/** As the config has them, for people. */
function configuredAddresses({ local, remote, ipcp }: LinkConfig): Pick<LinkStatus, 'local' | 'remote'> {
  if (ipcp === undefined) return { local: '-', remote: '-' };
  const known = (address: Ip4): string => (address === 0 ? 'from-peer' : formatIp4(address));
  const { remoteFrom } = ipcp;
  if (remoteFrom === undefined) return { local: known(local), remote: known(remote) };
  return { local: known(local), remote: remoteFrom.kind === 'host' ? remoteFrom.host : `pool ${remoteFrom.pool.name}` };
}
