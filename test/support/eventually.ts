/** Waiting for something to become true: polled, bounded, and with a name for what did not happen. */
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 25;

/**
 * Polls until the condition gives something other than `undefined` and `false`, and gives that. Throws after
 * `timeoutMs`, naming `what`, with the last error when the condition threw.
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  timeoutMs: number,
  what: string,
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const value = await condition();
      if (isThere(value)) return value;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: failure });
    await sleep(POLL_MS);
  }
}

/** Gives what the promise gives, or throws after `timeoutMs`, naming `what`. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not within ${timeoutMs} ms: ${what}`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function isThere<T>(value: T): value is Exclude<T, false | undefined> {
  return value !== undefined && value !== false;
}
