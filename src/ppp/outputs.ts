/** What a PPP session wants done, in order. The caller drains `poll()` after every input. */
import type { Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import type { Ip4 } from '../base/ip.js';

/** How frames to the peer are built from now on; LCP packets always go out uncompressed and fully escaped. */
export interface Framing {
  /** Our sending ACCM. RFC 1662 §7.1 */
  readonly txAccm: number;
  readonly txPfc: boolean;
  readonly txAcfc: boolean;
  /** The ACCM that the peer was asked for: unescaped octets in it were put there by the line, and are dropped. */
  readonly rxAccm: number;
}

/** RFC 1662 §7: what holds before LCP has opened, and again when it starts over. */
export const defaultFraming: Framing = { txAccm: 0xffffffff, txPfc: false, txAcfc: false, rxAccm: 0xffffffff };

export type SessionOutput =
  /** Send a control packet; `packet` starts at the Code field and belongs to the receiver. */
  | { readonly type: 'send'; readonly protocol: number; readonly packet: Uint8Array }
  | { readonly type: 'framing'; readonly framing: Framing }
  /** IP packets may flow. `mtu` is the peer's MRU. */
  | { readonly type: 'network-up'; readonly local: Ip4; readonly remote: Ip4; readonly mtu: number }
  | { readonly type: 'network-down' }
  /** Something a person may want to read; it names no secret. */
  | { readonly type: 'note'; readonly level: 'debug' | 'info' | 'warn'; readonly message: string }
  | { readonly type: 'echo'; readonly rttMs: Millis }
  /** The session is over and sends nothing more; exactly once, unless the line went first. */
  | { readonly type: 'finished'; readonly cause: Cause };
