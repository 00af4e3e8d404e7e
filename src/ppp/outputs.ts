/** What a PPP session wants done, in order. The caller drains `poll()` after every input. */
import type { Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import type { Ip4 } from '../base/ip.js';
import type { CompressionMethod, VjOptions } from '../compress/method.js';
import type { MultilinkDirection } from './lcp/multilink-options.js';

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

/** The lines that are open, as one. */
export interface Bundle {
  /** Packets go out on these; without `multilink` on the first. `mru` is the largest frame that the peer takes there. */
  readonly lines: readonly { readonly line: number; readonly mru: number }[];
  /** Undefined: whole packets only. */
  readonly multilink: { readonly send: MultilinkDirection; readonly receive: MultilinkDirection } | undefined;
}

/** What IPCP and IPV6CP agreed on: a family is there while it may flow, and one of them is. */
export interface AgreedNetwork {
  /** The largest packet that the peer takes, in octets. RFC 1661 §6.1 */
  readonly mtu: number;
  readonly ip4: AgreedIp4 | undefined;
  readonly ip6: AgreedIp6 | undefined;
}

export interface AgreedIp4 {
  readonly local: Ip4;
  readonly remote: Ip4;
  /** The name servers that the peer told us of; empty where we didn't ask. RFC 1877 */
  readonly dns: readonly Ip4[];
  readonly wins: readonly Ip4[];
}

/** Link-local addresses as text: `fe80::1`. RFC 5072 §5 */
export interface AgreedIp6 {
  readonly local: string;
  readonly remote: string;
}

export type SessionOutput =
  /**
   * Send a control packet; `packet` starts at the Code field and belongs to the receiver. Without `line` any open line will
   * do, or there is but one.
   */
  | { readonly type: 'send'; readonly protocol: number; readonly packet: Uint8Array; readonly line?: number }
  | { readonly type: 'framing'; readonly framing: Framing; readonly line?: number }
  /** What the lines carry together from now on; whenever that changes, where there may be several. RFC 1990 */
  | { readonly type: 'bundle'; readonly bundle: Bundle }
  /** One of several lines is over and sends nothing more; the session goes on over the others. */
  | { readonly type: 'line-finished'; readonly line: number; readonly cause: Cause }
  /** How TCP headers are compressed from now on, by each end; undefined not at all. RFC 1332 §4 */
  | {
      readonly type: 'header-compression';
      readonly send: VjOptions | undefined;
      readonly receive: VjOptions | undefined;
    }
  /**
   * A new compressor takes every packet to the peer from now on, or none does. Until `start-compressor` what it gives is thrown
   * away and packets go out plain: only the history begins, as it does at the peer. RFC 1979 §2
   */
  | { readonly type: 'compressor'; readonly method: CompressionMethod | undefined }
  | { readonly type: 'start-compressor' }
  /** A new decompressor takes every packet from the peer from now on, or none does. */
  | { readonly type: 'decompressor'; readonly method: CompressionMethod | undefined }
  /** RFC 1962 §3 */
  | { readonly type: 'reset-compressor' }
  | { readonly type: 'reset-decompressor' }
  /** IPCP needs the peer's address: to be answered by `Session.assign`, with the same number, or by `close`. `peer` is its name, where it has proved one. */
  | { readonly type: 'address-wanted'; readonly number: number; readonly peer: string | undefined }
  /** IP packets may flow: IPv4, IPv6, or both. */
  | { readonly type: 'network-up'; readonly network: AgreedNetwork }
  /** While it's up: another family joined, or left. */
  | { readonly type: 'network-changed'; readonly network: AgreedNetwork }
  | { readonly type: 'network-down' }
  /** Something a person may want to read; it names no secret. */
  | { readonly type: 'note'; readonly level: 'debug' | 'info' | 'warn'; readonly message: string }
  | { readonly type: 'echo'; readonly rttMs: Millis }
  /** The session is over and sends nothing more; exactly once, unless the line went first. */
  | { readonly type: 'finished'; readonly cause: Cause };
