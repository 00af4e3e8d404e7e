/** How the queue is set for a line's speed. All constants of tuning are here. */
import type { Millis } from '../base/clock.js';
import type { CodelParameters } from './codel.js';

export interface Tuning extends CodelParameters {
  /** The octets that a flow may send before the next one's turn. */
  readonly quantum: number;
  /** The octets that may wait in all. */
  readonly limitBytes: number;
  /** How long the line takes for a full packet; 0 where it has no speed. */
  readonly frameMs: Millis;
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
const LIMIT_PACKETS = 64;

/** What CoDel goes by, while so many flows have packets. */
export class Law implements CodelParameters {
  targetMs: Millis = 0;
  intervalMs: Millis = 0;
  mtu = 0;

  /**
   * Each flow has but a part of the line, where a frame takes that much longer. Without this the wait for its turn alone would
   * count as a standing queue, and each flow would be cut down to one packet, by which TCP can't recover from a loss.
   */
  set({ targetMs, intervalMs, mtu, frameMs }: Tuning, flows: number): void {
    const ownTargetMs = TARGET_FRAMES * frameMs * flows;
    this.targetMs = Math.max(targetMs, ownTargetMs);
    this.intervalMs = ownTargetMs > targetMs ? intervalFor(ownTargetMs) : intervalMs;
    this.mtu = mtu;
  }
}

/** `bytesPerSecond` is undefined where the line has no speed, and is then taken as fast. */
export function tune(bytesPerSecond: number | undefined, mtu: number): Tuning {
  if (bytesPerSecond === undefined) {
    return { targetMs: TARGET_MS, intervalMs: INTERVAL_MS, mtu, frameMs: 0, quantum: mtu, limitBytes: Infinity };
  }
  const frameMs: Millis = (mtu * 1000) / bytesPerSecond;
  const targetMs = Math.max(TARGET_MS, TARGET_FRAMES * frameMs);
  return {
    targetMs,
    intervalMs: intervalFor(targetMs),
    mtu,
    frameMs,
    quantum: Math.min(mtu, Math.max(MIN_QUANTUM, Math.ceil((bytesPerSecond * QUANTUM_MS) / 1000))),
    limitBytes: Math.max(LIMIT_PACKETS * mtu, Math.ceil((bytesPerSecond * LIMIT_MS) / 1000)),
  };
}

/** The wait on the line itself is part of the round trip that the interval stands for. */
function intervalFor(targetMs: Millis): Millis {
  return Math.max(INTERVAL_MS - TARGET_MS + targetMs, 2 * targetMs);
}
