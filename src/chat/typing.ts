/** Sending as a person types: octet by octet, with the pauses and breaks in between. Time is an argument. */
import type { Millis } from '../base/clock.js';
import { assertNever } from '../base/errors.js';
import { fromOctets, type Octets, type Part } from './script.js';

/** What of a text is sent; numbers and secrets are known by now. */
export type Key = Exclude<Part, { kind: 'number' | 'secret' }>;

export type Typed =
  | { readonly type: 'send'; readonly octets: Uint8Array }
  /** A break of a quarter of a second at least; nothing is sent meanwhile. */
  | { readonly type: 'break' }
  /** An octet is due behind the time that the whole may take. */
  | { readonly type: 'late' };

interface Stroke {
  /** Since the stroke before. */
  readonly after: Millis;
  readonly effect: number | 'break' | 'none';
}

/** What a break takes: half a second at most, as tcsendbreak(3) has it. */
const BREAK_MS: Millis = 500;

export class Typist {
  readonly #strokes: readonly Stroke[];
  readonly #deadline: Millis;
  #next = 0;
  #due: Millis;

  /** `interval` is the pause before each octet; with 0 they go out together. */
  constructor(keys: readonly Key[], interval: Millis, deadline: Millis, now: Millis) {
    this.#strokes = keys.flatMap((key) => strokesOf(key, interval));
    this.#deadline = deadline;
    this.#due = now + (this.#strokes[0]?.after ?? 0);
  }

  /** When the next stroke is due; undefined: all is typed. */
  get due(): Millis | undefined {
    return this.#next < this.#strokes.length ? this.#due : undefined;
  }

  /** What is to be done by now. A late call doesn't shorten the pauses that follow. */
  type(now: Millis): readonly Typed[] {
    const typed: Typed[] = [];
    let octets: number[] = [];
    const flush = (): void => {
      if (octets.length > 0) typed.push({ type: 'send', octets: Uint8Array.from(octets) });
      octets = [];
    };
    while (this.due !== undefined && now >= this.due) {
      const effect = this.#strokes[this.#next]?.effect;
      this.#next++;
      this.#due = now + (this.#strokes[this.#next]?.after ?? 0);
      if (typeof effect === 'number') {
        if (now >= this.#deadline) {
          flush();
          this.#next = this.#strokes.length;
          return [...typed, { type: 'late' }];
        }
        octets.push(effect);
      } else if (effect === 'break') {
        flush();
        typed.push({ type: 'break' });
      }
    }
    flush();
    return typed;
  }
}

/** The octets alone. */
export function octetsOf(keys: readonly Key[]): Octets {
  return keys.map((key) => (key.kind === 'octets' ? key.octets : '')).join('');
}

function strokesOf(key: Key, interval: Millis): readonly Stroke[] {
  switch (key.kind) {
    case 'octets':
      return Array.from(fromOctets(key.octets), (octet) => ({ after: interval, effect: octet }));
    case 'pause':
      return [{ after: key.duration, effect: 'none' }];
    case 'break':
      return [
        { after: 0, effect: 'break' },
        { after: BREAK_MS, effect: 'none' },
      ];
    default:
      return assertNever(key);
  }
}
