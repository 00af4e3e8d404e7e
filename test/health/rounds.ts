/** A tracker in virtual time, fed round by round. */
import { parseIp4, type Ip4 } from '../../src/base/ip.js';
import type { Millis } from '../../src/base/clock.js';
import type { TrackOptions } from '../../src/health/options.js';
import { Tracker, type Verdict } from '../../src/health/tracker.js';

export interface Change {
  readonly at: Millis;
  readonly state: Verdict;
  readonly reason: string;
}

export const hostA = ip('10.2.0.5');
export const hostB = ip('10.2.0.6');

export const trackOptions: TrackOptions = {
  hosts: [hostA],
  intervalMs: 10_000,
  timeoutMs: 2000,
  failures: 3,
  recoveries: 2,
  action: { kind: 'metric', add: 1000 },
};

export function ip(text: string): Ip4 {
  const address = parseIp4(text);
  if (address === undefined) throw new Error(`not an address: ${text}`);
  return address;
}

export class Rounds {
  readonly tracker: Tracker;
  readonly changes: Change[] = [];
  readonly options: TrackOptions;
  now: Millis = 5000;
  /** Of the probe that was put out last. */
  sequence: number | undefined;
  probes = 0;

  constructor(options: TrackOptions) {
    this.options = options;
    this.tracker = new Tracker(options);
  }

  start(): void {
    this.tracker.start(this.now);
    this.drain();
  }

  stop(): void {
    this.tracker.stop(this.now);
    this.drain();
  }

  /** One interval with an answer of each of these hosts, 40 ms after the probe. */
  round(...answering: readonly Ip4[]): void {
    const end = this.now + this.options.intervalMs;
    this.now += 40;
    for (const host of answering) this.answer(host);
    this.passTo(end);
  }

  /** `+` a round with an answer of the first host, `-` one without; `d` and `u`: the link goes down, comes up. */
  play(script: string): void {
    for (const step of script) {
      if (step === 'd') this.stop();
      else if (step === 'u') this.start();
      else if (step === '+') this.round(...this.options.hosts.slice(0, 1));
      else if (step === '-') this.round();
      else throw new Error(`no such step: ${step}`);
    }
  }

  /** Rounds with answers, or without, until this is the verdict. Throws when it takes more than a day. */
  until(verdict: Verdict): void {
    const limit = this.now + 86_400_000;
    while (this.tracker.state !== verdict) {
      this.play(verdict === 'healthy' ? '+' : '-');
      if (this.now > limit) throw new Error(`not ${verdict} within a day`);
    }
  }

  answer(host: Ip4, sequence = this.sequence ?? 0): void {
    this.tracker.answer(host, sequence, this.now);
    this.drain();
  }

  /** Lets time pass, every deadline in its turn. */
  passTo(end: Millis): void {
    for (let due = this.tracker.nextTimeout(); due !== undefined && due <= end; due = this.tracker.nextTimeout()) {
      this.now = Math.max(this.now, due);
      this.tracker.timeout(this.now);
      this.drain();
    }
    this.now = end;
  }

  drain(): void {
    for (let output = this.tracker.poll(); output !== undefined; output = this.tracker.poll()) {
      if (output.type === 'probe') {
        this.sequence = output.sequence;
        this.probes += 1;
      } else {
        this.changes.push({ at: this.now, state: output.state, reason: output.reason });
      }
    }
  }
}
