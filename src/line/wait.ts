/** Waiting on the main thread, to be cut short by an abort. */
import { once, type EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Millis } from '../base/clock.js';

/** Waits that long. An abort throws `signal.reason`. */
export async function pause(duration: Millis, signal: AbortSignal): Promise<void> {
  await withReason(signal, sleep(duration, undefined, { signal }));
}

/** Waits for an event; an `error` event throws what it carries, an abort throws `signal.reason`. */
export async function event(emitter: EventEmitter, name: string, signal: AbortSignal): Promise<void> {
  await withReason(signal, once(emitter, name, { signal }));
}

/** True as soon as the promise holds, false when that takes longer than the duration. */
export async function within(duration: Millis, promise: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  try {
    return await Promise.race([promise.then(() => true), sleep(duration, false, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}

/** Looks every `period` until it is so, for `duration` at most; true when it came to be. */
export async function eventually(
  duration: Millis,
  period: Millis,
  look: () => boolean | Promise<boolean>,
): Promise<boolean> {
  for (let left = duration; left > 0; left -= period) {
    if (await look()) return true;
    await sleep(period);
  }
  return look();
}

/** Node throws an AbortError of its own with the reason inside; we throw the reason itself. */
async function withReason<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  try {
    const value = await work;
    signal.throwIfAborted();
    return value;
  } catch (thrown) {
    signal.throwIfAborted();
    throw thrown;
  }
}
