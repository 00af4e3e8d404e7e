/** What the session lends to its protocols, and the small face that every control protocol shows to the session. */
import type { Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import type { SessionOutput } from './outputs.js';

/** Why a received packet was dropped or not believed; the names are stable. */
export type Counter =
  /** A Length field, or a list of options, that does not fit. */
  | 'malformed'
  /** A reply to no request of ours, or to one that was answered before. */
  | 'wrong-id'
  /** An Ack or Reject of options that our request did not have. */
  | 'bad-reply'
  /** A code that the protocol does not know; answered with Code-Reject. */
  | 'bad-code'
  /** A protocol that linkd does not speak; answered with Protocol-Reject. */
  | 'unknown-protocol'
  /** A packet of a layer that is not open yet, or no longer. */
  | 'not-open'
  /** A packet that carries our own magic number. */
  | 'looped'
  /** A packet that carries neither the peer's magic number nor ours. */
  | 'magic-mismatch'
  /** A challenge of ours that the peer sends as its own. RFC 1994 §7 */
  | 'reflected-challenge';

/** RFC 1661 §4.6 */
export interface Limits {
  readonly restartMs: Millis;
  readonly maxConfigure: number;
  readonly maxTerminate: number;
  readonly maxFailure: number;
}

export interface Context {
  readonly limits: Limits;
  emit(output: SessionOutput): void;
  /** For a person; there is a bound, so that a peer cannot fill a log. */
  note(level: 'debug' | 'info' | 'warn', message: string): void;
  count(counter: Counter): void;
  /** An unsigned 32-bit number. */
  random(): number;
  /** The largest packet that the peer takes now, in octets. RFC 1661 §6.1 */
  peerMru(): number;
}

/** What a layer tells the session. `failed` means that it can't do its work; the session decides what becomes of the link. */
export interface LayerEvents {
  up(now: Millis): void;
  down(now: Millis): void;
  failed(cause: Cause, now: Millis): void;
}

/** A protocol above LCP (an NCP, authentication): the session brings it up when the layer below opens. */
export interface ControlProtocol {
  readonly protocol: number;
  /** The protocol numbers of the packets that may flow while it is open. */
  readonly carries: readonly number[];
  up(now: Millis): void;
  down(now: Millis): void;
  /** A packet of this protocol; the layer below is open. */
  receive(packet: Uint8Array, now: Millis): void;
  /** The peer sent a Protocol-Reject of it, or of what it carries. RFC 1661 §5.7 */
  rejected(protocol: number, now: Millis): void;
  timeout(now: Millis): void;
  nextTimeout(): Millis | undefined;
  /** Why it is not open, as far as it knows: what the peer and we don't agree on. */
  trouble(): Cause | undefined;
}
