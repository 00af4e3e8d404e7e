/** A `when` that asks nothing of time, traffic or cost: tests change what they are about. */
import type { WhenOptions } from '../../src/schedule/options.js';

export const always: WhenOptions = {
  demand: false,
  idleMs: undefined,
  traffic: { count: [], ignore: [] },
  hours: [],
  longestMs: undefined,
  callsPerHour: undefined,
  minutesPerDay: undefined,
  whileDown: undefined,
};
