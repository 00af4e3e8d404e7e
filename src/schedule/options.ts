/** When a link's line is open: what the config says of it. */
import type { Millis } from '../base/clock.js';
import type { AllowRule } from '../net/options.js';

export interface WhenOptions {
  /** Only when there is a packet for it. */
  readonly demand: boolean;
  /** Hang up when nothing that counts as traffic went either way for so long. */
  readonly idleMs: Millis | undefined;
  readonly traffic: TrafficRules;
  /** When it may be open, in local time; empty: at any time. */
  readonly hours: readonly Hours[];
  /** Hang up after so long. */
  readonly longestMs: Millis | undefined;
  /** Within any hour. */
  readonly callsPerHour: number | undefined;
  /** Of open line, from midnight to midnight in local time. */
  readonly minutesPerDay: number | undefined;
  /** Only while this other link is down, or nothing behind it answers, for as long as `forMs`. */
  readonly whileDown: { readonly link: string; readonly forMs: Millis } | undefined;
}

/** Which packets count as traffic, in the words of the firewall; a rule holds for the answers as well. */
export interface TrafficRules {
  /** Empty: all. */
  readonly count: readonly AllowRule[];
  /** Goes before `count`. */
  readonly ignore: readonly AllowRule[];
}

/** A span of the day, on some days of the week. */
export interface Hours {
  /** 0 is Sunday. */
  readonly days: readonly number[];
  /** Minutes since midnight, 0..1439. */
  readonly from: number;
  /** 1..1440; not behind `from` means on the next day. */
  readonly to: number;
}
