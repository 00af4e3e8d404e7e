/**
 * When one link's line is opened and hung up, as `when` of its config has it: holds the circumstances together that the policy
 * (`schedule/policy.ts`) judges by (calls, traffic, the other link, the hour, and who overrides it all), asks it in time, and
 * says what the link is to do.
 */
import { cause, causeFacts, describeCause, type Cause } from '../base/cause.js';
import type { Millis, Scheduler } from '../base/clock.js';
import { assertNever } from '../base/errors.js';
import type { Ledger } from '../accounting/ledger.js';
import type { LinkConfig } from '../config/types.js';
import { callsOf, callsOfLastHour, openToday, recentCalls, type Call } from '../schedule/calls.js';
import type { TrafficRules, WhenOptions } from '../schedule/options.js';
import { hindrances, judge, type Circumstances, type Hindrance, type Verdict } from '../schedule/policy.js';
import { Alarm } from './alarm.js';
import { Backoff } from './backoff.js';
import type { DialingStatus, LinkEvent, LinkState } from './types.js';

export interface DialingParts {
  readonly scheduler: Scheduler;
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
  readonly ledger: Pick<Ledger, 'begin' | 'usedBytes' | 'history'>;
  /** Whether this other link is up, and what lies behind it answers. */
  readonly isWell: (link: string) => boolean;
}

export interface DialingHost {
  readonly config: LinkConfig;
  readonly state: LinkState;
  readonly wanted: boolean;
  note(level: LinkEvent['level'], message: string): void;
  /** Which packets count as traffic, and whether they are held while there is no session. */
  watch(rules: TrafficRules | undefined, hold: boolean): void;
  /** The link sleeps, and is to dial. */
  dial(): void;
  /** The line is to be hung up, or the link sleeps for another reason now. */
  doze(why: Cause | undefined): void;
}

/** What a link that has no line is to do. */
export type Plan =
  | { readonly kind: 'dial' }
  | {
      readonly kind: 'doze';
      readonly waitsFor: NonNullable<DialingStatus['waitsFor']>;
      readonly why: Cause | undefined;
      readonly until: Date | undefined;
    };

/** What follows when a line has been closed. */
export type Afterwards =
  | { readonly kind: 'retry'; readonly pauseMs: Millis }
  | { readonly kind: 'doze'; readonly why: Cause }
  /** There were as many attempts as there may be, or no other is of any use. */
  | { readonly kind: 'give-up'; readonly attempts: number };

/** More than the guards can count. */
const sessionsAsked = 200;
/** The policy is asked at least so often; no timer can be set for months. */
const longestWaitMs = 3_600_000;

export class Dialing {
  readonly #host: DialingHost;
  readonly #parts: DialingParts;
  readonly #alarm: Alarm;
  #backoff: Backoff;
  #calls: Call[];
  /** The first line goes on with the call that an earlier process began. */
  #goesOn: boolean;
  #lineSince: Millis | undefined;
  /** When traffic went by last; undefined: the link wasn't up on this line. */
  #trafficAt: Millis | undefined;
  #other: { readonly isUp: boolean; readonly since: Millis };
  /** The packet that waits for the link to come up. */
  #wanted: string | undefined;
  #becauseOf: DialingStatus['becauseOf'];
  #overridden = false;
  /** Hung up as idle: not to be dialed without demand, until the hour comes anew. */
  #rests = false;
  #asleep: Extract<Plan, { kind: 'doze' }> | undefined;

