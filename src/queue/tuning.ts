/** How the queue is set for a line's speed. All constants of tuning are here. */
import type { Millis } from '../base/clock.js';
import type { CodelParameters } from './codel.js';

export interface Tuning extends CodelParameters {
  /** The octets that a flow may send before the next one's turn. */
  readonly quantum: number;
  /** The octets that may wait in all. */
  readonly limitBytes: number;
}

/** RFC 8289 §4: right for the Internet at large, where a frame takes much less than this. */
const TARGET_MS = 5;
const INTERVAL_MS = 100;
/** A frame on its way makes the one behind it wait: up to this many are no standing queue. */
const TARGET_FRAMES = 1.5;

/** RFC 8290 §5.2: on slow lines small packets go ahead of large ones. */
const MIN_QUANTUM = 300;
const QUANTUM_MS = 5;

/** The limit is for floods that heed no drop, so it is ample: a second of the line, or this many full packets. */
const LIMIT_MS = 1000;
const LIMIT_PACKETS = 32;

/** `bytesPerSecond` is undefined where the line has no speed, and is then taken as fast. */
export function tune(bytesPerSecond: number | undefined, mtu: number): Tuning {
  if (bytesPerSecond === undefined) {
    return { targetMs: TARGET_MS, intervalMs: INTERVAL_MS, mtu, quantum: mtu, limitBytes: Infinity };
  }
  const frameMs: Millis = (mtu * 1000) / bytesPerSecond;
  const targetMs = Math.max(TARGET_MS, TARGET_FRAMES * frameMs);
  return {
    targetMs,
    // The wait on the line itself is part of the round trip that the interval stands for.
    intervalMs: Math.max(INTERVAL_MS - TARGET_MS + targetMs, 2 * targetMs),
    mtu,
    quantum: Math.min(mtu, Math.max(MIN_QUANTUM, Math.ceil((bytesPerSecond * QUANTUM_MS) / 1000))),
    limitBytes: Math.max(LIMIT_PACKETS * mtu, Math.ceil((bytesPerSecond * LIMIT_MS) / 1000)),
  };
}
