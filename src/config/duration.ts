/** Durations in the config: a number and its unit, such as `500ms`, `5s`, `1.5m`. */
import type { Millis } from '../base/clock.js';
import { right, wrong, type Reading } from './reading.js';

const units: Readonly<Record<string, Millis>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Reads a duration as whole milliseconds. */
export function readDuration(text: string): Reading<Millis> {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)([a-z]*)$/.exec(text);
  if (match === null) return wrong('is not a duration');
  const [, number = '', name = ''] = match;
  if (name === '') return wrong(`has no unit; write ${number}s or ${number}ms`);
  const unit = Object.hasOwn(units, name) ? units[name] : undefined;
  if (unit === undefined) return wrong('has no known unit; the units are ms, s, m and h');
  return right(Math.round(Number(number) * unit));
}

/** `1500` as `1500ms`, `3000` as `3s`: the largest unit that leaves no remainder. */
export function formatDuration(millis: Millis): string {
  const [name, unit] = Object.entries(units).find(([, unit]) => millis >= unit && millis % unit === 0) ?? ['ms', 1];
  return `${millis / unit}${name}`;
}
