/**
 * Which options are on, at either end, by the Q method of RFC 1143, as far as a client needs it that never takes back what
 * it asked for: nobody ever answers an answer, so two ends can't go on for ever.
 */
import type { Verb } from './encoder.js';

/** Whose option: `us`, we do it (WILL), and the peer lets us (DO); `them`, the other way round. */
export type Side = 'us' | 'them';

/** `asked`: we asked for it, and the answer is not there yet. */
export type OptionState = 'off' | 'asked' | 'on';

/** What the peer may want: an option that we know on, one that we don't know on, either off. */
type Wish = 'on' | 'strange' | 'off';

interface Step {
  readonly next: OptionState;
  readonly answer?: 'agree' | 'refuse';
}

/** RFC 1143 §7 */
const table: Readonly<Record<OptionState, Readonly<Record<Wish, Step>>>> = {
  off: { on: { next: 'on', answer: 'agree' }, strange: { next: 'off', answer: 'refuse' }, off: { next: 'off' } },
  asked: { on: { next: 'on' }, strange: { next: 'off', answer: 'refuse' }, off: { next: 'off' } },
  on: { on: { next: 'on' }, strange: { next: 'off', answer: 'refuse' }, off: { next: 'off', answer: 'refuse' } },
};

const meanings: Readonly<Record<Verb, { readonly side: Side; readonly on: boolean }>> = {
  will: { side: 'them', on: true },
  wont: { side: 'them', on: false },
  do: { side: 'us', on: true },
  dont: { side: 'us', on: false },
};

const answers: Readonly<Record<Side, Readonly<Record<'agree' | 'refuse', Verb>>>> = {
  us: { agree: 'will', refuse: 'wont' },
  them: { agree: 'do', refuse: 'dont' },
};

export class TelnetOptions {
  readonly #known: ReadonlySet<number>;
  readonly #states: Readonly<Record<Side, Map<number, OptionState>>>;

  /** `known` are the options that both ends may have on; all others are refused. */
  constructor(known: readonly number[], initial: OptionState) {
    this.#known = new Set(known);
    const states = known.map((option) => [option, initial] as const);
    this.#states = { us: new Map(states), them: new Map(states) };
  }

  state(side: Side, option: number): OptionState {
    return this.#states[side].get(option) ?? 'off';
  }

  /** Asks for an option that is off; gives what is to be said. */
  ask(side: Side, option: number): Verb {
    this.#states[side].set(option, 'asked');
    return answers[side].agree;
  }

  /** Gives what is to be said in answer, if anything is. */
  receive(verb: Verb, option: number): Verb | undefined {
    const { side, on } = meanings[verb];
    const known = this.#known.has(option);
    const { next, answer } = table[this.state(side, option)][on ? (known ? 'on' : 'strange') : 'off'];
    if (known) this.#states[side].set(option, next);
    return answer === undefined ? undefined : answers[side][answer];
  }
}
