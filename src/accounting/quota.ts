/** How much of a month's quota is used. */
import { monthEnd } from './calendar.js';
import type { QuotaOptions } from './options.js';

export interface QuotaVerdict {
  readonly state: 'ok' | 'warn' | 'used-up';
  /** The link is to be down until the month ends. */
  readonly cutOff: boolean;
  readonly usedBytes: number;
  readonly monthlyBytes: number;
  /** The end of the month, in local time: then the quota is whole again. */
  readonly renewsAt: Date;
}

/** `usedBytes`: both directions, in the month that `now` lies in. */
export function judgeQuota(usedBytes: number, options: QuotaOptions, now: Date): QuotaVerdict {
  const { monthlyBytes, warnAt } = options;
  const usedUp = usedBytes >= monthlyBytes;
  const warns = usedBytes >= warnAt * monthlyBytes;
  return {
    state: usedUp ? 'used-up' : warns ? 'warn' : 'ok',
    cutOff: usedUp && options.cutOff,
    usedBytes,
    monthlyBytes,
    renewsAt: monthEnd(now),
  };
}
