/**
 * A chat script as plain data: what chat(8)'s language (`parse.ts`) and the YAML form (`entries.ts`) become, and what the
 * engine runs. Texts hold octets, a character for each (U+0000 to U+00FF), so that a script can be frozen and compared.
 */
import type { Millis } from '../base/clock.js';

/** Octets, a character for each. */
export type Octets = string;

export type Script = readonly Step[];

export type Step =
  | Expect
  | { readonly kind: 'send'; readonly send: Send }
  /** From here on, this text within what an `expect` reads ends the script. */
  | { readonly kind: 'abort'; readonly text: Octets }
  | { readonly kind: 'clear-abort'; readonly text: Octets }
  /** This text, once, and what follows it up to a control character is reported. */
  | { readonly kind: 'report'; readonly text: Octets }
  | { readonly kind: 'clear-report'; readonly text: Octets }
  /** How long each `expect` waits from here on, and what each `send` may take. */
  | { readonly kind: 'timeout'; readonly duration: Millis }
  /** Whether what is read is shown to the person. */
  | { readonly kind: 'echo'; readonly on: boolean }
  | { readonly kind: 'say'; readonly parts: readonly Part[] }
  /** Whether a hang-up of the line ends the script; it does at first. */
  | { readonly kind: 'hangup'; readonly fatal: boolean };

/** Waits for the first attempt's text; what doesn't come in time is answered, and the next attempt follows. */
export interface Expect {
  readonly kind: 'expect';
  /** None, or an empty text: nothing is waited for. */
  readonly attempts: readonly Attempt[];
}

export interface Attempt {
  readonly expect: Octets;
  /** Sent when the text didn't come in time; undefined: then the script fails. Behind the last attempt it goes on. */
  readonly otherwise: Send | undefined;
}

export type Send =
  | {
      readonly kind: 'text';
      readonly parts: readonly Part[];
      /** No log shows it. */
      readonly quiet: boolean;
    }
  /** The text is in a file, read when it's needed (so it may be a FIFO), in chat's language without `@`. */
  | { readonly kind: 'file'; readonly path: string };

export type Part =
  | { readonly kind: 'octets'; readonly octets: Octets }
  | { readonly kind: 'pause'; readonly duration: Millis }
  | { readonly kind: 'break' }
  /** The first or second telephone number of this run; its letter where there is none. */
  | { readonly kind: 'number'; readonly which: 'T' | 'U' }
  /** A secret, named and not told: the caller knows what the reference means and gives its octets when they're needed. */
  | { readonly kind: 'secret'; readonly reference: string };

export type Outcome =
  | { readonly kind: 'done' }
  /** Something that the script needs isn't there, or a `send` took longer than the timeout. */
  | { readonly kind: 'unable'; readonly detail: string }
  | { readonly kind: 'hangup' }
  /** This didn't come in time. */
  | { readonly kind: 'timeout'; readonly expected: Octets }
  /** One of the abort texts came; `index` counts those that were set then, from 0. */
  | { readonly kind: 'abort'; readonly text: Octets; readonly index: number };

/** What chat(8) would exit with. */
export function exitCodeOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case 'done':
      return 0;
    case 'unable':
      return 1;
    case 'hangup':
      return 2;
    case 'timeout':
      return 3;
    case 'abort':
      return 4 + outcome.index;
  }
}

/** As chat(8) has it. */
export const defaultTimeoutMs: Millis = 45_000;

/** A text's octets, a character for each. */
export function toOctets(bytes: Uint8Array): Octets {
  const pieces: string[] = [];
  // A call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 4096) pieces.push(String.fromCharCode(...bytes.subarray(at, at + 4096)));
  return pieces.join('');
}

export function fromOctets(octets: Octets): Uint8Array {
  return Uint8Array.from(octets, (character) => character.charCodeAt(0));
}
