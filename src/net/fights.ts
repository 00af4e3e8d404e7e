/**
 * How often something is put back that another program takes away: a few times a minute, then it is left alone for a
 * while. Pure; counted by subject, which is an interface or another part of the system's network.
 */
import type { Millis } from '../base/clock.js';

export interface FightLimits {
  /** So many times... */
  readonly times: number;
  /** ... within this long. */
  readonly withinMs: Millis;
  /** And then not for this long. */
  readonly pauseMs: Millis;
}

export const fightLimits: FightLimits = { times: 5, withinMs: 60_000, pauseMs: 60_000 };

/** `give-up` is told once; until the pause is over it's `paused`. */
export type Judgement = 'restore' | 'give-up' | 'paused';

export class Fights {
  readonly limits: FightLimits;
  readonly #restored = new Map<string, readonly Millis[]>();
  readonly #pausedUntil = new Map<string, Millis>();

  constructor(limits: FightLimits = fightLimits) {
    this.limits = limits;
  }

  /** Whether what is missing of the subject is put back at this time; counts it if so. */
  judge(subject: string, now: Millis): Judgement {
    if (now < (this.#pausedUntil.get(subject) ?? now)) return 'paused';
    this.#pausedUntil.delete(subject);
    const recent = (this.#restored.get(subject) ?? []).filter((at) => now - at < this.limits.withinMs);
    if (recent.length < this.limits.times) {
      this.#restored.set(subject, [...recent, now]);
      return 'restore';
    }
    this.#restored.delete(subject);
    this.#pausedUntil.set(subject, now + this.limits.pauseMs);
    return 'give-up';
  }

  /** What happened to the subject so far counts no more: it is another one's by now. */
  forget(subject: string): void {
    this.#restored.delete(subject);
    this.#pausedUntil.delete(subject);
  }
}
