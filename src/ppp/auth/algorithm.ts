/**
 * The ways to answer a challenge, as CHAP and EAP use them alike. An algorithm only computes: who sends what, and when, is the
 * matter of its user.
 */
import { concatBytes } from '../../base/bytes.js';
import { equalInConstantTime, md5 } from '../../base/digest.js';
import type { MppeKeys } from './mppe-keys.js';
import { encodeText } from '../../base/text.js';

/** A challenge, and between whom it stands. */
export interface Question {
  readonly id: number;
  readonly challenge: Uint8Array;
  /** The name that the peer, not the authenticator, gives itself. */
  readonly name: Uint8Array;
  readonly secret: Uint8Array;
}

/** What the peer answers, and what it makes of the authenticator's Success. */
export interface Answer {
  readonly value: Uint8Array;
  /** Whether the message proves that the authenticator has the secret too; true where the algorithm has no such proof. */
  confirms(message: Uint8Array): boolean;
  readonly keys: MppeKeys | undefined;
}

/** A right answer, and what the authenticator says to it. */
export interface Approval {
  readonly message: Uint8Array;
  readonly keys: MppeKeys | undefined;
}

export interface Algorithm {
  /** For people. */
  readonly name: string;
  /** What we send, in octets. */
  readonly challengeLength: number;
  /** Whether a challenge can be answered at all. */
  accepts(challenge: Uint8Array): boolean;
  /** `random` gives unsigned 32-bit numbers. */
  answer(question: Question, random: () => number): Answer;
  /** The part of an answer that takes the secret to reckon. */
  proofIn(value: Uint8Array): Uint8Array;
  /** Undefined: the answer is wrong. */
  approve(question: Question, value: Uint8Array): Approval | undefined;
  /** What the authenticator says to a wrong answer. */
  refusal(challenge: Uint8Array): Uint8Array;
  /** The authenticator's Failure, for people. */
  explain(message: Uint8Array): string | undefined;
}

export const plainRefusal = encodeText('Access denied');
export const plainWelcome = encodeText('Welcome');

/** RFC 1994 §4.1: the digest of Identifier, secret and challenge. Its MD5-Challenge within EAP is the same: RFC 3748 §5.4 */
export function md5Response({ id, secret, challenge }: Question): Uint8Array {
  return md5(Uint8Array.of(id), secret, challenge);
}

/** `explain` is given by the caller: what a Failure says is free text. */
export function md5Algorithm(explain: (message: Uint8Array) => string | undefined): Algorithm {
  return {
    name: 'MD5',
    challengeLength: 16,
    accepts: (challenge) => challenge.length > 0,
    answer: (question) => ({ value: md5Response(question), confirms: () => true, keys: undefined }),
    proofIn: (value) => value,
    approve: (question, value) =>
      equalInConstantTime(md5Response(question), value) ? { message: plainWelcome, keys: undefined } : undefined,
    refusal: () => plainRefusal,
    explain,
  };
}

/** A value behind an octet that tells its length, then a name: the Data of Challenge and Response. RFC 1994 §4.1 */
export interface ValueAndName {
  readonly value: Uint8Array;
  readonly name: Uint8Array;
}

/** Undefined when the length does not fit, or is 0. The results are copies. */
export function parseValueAndName(data: Uint8Array): ValueAndName | undefined {
  const size = data[0] ?? 0;
  if (size === 0 || data.length < 1 + size) return undefined;
  return { value: data.slice(1, 1 + size), name: data.slice(1 + size) };
}

export function buildValueAndName({ value, name }: ValueAndName): Uint8Array {
  return concatBytes([Uint8Array.of(value.length), value, name]);
}
