/**
 * When a line may be opened, and when it has to be hung up: the whole of `when`, except that on demand it also takes a packet.
 * Pure: time comes in, both the calendar's and spans of a clock that doesn't jump.
 */
import { earliest, type Millis } from '../base/clock.js';
import { callsOfLastHour, hourAfter, openToday, type Call } from './calls.js';
import { dayEnd, isOpen, nextChange } from './hours.js';
import type { WhenOptions } from './options.js';

export interface Circumstances {
  readonly now: Date;
  /** Oldest first; a last one without an end is the line that is open. */
  readonly calls: readonly Call[];
  /** How long the line has been open, and how long nothing that counts went through it; undefined: there is none. */
  readonly line: { readonly openMs: Millis; readonly quietMs: Millis | undefined } | undefined;
  /** The link of `while-down`, and how long it has been so. */
  readonly other: { readonly isUp: boolean; readonly forMs: Millis } | undefined;
  /** Someone said so: the line is opened and kept whatever the hour and the guards. */
  readonly overridden: boolean;
}

/** These are codes of causes. */
export type Hindrance =
  'outside-hours' | 'not-needed' | 'calls-used-up' | 'minutes-used-up' | 'longest-reached' | 'idle';

export type Verdict =
  /** The line may be opened, or stay open. */
  | { readonly may: true; readonly askInMs: Millis | undefined }
  /** It may not. `until` is when it may again, as far as the clock alone decides. */
  | {
      readonly may: false;
      readonly why: Hindrance;
      readonly detail: string | undefined;
      readonly until: Date | undefined;
      readonly askInMs: Millis | undefined;
    };

const minuteMs = 60_000;

/** Judges anew; to be asked again after `askInMs`, and when something changes that is not time. */
export function judge(options: WhenOptions, circumstances: Circumstances): Verdict {
  const hindrance = circumstances.overridden ? undefined : hindrances(options, circumstances)[0];
  return hindrance ?? judgeLine(options, circumstances);
}

/** What stands against opening the line, or against its staying open, the most lasting first. */
export function hindrances(options: WhenOptions, circumstances: Circumstances): Refusal[] {
  return [
    hours(options, circumstances),
    otherLink(options, circumstances),
    minutes(options, circumstances),
    calls(options, circumstances),
  ].filter((one) => one !== undefined);
}

type Refusal = Extract<Verdict, { may: false }>;

function hours({ hours: windows }: WhenOptions, { now }: Circumstances): Refusal | undefined {
  if (isOpen(windows, now)) return undefined;
  const until = nextChange(windows, now);
  return refusal('outside-hours', now, until, undefined);
}

function otherLink({ whileDown }: WhenOptions, { other, line, now }: Circumstances): Refusal | undefined {
  if (whileDown === undefined || other === undefined) return undefined;
  // What was begun goes on until the other link has proved itself, so that one that flaps doesn't take both down.
  const isSure = other.forMs >= whileDown.forMs;
  const needed = line === undefined ? !other.isUp && isSure : !(other.isUp && isSure);
  if (needed) return undefined;
  const askInMs = other.isUp || isSure ? undefined : whileDown.forMs - other.forMs;
  return { ...refusal('not-needed', now, undefined, whileDown.link), askInMs };
}

function minutes({ minutesPerDay }: WhenOptions, { calls: all, now }: Circumstances): Refusal | undefined {
  if (minutesPerDay === undefined || openToday(all, now) < minutesPerDay * minuteMs) return undefined;
  return refusal('minutes-used-up', now, dayEnd(now), `${minutesPerDay} a day`);
}

function calls({ callsPerHour }: WhenOptions, { calls: all, now, line }: Circumstances): Refusal | undefined {
  if (callsPerHour === undefined || line !== undefined) return undefined;
  const first = callsOfLastHour(all, now).at(-callsPerHour);
  return first && refusal('calls-used-up', now, hourAfter(first), `${callsPerHour} an hour`);
}

function refusal(why: Hindrance, now: Date, until: Date | undefined, detail: string | undefined): Refusal {
  return { may: false, why, detail, until, askInMs: until && until.getTime() - now.getTime() };
}

/** What a line has to be closed for whoever opened it; else when to ask again. */
function judgeLine(options: WhenOptions, circumstances: Circumstances): Verdict {
  const { idleMs, longestMs, hours: windows, minutesPerDay, whileDown } = options;
  const { line, now, other, overridden } = circumstances;
  const closing = nextChange(windows, now);
  const untilClosing = closing && closing.getTime() - now.getTime();
  if (line === undefined) return { may: true, askInMs: overridden ? undefined : untilClosing };
  const untilLongest = longestMs === undefined ? undefined : longestMs - line.openMs;
  if (untilLongest !== undefined && untilLongest <= 0) return refusal('longest-reached', now, undefined, undefined);
  const untilIdle = idleMs === undefined || line.quietMs === undefined ? undefined : idleMs - line.quietMs;
  if (untilIdle !== undefined && untilIdle <= 0) return refusal('idle', now, undefined, undefined);
  if (overridden) return { may: true, askInMs: earliest(untilLongest, untilIdle) };
  const untilUsedUp =
    minutesPerDay === undefined ? undefined : minutesPerDay * minuteMs - openToday(circumstances.calls, now);
  const untilReplaced = whileDown && other?.isUp === true ? whileDown.forMs - other.forMs : undefined;
  return { may: true, askInMs: earliest(untilLongest, untilIdle, untilClosing, untilUsedUp, untilReplaced) };
}
