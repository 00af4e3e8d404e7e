/** The calls of a link that count for its guards. Pure. */
import type { Millis } from '../base/clock.js';
import { dayBegin } from './hours.js';

/** From the line's opening to its end. */
export interface Call {
  readonly begin: Date;
  /** Undefined while it lasts. */
  readonly end: Date | undefined;
}

/** A session as the ledger keeps it. */
export interface PastSession extends Call {
  readonly cause: string | undefined;
}

const hourMs = 3_600_000;
/** A day, and the hour that one may have more. */
const keptMs = 25 * hourMs;

/** What the ledger knows, oldest first: a call that went on in a new linkd is one. `sessions` are newest first. */
export function callsOf(sessions: readonly PastSession[]): Call[] {
  const calls: Call[] = [];
  let goesOn = false;
  for (const { begin, end, cause } of sessions.toReversed()) {
    const before = goesOn ? calls.pop() : undefined;
    calls.push({ begin: before?.begin ?? begin, end });
    goesOn = cause === 'handed-over';
  }
  return calls;
}

/** Those that may still count at that time. */
export function recentCalls(calls: readonly Call[], now: Date): Call[] {
  return calls.filter(({ end }) => end === undefined || now.getTime() - end.getTime() < keptMs);
}

/** Those that began within the last hour, oldest first. */
export function callsOfLastHour(calls: readonly Call[], now: Date): Call[] {
  return calls.filter(({ begin }) => now.getTime() - begin.getTime() < hourMs);
}

/** When a call is no longer one of the last hour. */
export function hourAfter({ begin }: Call): Date {
  return new Date(begin.getTime() + hourMs);
}

/** How long the line was open since midnight. */
export function openToday(calls: readonly Call[], now: Date): Millis {
  const midnight = dayBegin(now).getTime();
  return calls.reduce((sum, { begin, end = now }) => {
    return sum + Math.max(0, Math.min(end.getTime(), now.getTime()) - Math.max(begin.getTime(), midnight));
  }, 0);
}
