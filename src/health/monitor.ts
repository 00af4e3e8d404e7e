/**
 * Watches what lies behind one link: the tracker's judgement, the prober's hands and a scheduler's time. Whoever owns the
 * link starts it when the link is up, stops it when it isn't, and does what `onChange` says.
 */
import type { Millis, Scheduler, Timer } from '../base/clock.js';
import { assertNever } from '../base/errors.js';
import type { Ip4 } from '../base/ip.js';
import type { TrackOptions } from './options.js';
import type { Prober } from './prober.js';
import { Tracker, type HealthState, type HostStatus, type Verdict } from './tracker.js';

export interface MonitorParts {
  readonly scheduler: Scheduler;
  readonly prober: Prober;
  /** The verdict changed: `reason` is a phrase for people. It may stop or start the monitor. */
  readonly onChange: (state: Verdict, reason: string) => void;
}

export interface HealthStatus {
  readonly state: HealthState;
  /** The last change of the verdict; undefined when there was none. */
  readonly lastChange: { readonly at: Date; readonly reason: string } | undefined;
  /** How long no change is believed yet, because there were many; 0: none is held back. */
  readonly heldMs: Millis;
  readonly hosts: readonly HostStatus[];
}

export class HealthMonitor {
  readonly #options: TrackOptions;
  readonly #parts: MonitorParts;
  readonly #tracker: Tracker;
  #timer: Timer | undefined;
  #running = false;
  #lastChange: HealthStatus['lastChange'];

  constructor(options: TrackOptions, parts: MonitorParts) {
    this.#options = options;
    this.#parts = parts;
    this.#tracker = new Tracker(options);
  }

  /** The link is up, with this address of ours. A second call without `stop` does nothing. */
  start(local: Ip4): void {
    if (this.#running) return;
    this.#running = true;
    const { prober, scheduler } = this.#parts;
    prober.start(local, (host, sequence) => {
      this.#tracker.answer(host, sequence, scheduler.now());
      this.#settle();
    });
    this.#tracker.start(scheduler.now());
    this.#settle();
  }

  /** The link is no longer up. `onChange` is not called until the next `start`. Safe to call twice. */
  stop(): void {
    if (!this.#running) return;
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#parts.prober.stop();
    this.#tracker.stop(this.#parts.scheduler.now());
  }

  get status(): HealthStatus {
    const now = this.#parts.scheduler.now();
    return {
      state: this.#tracker.state,
      lastChange: this.#lastChange,
      heldMs: this.#tracker.heldMs(now),
      hosts: this.#tracker.hosts(now),
    };
  }

  /** After every input: carry out what the tracker wants, and set the timer. */
  #settle(): void {
    const { prober, scheduler, onChange } = this.#parts;
    for (let output = this.#tracker.poll(); output !== undefined; output = this.#tracker.poll()) {
      switch (output.type) {
        case 'probe':
          for (const host of this.#options.hosts) prober.probe(host, output.sequence);
          break;
        case 'changed':
          this.#lastChange = { at: scheduler.date(), reason: output.reason };
          onChange(output.state, output.reason);
          break;
        default:
          assertNever(output);
      }
    }
    this.#timer?.cancel();
    const deadline = this.#tracker.nextTimeout();
    if (deadline === undefined) return;
    this.#timer = scheduler.after(deadline - scheduler.now(), () => {
      this.#tracker.timeout(scheduler.now());
      this.#settle();
    });
  }
}
