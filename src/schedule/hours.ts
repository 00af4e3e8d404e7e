/**
 * Time windows, by the clock on the wall. Where summer time begins, an hour is skipped: what is open in it alone doesn't come
 * that day. Where it ends, an hour comes twice, and what is open in it is open twice. Pure; the zone is that of the process.
 */
import type { Hours } from './options.js';

const minutesOfDay = 1440;
const minuteMs = 60_000;
/** No zone sets its clock forward or back at other times than these. */
const quarterMs = 15 * minuteMs;
/** A week, and one more for a window that summer time skips. */
const horizonMs = 15 * 24 * 60 * minuteMs;

/** True when any window is open; without windows it is always. */
export function isOpen(windows: readonly Hours[], at: Date): boolean {
  if (windows.length === 0) return true;
  const minute = at.getHours() * 60 + at.getMinutes();
  const today = at.getDay();
  const yesterday = (today + 6) % 7;
  return windows.some(({ days, from, to }) => {
    if (from < to) return days.includes(today) && minute >= from && minute < to;
    return (days.includes(today) && minute >= from) || (days.includes(yesterday) && minute < to);
  });
}

/** When the windows open, if they are closed, or close, if they are open; undefined: not within two weeks. */
export function nextChange(windows: readonly Hours[], at: Date): Date | undefined {
  const before = isOpen(windows, at);
  const edges = windows.flatMap(({ from, to }) => [from, to % minutesOfDay]);
  const end = at.getTime() + horizonMs;
  let time = at.getTime();
  while (edges.length > 0 && time < end) {
    time = Math.min(nextQuarter(time), nextEdge(edges, time));
    const then = new Date(time);
    if (isOpen(windows, then) !== before) return then;
  }
  return undefined;
}

/** The next midnight in local time. */
export function dayEnd(at: Date): Date {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1);
}

/** The last midnight in local time. */
export function dayBegin(at: Date): Date {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate());
}

function nextQuarter(time: number): number {
  return (Math.floor(time / quarterMs) + 1) * quarterMs;
}

/** The next moment at which the clock shows one of these minutes, if it isn't set before. */
function nextEdge(edges: readonly number[], time: number): number {
  const at = new Date(time);
  const minute = at.getHours() * 60 + at.getMinutes();
  const waits = edges.map((edge) => (edge - minute + minutesOfDay - 1) % minutesOfDay);
  return (Math.floor(time / minuteMs) + Math.min(...waits) + 1) * minuteMs;
}