  /** `goesOn`: an earlier process had the link up. */
  constructor(host: DialingHost, parts: DialingParts, goesOn: boolean) {
    this.#host = host;
    this.#parts = parts;
    this.#goesOn = goesOn;
    this.#alarm = new Alarm(parts.scheduler, () => {
      this.look();
    });
    this.#backoff = new Backoff(host.config.restart, parts.random);
    this.#calls = callsOf(parts.ledger.history(host.config.name, sessionsAsked));
    this.#other = { isUp: false, since: parts.scheduler.now() };
    this.#lookAtOther();
  }

  get status(): DialingStatus | undefined {
    if (this.#options === undefined) return undefined;
    const now = this.#parts.scheduler.date();
    return {
      waitsFor: this.#asleep?.waitsFor,
      becauseOf: this.#becauseOf,
      overridden: this.#overridden,
      callsLastHour: callsOfLastHour(this.#calls, now).length,
      openTodayMs: openToday(this.#calls, now),
    };
  }

  /** When the link may dial again, as far as the clock alone decides, while it sleeps. */
  get until(): Date | undefined {
    return this.#asleep?.until;
  }

  /** Packets for the link are to find their way to it while it is not up: they will wait. */
  get standsBy(): boolean {
    if (this.#options?.demand !== true || !this.#host.wanted) return false;
    return this.#asleep === undefined || this.#asleep.waitsFor === 'traffic';
  }

  /** What the link is to do now that it has no line. */
  plan(): Plan {
    const options = this.#options;
    if (options === undefined || this.#overridden) return { kind: 'dial' };
    this.#lookAtOther();
    const verdict = judge(options, this.#circumstances(undefined));
    if (!verdict.may) {
      if (isPeriod(verdict.why)) this.#rests = false;
      return { kind: 'doze', waitsFor: awaited(verdict.why), why: causeOf(verdict), until: verdict.until };
    }
    if (this.#rests && !options.demand)
      return { kind: 'doze', waitsFor: 'command', why: cause('idle'), until: undefined };
    if (options.demand && this.#wanted === undefined)
      return { kind: 'doze', waitsFor: 'traffic', why: undefined, until: undefined };
    return { kind: 'dial' };
  }

  /** The line is closed, for this reason, and the link is wanted. */
  after(why: Cause): Afterwards {
    if (causeFacts(why.code).retry === 'planned') {
      this.#backoff.reset();
      const plan = this.plan();
      return plan.kind === 'dial' ? { kind: 'retry', pauseMs: 0 } : { kind: 'doze', why: plan.why ?? why };
    }
    const pauseMs = this.#backoff.next(why, this.#parts.scheduler.now());
    if (pauseMs !== undefined) return { kind: 'retry', pauseMs };
    const attempts = this.#backoff.failures;
    if (this.#options?.demand !== true || this.#overridden) return { kind: 'give-up', attempts };
    // The next packet is another matter.
    this.#host.note('warn', `given up after ${attempts} attempts; the next packet starts them again`);
    this.#backoff.reset();
    this.#wanted = undefined;
    return { kind: 'doze', why };
  }

  /** Someone steers: attempts are counted from zero again. */
  steered(): void {
    this.#backoff.reset();
  }

  /** Someone wants the link up, whatever the hour and the limits. */
  override(): void {
    const options = this.#options;
    this.#rests = false;
    if (options === undefined) return;
    const line = this.#lineSince === undefined ? undefined : { openMs: 0, quietMs: undefined };
    const against = hindrances(options, this.#circumstances(line));
    this.#overridden = true;
    if (against.length === 0) return;
    const what = against.map((one) => describeCause(causeOf(one))).join('; ');
    this.#host.note('info', `dialed by command, though ${what}`);
  }

  /** The link is not wanted any more. */
  stop(): void {
    this.#overridden = this.#rests = false;
    this.#wanted = undefined;
  }

  /** The link has come into this state. */
  entered(next: LinkState, previous: LinkState): void {
    if (next !== 'dormant') this.#asleep = undefined;
    if (previous === 'opening' && next === 'negotiating') this.#lineOpened();
    if (previous === 'closing') this.#lineClosed();
    if (next === 'opening') this.#begin();
    if (next === 'up') {
      this.#wanted = undefined;
      this.#trafficAt ??= this.#parts.scheduler.now();
      this.#backoff.up(this.#parts.scheduler.now());
    }
    this.#tellWatch();
    const hasLine = next === 'opening' || next === 'negotiating' || next === 'up';
    // Not on the spot: the link is about to do what belongs to its new state.
    this.#askIn(hasLine && this.#options !== undefined ? 0 : undefined);
  }

  /** The link sleeps, or does so for another reason now. */
  sleeps(): void {
    const plan = this.plan();
    this.#asleep = plan.kind === 'doze' ? plan : undefined;
    this.#tellWatch();
    this.#askIn(judgedIn(this.#options, this.#circumstances(undefined)));
  }

  /** The packet worker holds this packet for the link, as the first; undefined: it gave up. */
  wants(packet: string | undefined): void {
    this.#wanted = packet;
    if (packet !== undefined && this.#host.state === 'dormant') this.look();
  }

  /** The worker has counted: for so long nothing that counts as traffic went by. */
  quietFor(quietMs: Millis | undefined): void {
    if (quietMs !== undefined && this.#trafficAt !== undefined)
      this.#trafficAt = Math.max(this.#trafficAt, this.#parts.scheduler.now() - quietMs);
  }

  /** Something happened to another link. */
  otherChanged(link: string): void {
    if (this.#options?.whileDown?.link === link && this.#lookAtOther()) this.look();
  }

  reconfigured(): void {
    this.#backoff = new Backoff(this.#host.config.restart, this.#parts.random);
    this.#lookAtOther();
    this.#tellWatch();
    this.look();
  }

  /** Nothing is said any more. */
  end(): void {
    this.#alarm.cancel();
  }

  /** Judges anew, and says what has to change. */
  look(): void {
    const { state } = this.#host;
    switch (state) {
      case 'dormant': {
        const plan = this.plan();
        if (plan.kind === 'dial') this.#host.dial();
        else if (plan.waitsFor !== this.#asleep?.waitsFor) this.#host.doze(plan.why);
        else this.sleeps();
        return;
      }
      case 'opening':
      case 'negotiating':
      case 'up':
        this.#ask();
        return;
      case 'down':
      case 'closing':
      case 'waiting':
        return;
      default:
        assertNever(state);
    }
  }

  get #options(): WhenOptions | undefined {
    return this.#host.config.when;
  }

  /** Hangs up when it has to be, or asks again later. */
  #ask(): void {
    const options = this.#options;
    if (options === undefined) {
      this.#alarm.cancel();
      return;
    }
    this.#lookAtOther();
    const now = this.#parts.scheduler.now();
    const quietMs = this.#trafficAt === undefined ? undefined : now - this.#trafficAt;
    const verdict = judge(options, this.#circumstances({ openMs: now - (this.#lineSince ?? now), quietMs }));
    if (verdict.may) {
      this.#askIn(verdict.askInMs);
      return;
    }
    // Where others call, the next of them is as welcome as this one was.
    this.#rests = verdict.why === 'idle' && !isCalled(this.#host.config);
    this.#host.doze(causeOf(verdict));
  }

  #askIn(delay: Millis | undefined): void {
    if (delay === undefined) this.#alarm.cancel();
    else this.#alarm.set(Math.min(Math.max(delay, 1), longestWaitMs));
  }

  /** The line is about to be opened: says what for. */
  #begin(): void {
    if (this.#wanted === undefined) return;
    this.#becauseOf = { packet: this.#wanted, at: this.#parts.scheduler.date() };
    this.#host.note('info', `dials because of ${this.#wanted}`);
  }

  #lineOpened(): void {
    const now = this.#parts.scheduler.date();
    const last = this.#goesOn ? this.#calls.pop() : undefined;
    this.#goesOn = false;
    this.#calls = recentCalls(this.#calls, now);
    this.#calls.push({ begin: last?.begin ?? now, end: undefined });
    this.#lineSince = this.#parts.scheduler.now();
  }

  #lineClosed(): void {
    const now = this.#parts.scheduler.date();
    this.#calls = this.#calls.map((call) => (call.end === undefined ? { ...call, end: now } : call));
    // What was begun by command has come up and ended.
    if (this.#trafficAt !== undefined) this.#overridden = false;
    this.#lineSince = this.#trafficAt = undefined;
  }

  #tellWatch(): void {
    const options = this.#options;
    const asks = options !== undefined && (options.demand || options.idleMs !== undefined);
    this.#host.watch(asks ? options.traffic : undefined, this.standsBy);
  }

  /** True when it changed. */
  #lookAtOther(): boolean {
    const { whileDown } = this.#options ?? {};
    if (whileDown === undefined) return false;
    const isUp = this.#parts.isWell(whileDown.link);
    if (isUp === this.#other.isUp) return false;
    this.#other = { isUp, since: this.#parts.scheduler.now() };
    return true;
  }

  #circumstances(line: Circumstances['line']): Circumstances {
    const { scheduler } = this.#parts;
    const { isUp, since } = this.#other;
    return {
      now: scheduler.date(),
      calls: this.#calls,
      line,
      other: { isUp, forMs: scheduler.now() - since },
      overridden: this.#overridden,
    };
  }
}

type Refusal = Extract<Verdict, { may: false }>;

function judgedIn(options: WhenOptions | undefined, circumstances: Circumstances): Millis | undefined {
  return options && judge(options, circumstances).askInMs;
}

function causeOf({ why, detail, until }: Refusal): Cause {
  const time = until === undefined ? [] : [`until ${formatMinute(until)}`];
  const parts = [...(detail === undefined ? [] : [detail]), ...time];
  return cause(why, parts.length === 0 ? undefined : parts.join(', '));
}

/** `2026-11-22 08:00`, in local time: that is what the config speaks of. */
function formatMinute(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The line is opened by a call from the far end. */
function isCalled({ answer, line: { kind } }: LinkConfig): boolean {
  return answer !== undefined || kind === 'tcp-listen' || kind === 'unix-listen' || kind === 'terminal';
}

/** What comes and goes by itself, and after which an idle link is dialed again. */
function isPeriod(why: Hindrance): boolean {
  return why === 'outside-hours' || why === 'not-needed';
}

function awaited(why: Hindrance): NonNullable<DialingStatus['waitsFor']> {
  switch (why) {
    case 'outside-hours':
      return 'hours';
    case 'not-needed':
      return 'other-link';
    case 'calls-used-up':
      return 'calls';
    case 'minutes-used-up':
      return 'minutes';
    case 'idle':
    case 'longest-reached':
      return 'command';
    default:
      return assertNever(why);
  }
}
