/** Real time. Deadlines live on the monotonic clock, so a jump of the calendar's clock does no harm. */
import { performance } from 'node:perf_hooks';
import type { Scheduler } from '../base/clock.js';

export const systemScheduler: Scheduler = {
  now: () => performance.now(),
  date: () => new Date(),
  after(delay, callback) {
    const timer = setTimeout(callback, Math.max(0, Math.ceil(delay)));
    return {
      cancel: () => {
        clearTimeout(timer);
      },
    };
  },
};
