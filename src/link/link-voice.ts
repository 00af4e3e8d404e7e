/** What one link says of itself: its events, and how loud each is. */
import { causeFacts, describeCause, type Cause, type CauseCode } from '../base/cause.js';
import type { Clock } from '../base/clock.js';
import type { LinkConfig } from '../config/types.js';
import { describeAgreed, type Agreed } from './companions.js';
import type { LinkEvent, LinkState } from './types.js';

export class LinkVoice {
  readonly #link: string;
  readonly #interface: string;
  readonly #clock: Clock;
  readonly #emit: (event: LinkEvent) => void;
  #state: LinkState = 'down';
  /** The cause of the last warning since the link was up. */
  #complained: CauseCode | undefined;

  constructor({ name, interface: device }: LinkConfig, clock: Clock, emit: (event: LinkEvent) => void) {
    this.#link = name;
    this.#interface = device;
    this.#clock = clock;
    this.#emit = emit;
  }

  /** The link came into this state; `agreed` is what PPP agreed on. */
  entered(state: LinkState, why: Cause | undefined, agreed: Agreed | undefined): void {
    this.#state = state;
    const up = state === 'up' && agreed !== undefined;
    const message = up ? `up: ${describeAgreed(agreed)} on ${this.#interface}` : describe(state, why);
    this.#say(this.#levelOf(state, why), message, why, 'state');
  }

  note(level: LinkEvent['level'], message: string): void {
    this.#say(level, message, undefined, 'log');
  }

  /** A failure is a warning the first time; that it goes on is for those who look closely. */
  #levelOf(next: LinkState, why: Cause | undefined): LinkEvent['level'] {
    if (next === 'up') this.#complained = undefined;
    if (next === 'closing' && why !== undefined && causeFacts(why.code).retry !== 'planned') {
      const again = this.#complained === why.code;
      this.#complained = why.code;
      return again ? 'debug' : 'warn';
    }
    return next === 'up' || next === 'down' || next === 'dormant' ? 'info' : 'debug';
  }

  #say(level: LinkEvent['level'], message: string, why: Cause | undefined, type: LinkEvent['type']): void {
    const time = this.#clock.date();
    this.#emit({ time, link: this.#link, type, level, message, state: this.#state, cause: why });
  }
}

function describe(state: LinkState, why: Cause | undefined): string {
  return why === undefined ? state : `${state}: ${describeCause(why)}`;
}
