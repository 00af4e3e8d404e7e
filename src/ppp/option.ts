/**
 * Configuration Options. A descriptor says all there is to say of one option: type, codec, what to ask for, what to make of
 * the peer's wish, of its Nak and of its Reject. `Option` is a descriptor under negotiation, with the values
 * of both directions; the negotiator sees it as `Negotiable`, without its value's type.
 */
import { getU16, getU32, putU16, putU32 } from '../base/bytes.js';
import type { CauseCode } from '../base/cause.js';

/** An option's Data field. `decode` gives undefined when the length is wrong. */
export interface Codec<V> {
  readonly decode: (data: Uint8Array) => V | undefined;
  readonly encode: (value: V) => Uint8Array;
}

export const u16: Codec<number> = {
  decode: (data) => (data.length === 2 ? getU16(data, 0) : undefined),
  encode: (value) => {
    const data = new Uint8Array(2);
    putU16(data, 0, value);
    return data;
  },
};

export const u32: Codec<number> = {
  decode: (data) => (data.length === 4 ? getU32(data, 0) : undefined),
  encode: (value) => {
    const data = new Uint8Array(4);
    putU32(data, 0, value);
    return data;
  },
};

/** A boolean option: it has no Data, its presence is its value. */
export const flag: Codec<true> = {
  decode: (data) => (data.length === 0 ? true : undefined),
  encode: () => new Uint8Array(0),
};

/** Whatever the Data is, as it is. */
export const raw: Codec<Uint8Array> = { decode: (data) => data.slice(), encode: (value) => value };

/**
 * What we make of the peer's wish. `why` is for a person, where the general wording doesn't do; `failure` is the
 * cause, should the peer insist, where it's not the protocol's own.
 */
export type Verdict<V> =
  | { readonly kind: 'ack' }
  | { readonly kind: 'nak'; readonly value: V; readonly why?: string; readonly failure?: CauseCode }
  | { readonly kind: 'reject'; readonly why?: string; readonly failure?: CauseCode };

/** What we ask for after the peer's Nak; undefined asks no more. */
export interface Answer<V> {
  readonly ask: V | undefined;
  readonly why?: string;
}

export interface OptionDescriptor<V> {
  readonly type: number;
  /** Its name, for a person. */
  readonly name: string;
  readonly codec: Codec<V>;
  readonly format: (value: V) => string;
  /** What we ask for when a negotiation begins; undefined asks for nothing: the default holds. */
  readonly wanted: () => V | undefined;
  /** Our request has the option only while this is so: of options that depend on each other. Always, unless said otherwise. */
  readonly applies?: () => boolean;
  /** The peer asks for `value`, while our own request asks for `ours`. */
  readonly judge: (value: V, ours: V | undefined) => Verdict<V>;
  /** A value that we would take: put into a Nak when the peer's has a wrong length. Undefined rejects that. RFC 1661 §6 */
  readonly suggestion: () => V | undefined;
  /** The peer's Nak suggests `hint`; `asked` is undefined when we didn't send the option. RFC 1661 §5.3 */
  readonly onNak: (hint: V, asked: V | undefined) => Answer<V>;
  /** What holds after the peer's Reject: the default (undefined) unless said otherwise. */
  readonly onReject?: (asked: V) => V | undefined;
  /** The suggestion is appended to a Nak, once, when the peer's request lacks the option. RFC 1661 §5.3 */
  readonly prompt?: boolean;
  /** Our Naks never become Rejects: rather than without the option, the negotiation fails. RFC 1661 §4.6 (Max-Failure) */
  readonly neverReject?: boolean;
  /** Nak'd time and again we still ask for it: rather than without the option, the negotiation fails. */
  readonly neverDrop?: boolean;
}

/** The verdict on one option of the peer's request, as octets and words. */
export type Review =
  | { readonly kind: 'ack' }
  | {
      readonly kind: 'nak' | 'reject';
      /** What a Nak suggests. */
      readonly data: Uint8Array;
      readonly why: string;
      readonly failure: CauseCode | undefined;
    };

