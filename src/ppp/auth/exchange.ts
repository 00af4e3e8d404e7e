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

/** How many of our challenges are kept in mind. */
const remembered = 32;

/** Draws challenges, and knows them again when the peer sends them back as its own. RFC 1994 §2.3 and §7 */
export class ChallengeSource {
  readonly #random: () => number;
  #drawn: readonly string[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  draw(length: number): Uint8Array {
    const challenge = randomBytes(length, this.#random);
    this.#drawn = [...this.#drawn.slice(1 - remembered), challenge.join()];
    return challenge;
  }

  isOurs(challenge: Uint8Array): boolean {
    return this.#drawn.includes(challenge.join());
  }
}

export function randomBytes(length: number, random: () => number): Uint8Array {
  return Uint8Array.from({ length }, () => random() >>> 24);
}
