/**
 * Whether what lies behind a link can be reached: a pure state machine. Rounds of probes go out, answers come in, verdicts
 * come out. Nothing here sends or waits: time is an argument, `nextTimeout` the next deadline, outputs are drained by `poll`.
 *
 * A round asks every host and is answered when one of them answers. So many rounds in a row without an answer make the link
 * `failed`, so many with one make it `healthy` again, but not before the hold-down has passed (`hold-down.ts`). Nothing is
 * judged while the link is down. What failed stays `failed` over a redial until the opposite is proven, so that a redial
 * doesn't lead the traffic back; unless the failure's action is that very redial: then the link is `unknown` after it, and
 * may fail again when the hold-down has passed, so that a host that stays away restarts the link ever less often.
 */
import type { Millis } from '../base/clock.js';
import { formatIp4, type Ip4 } from '../base/ip.js';
import { HoldDown } from './hold-down.js';
import type { TrackOptions } from './options.js';

export type Verdict = 'healthy' | 'failed';

/** `unknown`: not judged yet. Such a link is treated as a healthy one. */
export type HealthState = 'unknown' | Verdict;

export type TrackerOutput =
  /** Ask every host, and hand its answer to `answer` with this number (0 to 65535). */
  | { readonly type: 'probe'; readonly sequence: number }
  /** The verdict changed. The first `healthy` of a link that never failed is no change. */
  | { readonly type: 'changed'; readonly state: Verdict; readonly reason: string };

export interface HostStatus {
  readonly host: Ip4;
  /** Of its last answer, which was so long ago; undefined when it never answered. */
  readonly rttMs: Millis | undefined;
  readonly answeredAgoMs: Millis | undefined;
}

interface Round {
  readonly begunAt: Millis;
  /** Until an answer has come or the time is over. */
  open: boolean;
}

export class Tracker {
  readonly #options: TrackOptions;
  readonly #holdDown = new HoldDown();
  readonly #answers = new Map<Ip4, { readonly rttMs: Millis; readonly at: Millis }>();
  #outputs: TrackerOutput[] = [];
  #state: HealthState = 'unknown';
  /** The last verdict that was put out. */
  #told: Verdict = 'healthy';
  /** Undefined while the link is down. */
  #round: Round | undefined;
  #sequence = -1;
  /** The last rounds that had the same result. */
  #run = { answered: false, length: 0 };

  /** Throws when there is no host to ask. */
  constructor(options: TrackOptions) {
    if (options.hosts.length === 0) throw new Error('tracking needs a host');
    this.#options = options;
  }

  get state(): HealthState {
    return this.#state;
  }

  /** How long no change is believed yet; 0: none is held back. */
  heldMs(now: Millis): Millis {
    return Math.max(0, this.#holdDown.until - now);
  }

  hosts(now: Millis): HostStatus[] {
    return this.#options.hosts.map((host) => {
      const last = this.#answers.get(host);
      return { host, rttMs: last?.rttMs, answeredAgoMs: last && now - last.at };
    });
  }

  /** The link is up: the first round begins. */
  start(now: Millis): void {
    if (this.#round !== undefined) return;
    if (this.#state === 'failed' && this.#options.action.kind === 'restart') this.#state = 'unknown';
    if (this.#state === 'healthy') this.#holdDown.healthy(now);
    this.#run = { answered: false, length: 0 };
    this.#begin(now);
  }

  /** The link is down: what is under way is forgotten, outputs that were not drained as well. */
  stop(now: Millis): void {
    this.#round = undefined;
    this.#outputs = [];
    this.#holdDown.pause(now);
  }

  /** A host has answered. What is no answer to the last round is ignored. */
  answer(host: Ip4, sequence: number, now: Millis): void {
    const round = this.#round;
    if (round === undefined || sequence !== this.#sequence || !this.#options.hosts.includes(host)) return;
    this.#answers.set(host, { rttMs: now - round.begunAt, at: now });
    if (round.open) this.#finish(round, true, now, host);
  }

  /** The next time that `timeout` wants to be called; undefined while the link is down. */
  nextTimeout(): Millis | undefined {
    const round = this.#round;
    if (round === undefined) return undefined;
    return round.begunAt + (round.open ? this.#options.timeoutMs : this.#options.intervalMs);
  }

  timeout(now: Millis): void {
    const round = this.#round;
    if (round === undefined) return;
    if (round.open && now >= round.begunAt + this.#options.timeoutMs) this.#finish(round, false, now);
    if (!round.open && now >= round.begunAt + this.#options.intervalMs) this.#begin(now);
  }

  poll(): TrackerOutput | undefined {
    return this.#outputs.shift();
  }

  #begin(now: Millis): void {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#round = { begunAt: now, open: true };
    this.#outputs.push({ type: 'probe', sequence: this.#sequence });
  }

  #finish(round: Round, answered: boolean, now: Millis, host?: Ip4): void {
    round.open = false;
    this.#run = { answered, length: this.#run.answered === answered ? this.#run.length + 1 : 1 };
    if (now < this.#holdDown.until) return;
    const { hosts, failures, recoveries } = this.#options;
    if (answered && this.#run.length >= recoveries && this.#state !== 'healthy') {
      this.#holdDown.healthy(now);
      this.#become('healthy', `${host === undefined ? 'a host' : formatIp4(host)} answers`);
    } else if (!answered && this.#run.length >= failures && this.#state !== 'failed') {
      this.#holdDown.failed(now);
      this.#become('failed', `no answer from ${hosts.map(formatIp4).join(', ')}, ${this.#run.length} times in a row`);
    }
  }

  #become(state: Verdict, reason: string): void {
    this.#state = state;
    if (state === 'healthy' && this.#told === 'healthy') return;
    this.#told = state;
    this.#outputs.push({ type: 'changed', state, reason });
  }
}