/** An option as the negotiator sees it. */
export interface Negotiable {
  readonly type: number;
  readonly name: string;
  readonly neverReject: boolean;
  readonly neverDrop: boolean;
  /** A negotiation begins: forget what was agreed on. */
  begin(): void;
  /** The Data that our request carries; undefined: it carries no such option. */
  request(): Uint8Array | undefined;
  /** Judges what the peer asks for. */
  review(data: Uint8Array): Review;
  /** The Data to append to a Nak when the peer's request lacks the option; undefined: it may be missing. */
  prompt(): Uint8Array | undefined;
  /** We acknowledge the peer's request, which had the option or not. */
  grant(present: boolean): void;
  /** The peer acknowledged our request. */
  takeAck(): void;
  /** The peer naks us; returns what is at odds, in words. `drop`: rather ask no more than once again. */
  takeNak(data: Uint8Array, drop: boolean): string;
  /** The peer rejects the option: never to be sent again. RFC 1661 §5.4 */
  takeReject(): void;
}

export class Option<V> implements Negotiable {
  readonly type: number;
  readonly name: string;
  readonly neverReject: boolean;
  readonly neverDrop: boolean;
  /** In force for what we receive: what we asked for and the peer acknowledged. Undefined: the default. */
  ours: V | undefined;
  /** In force for what we send: what the peer asked for and we acknowledged. Undefined: the default. */
  theirs: V | undefined;
  /** The last value in this negotiation that we did not let the peer have. */
  refused: V | undefined;
  readonly #descriptor: OptionDescriptor<V>;
  #asked: V | undefined;
  /** In force although rejected. */
  #kept: V | undefined;
  #rejected = false;
  /** What the peer's last request asks for. */
  #offered: V | undefined;

  constructor(descriptor: OptionDescriptor<V>) {
    this.#descriptor = descriptor;
    this.type = descriptor.type;
    this.name = descriptor.name;
    this.neverReject = descriptor.neverReject ?? false;
    this.neverDrop = descriptor.neverDrop ?? false;
  }

  begin(): void {
    this.ours = undefined;
    this.theirs = undefined;
    this.refused = undefined;
    this.#asked = this.#descriptor.wanted();
    this.#kept = undefined;
    this.#rejected = false;
    this.#offered = undefined;
  }

  /** What our request asks for now; undefined: nothing. */
  get asked(): V | undefined {
    return this.#descriptor.applies?.() === false ? undefined : this.#asked;
  }

  request(): Uint8Array | undefined {
    const { asked } = this;
    return asked === undefined ? undefined : this.#descriptor.codec.encode(asked);
  }

  review(data: Uint8Array): Review {
    const { codec, name, format, judge } = this.#descriptor;
    const value = codec.decode(data);
    this.#offered = value;
    if (value === undefined) return this.#reviewUnreadable();
    const verdict = judge(value, this.asked);
    if (verdict.kind === 'ack') return verdict;
    this.refused = value;
    const why = verdict.why ?? `the peer asks for ${name} ${format(value)}`;
    const nak = verdict.kind === 'nak' ? codec.encode(verdict.value) : data;
    return { kind: verdict.kind, data: nak, why: why.trimEnd(), failure: verdict.failure };
  }

  prompt(): Uint8Array | undefined {
    const { codec, prompt, suggestion } = this.#descriptor;
    const value = prompt === true ? suggestion() : undefined;
    return value === undefined ? undefined : codec.encode(value);
  }

  grant(present: boolean): void {
    this.theirs = present ? this.#offered : undefined;
  }

  takeAck(): void {
    this.ours = this.asked ?? this.#kept;
  }

  takeNak(data: Uint8Array, drop: boolean): string {
    const { codec, name, format, onNak } = this.#descriptor;
    const asked = this.#asked;
    const hint = codec.decode(data);
    const answer: Answer<V> = hint === undefined ? { ask: asked } : onNak(hint, asked);
    if (!this.#rejected) this.#asked = drop ? undefined : answer.ask;
    const wish = hint === undefined ? 'of another length' : format(hint);
    const own = asked === undefined ? '' : `, we ask for ${format(asked)}`.trimEnd();
    return answer.why ?? `the peer wants ${name} ${wish}`.trimEnd() + own;
  }

  takeReject(): void {
    if (this.#asked !== undefined) this.#kept = this.#descriptor.onReject?.(this.#asked);
    this.#asked = undefined;
    this.#rejected = true;
  }

  /** RFC 1661 §6: an option with a wrong length is Nak'd with a right one. */
  #reviewUnreadable(): Review {
    const { codec, name, suggestion } = this.#descriptor;
    const why = `the peer sends ${name} with a wrong length`;
    const value = suggestion();
    if (value === undefined) return { kind: 'reject', data: new Uint8Array(0), why, failure: undefined };
    return { kind: 'nak', data: codec.encode(value), why, failure: undefined };
  }
}
