/**
 * One direction of authentication by one protocol, as the phase (`authentication.ts`) sees it: either the authenticator, who
 * asks, or the peer, who is asked. RFC 1994 §1.1 has these words.
 */
import type { Cause } from '../../base/cause.js';
import type { Millis } from '../../base/clock.js';
import type { Context, Limits } from '../context.js';
import type { Packet } from '../packet.js';
import type { MppeKeys } from './mppe-keys.js';
import type { AuthOptions, NamedSecret } from './options.js';

export type Role = 'authenticator' | 'peer';

export interface Exchange {
  readonly role: Role;
  readonly protocol: number;
  /** The codes that are meant for this role; both ends may use one protocol at a time. */
  readonly codes: readonly number[];
  /** For people: `CHAP with MD5`. */
  readonly method: string;
  up(now: Millis): void;
  receive(packet: Packet, now: Millis): void;
  timeout(now: Millis): void;
  nextTimeout(): Millis | undefined;
  /** The peer has gone on to the next phase: a result that was lost on the way was a good one. RFC 3748 §4.2 */
  implied(now: Millis): void;
}

/** What a proof brought to light. */
export interface Proof {
  /** What the peer calls itself, as it came. */
  readonly name: Uint8Array;
  /** The secret that it was proved by; undefined where the proof was ours. */
  readonly secret: NamedSecret | undefined;
  readonly keys: ProvedKeys | undefined;
}

/** MPPE's keys, with the challenge that they come from: by it both ends agree whose keys count. */
export interface ProvedKeys {
  readonly challenge: Uint8Array;
  readonly keys: MppeKeys;
}

/** What the phase lends to an exchange. */
export interface ExchangeHost {
  readonly context: Context;
  readonly options: AuthOptions;
  readonly challenges: ChallengeSource;
  /** Called again after each re-challenge. */
  succeeded(exchange: Exchange, proof: Proof, now: Millis): void;
  failed(cause: Cause, now: Millis): void;
}

/** Sends again until there is an answer: every Restart time, Max-Configure times in all. */
export class Repeater {
  readonly #limits: Limits;
  #deadline: Millis | undefined;
  #left = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** What is sent now is sent for the first time. */
  start(now: Millis): void {
    this.#left = this.#limits.maxConfigure - 1;
    this.#deadline = now + this.#limits.restartMs;
  }

  stop(): void {
    this.#deadline = undefined;
  }

  nextTimeout(): Millis | undefined {
    return this.#deadline;
  }

  /** What is due: to send again, or to give up. */
  timeout(now: Millis): 'again' | 'exhausted' | undefined {
    if (this.#deadline === undefined || now < this.#deadline) return undefined;
    if (this.#left === 0) {
      this.#deadline = undefined;
      return 'exhausted';
    }
    this.#left--;
    this.#deadline = now + this.#limits.restartMs;
    return 'again';
  }
}

/** How many of our challenges, and of our answers, are kept in mind: far more than can be open at a time on all lines. */
const remembered = 4096;

/**
 * Draws challenges, and knows what comes back to us as the peer's own: a challenge, on whichever line of the session, or an
 * answer, which another algorithm than the challenge's may have lured out of us. RFC 1994 §2.3 and §7
 */
export class ChallengeSource {
  readonly #random: () => number;
  readonly #drawn = new Set<string>();
  readonly #given = new Set<string>();

  constructor(random: () => number) {
    this.#random = random;
  }

  draw(length: number): Uint8Array {
    const challenge = randomBytes(length, this.#random);
    remember(this.#drawn, challenge);
    return challenge;
  }

  isOurs(challenge: Uint8Array): boolean {
    return this.#drawn.has(challenge.join());
  }

  /** We answer by this proof. */
  gave(proof: Uint8Array): void {
    remember(this.#given, proof);
  }

  isOurAnswer(proof: Uint8Array): boolean {
    return this.#given.has(proof.join());
  }
}

function remember(known: Set<string>, octets: Uint8Array): void {
  known.add(octets.join());
  const [oldest] = known;
  if (known.size > remembered && oldest !== undefined) known.delete(oldest);
}

export function randomBytes(length: number, random: () => number): Uint8Array {
  return Uint8Array.from({ length }, () => random() >>> 24);
}
