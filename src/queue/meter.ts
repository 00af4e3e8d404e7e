/** What a queue counts, for as long as its link is there: a queue comes and goes with the session, its meter stays. */
import type { Millis } from '../base/clock.js';
import { DelayWindow } from './delays.js';

/** Packets, since the meter was made: `enqueued` is the sum of what left (not `marked`) and what waits. */
export interface QueueStats {
  enqueued: number;
  /** Left by `dequeue`; `marked` are among them. */
  dequeued: number;
  /** The octets of those. */
  dequeuedBytes: number;
  /** Told to slow down by ECN. */
  marked: number;
  /** Dropped because they, or those before them, waited too long. */
  droppedCodel: number;
  /** Dropped because there was no room for more. */
  droppedLimit: number;
  /** Dropped by `clear`. */
  cleared: number;
}

export class QueueMeter {
  readonly stats: QueueStats = {
    enqueued: 0,
    dequeued: 0,
    dequeuedBytes: 0,
    marked: 0,
    droppedCodel: 0,
    droppedLimit: 0,
    cleared: 0,
  };
  readonly delays = new DelayWindow();

  /** A packet of so many octets leaves for the line, after this wait. */
  left(octets: number, delay: Millis, now: Millis): void {
    this.stats.dequeued++;
    this.stats.dequeuedBytes += octets;
    this.delays.add(delay, now);
  }
}
