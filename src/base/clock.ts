/** Time, as the rooms see it. Pure rooms take `now` as an argument; the others take a Clock. */

/** Milliseconds of a clock that never jumps; its zero means nothing. */
export type Millis = number;

export interface Clock {
  /** Monotonic time: what every deadline is reckoned in. */
  now(): Millis;
  /** The calendar's time: only ever shown to people. */
  date(): Date;
}
