/** Time, as the rooms see it. Pure rooms take `now` as an argument; the others take a Clock. */

/** Milliseconds of a clock that never jumps; its zero means nothing. */
export type Millis = number;

export interface Clock {
  /** Monotonic time: what every deadline is reckoned in. */
  now(): Millis;
  /** The calendar's time: only ever shown to people. */
  date(): Date;
}

/** Something that will happen at a later time, unless it is cancelled. */
export interface Timer {
  cancel(): void;
}

/** A clock that also wakes. The rooms that act in time take it as an argument, so that tests can hand them a virtual one. */
export interface Scheduler extends Clock {
  /** Calls back once, `delay` from now or a little later; a delay of 0 or less still returns first. */
  after(delay: Millis, callback: () => void): Timer;
}

/** The earliest of some deadlines; undefined when there is none. */
export function earliest(...deadlines: readonly (Millis | undefined)[]): Millis | undefined {
  return deadlines.reduce(
    (first, other) => (first === undefined || (other !== undefined && other < first) ? other : first),
    undefined,
  );
}
