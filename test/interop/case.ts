/**
 * What a case of the interoperability matrix is: linkd's config, pppd's options, and what both then show. The cases are below
 * `cases/`, `stand.ts` plays them, `report.ts` writes them down.
 */
import type { CauseCode } from '../../src/base/cause.js';
import type { Stand } from './stand.js';

/** A part of linkd's config, as it would stand in the file. */
export type ConfigValue = null | boolean | number | string | readonly ConfigValue[] | ConfigSection;
export interface ConfigSection {
  readonly [key: string]: ConfigValue;
}

export interface Case {
  /** Unique within the topic; the first column of the table. */
  readonly name: string;
  /** Keys of linkd's link beyond those of the stand (`stand.ts`); `null` takes one of those away. */
  readonly linkd?: ConfigSection;
  /** Keys of linkd's config beside `links`. */
  readonly global?: ConfigSection;
  /** How many lines the link has, with a pppd on each; one, unless it is said. */
  readonly lines?: number;
  /** pppd's options, one word each, beyond those of the stand. */
  readonly pppd?: readonly string[];
  /** pppd's own address and linkd's, as pppd wants them; by default what linkd's config has. */
  readonly addresses?: string;
  /** Who comes only when the other has begun to send. */
  readonly late?: 'linkd' | 'pppd';
  /** A shell script that runs in the guest before pppd starts; `$TTY` is the serial line. linkd is there already. */
  readonly before?: string;
  readonly expect: Expectation;
}

export type Expectation = Up | Refused;

export type Family = 'IPv4' | 'IPv6';

/** The link comes up and carries traffic: pings and a checksummed transfer, each way. */
export interface Up {
  readonly kind: 'up';
  /** Only IPv4, unless it is said; no others come up. */
  readonly carries?: readonly Family[];
  /** What `linkctl status` shows of the session, among others. */
  readonly session?: Readonly<Record<string, string | readonly string[]>>;
  /** What it shows of the session's options, among others; undefined: none of that name. */
  readonly options?: Readonly<Record<string, string | undefined>>;
  /** How many transfers at a time; one, unless it is said. */
  readonly transfers?: number;
  /** What stands in pppd's log. */
  readonly pppd?: readonly RegExp[];
  /** What happens before the traffic. */
  readonly first?: Story;
  /** What happens then. */
  readonly then?: Story;
}

/** What is done while the link is up, with everything that must come of it. */
export interface Story {
  /** In the words of the table. */
  readonly tells: string;
  readonly play: (stand: Stand) => Promise<void>;
}

/** The link doesn't come up, and linkd says why. */
export interface Refused {
  readonly kind: 'refused';
  readonly cause: CauseCode;
  readonly detail?: RegExp;
  readonly pppd?: readonly RegExp[];
}

export interface Topic {
  readonly name: string;
  /** What the reader of the table has to know, if anything. */
  readonly about?: string;
  readonly cases: readonly Case[];
}

export function up(facts: Omit<Up, 'kind'> = {}): Up {
  return { kind: 'up', ...facts };
}

export function refused(cause: CauseCode, facts: Omit<Refused, 'kind' | 'cause'> = {}): Refused {
  return { kind: 'refused', cause, ...facts };
}

export function story(tells: string, play: Story['play']): Story {
  return { tells, play };
}
