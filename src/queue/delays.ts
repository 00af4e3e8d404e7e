/**
 * How long packets waited, over about the last minute: a histogram of fixed size, its buckets a fifth wider each than the one
 * before, so that a slow line's seconds and a fast one's microseconds are told equally well. Nothing is allocated per packet.
 *
 * The minute is two halves: the running one, and the one before it, which is forgotten when the next begins.
 */
import type { Millis } from '../base/clock.js';

/** What is told is of the last half of this at least, and of no more than all of it. */
export const delayWindowMs: Millis = 60_000;
const halfMs = delayWindowMs / 2;

/** The first bucket ends here; four of them double the wait, and the last takes all that is longer than two minutes. */
const shortestMs = 0.125;
const perDoubling = 4;
const buckets = 80;

export class DelayWindow {
  #running = new Uint32Array(buckets);
  #before = new Uint32Array(buckets);
  /** When the running half began. */
  #since: Millis = -Infinity;

  /** One packet waited for so long. */
  add(delay: Millis, now: Millis): void {
    this.#turn(now);
    this.#running[bucketOf(delay)]! += 1;
  }

  /** Adds what is known at `now` to these counts, for the quantiles of several together. */
  addTo(counts: Uint32Array, now: Millis): void {
    this.#turn(now);
    for (let i = 0; i < buckets; i++) counts[i]! += this.#running[i]! + this.#before[i]!;
  }

  #turn(now: Millis): void {
    const elapsed = now - this.#since;
    if (elapsed < halfMs) return;
    [this.#running, this.#before] = [this.#before, this.#running];
    this.#running.fill(0);
    if (elapsed >= delayWindowMs) this.#before.fill(0);
    this.#since = now;
  }
}

/**
 * The waits below which such parts of the packets, 0 to 1, stayed, exact to a fifth of them (never told shorter than they
 * were); undefined when there were no packets.
 */
export function delayQuantiles(
  windows: readonly DelayWindow[],
  parts: readonly number[],
  now: Millis,
): readonly Millis[] | undefined {
  const counts = new Uint32Array(buckets);
  for (const window of windows) window.addTo(counts, now);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  return parts.map((part) => {
    const rank = Math.max(1, Math.ceil(part * total));
    let below = 0;
    return endOf(counts.findIndex((count) => (below += count) >= rank));
  });
}

function bucketOf(delay: Millis): number {
  if (delay <= shortestMs) return 0;
  return Math.min(buckets - 1, Math.ceil(perDoubling * Math.log2(delay / shortestMs)));
}

function endOf(bucket: number): Millis {
  return shortestMs * 2 ** (bucket / perDoubling);
}
