/** What a PPP session is told by the config: the knobs of RFC 1661 and RFC 1332, one field each. */
import type { Ip4 } from '../base/ip.js';
import type { Millis } from '../base/clock.js';

export interface LcpOptions {
  /** The largest packet we ask the peer to send, in octets (64..16384). RFC 1661 §6.1 */
  readonly mru: number;
  /** The control characters we ask the peer to escape: bit n is character n. RFC 1662 §7.1 */
  readonly asyncmap: number;
  /** Ask for a magic number, which is how a looped-back line is noticed. RFC 1661 §6.4 */
  readonly magic: boolean;
  /** Protocol-Field-Compression, asked for and granted. RFC 1661 §6.5 */
  readonly pfc: boolean;
  /** Address-and-Control-Field-Compression, asked for and granted. RFC 1661 §6.6 */
  readonly acfc: boolean;
  /** The Restart timer. RFC 1661 §4.6 */
  readonly restartMs: Millis;
  /** Max-Configure: Configure-Requests without an answer before giving up. RFC 1661 §4.6 */
  readonly maxConfigure: number;
  /** Max-Terminate. RFC 1661 §4.6 */
  readonly maxTerminate: number;
  /** Max-Failure: Configure-Naks before the rest are turned into Rejects. RFC 1661 §4.6 */
  readonly maxFailure: number;
  /** After Max-Configure, wait for the peer to begin instead of ending the session. */
  readonly passive: boolean;
  /** Send nothing until the peer's first Configure-Request. */
  readonly silent: boolean;
  /** The pause between Echo-Requests on a quiet line, four times that on a busy one; 0 sends none. RFC 1661 §5.8 */
  readonly echoIntervalMs: Millis;
  /** Echo-Requests in a row without a sign of life before the peer counts as dead. */
  readonly echoFailures: number;
}

export interface IpcpOptions {
  /** Our address: what we ask for, and the only one that we take. RFC 1332 §3.3 */
  readonly local: Ip4;
  /** The peer's address: the only one that it may claim. RFC 1332 §3.3 */
  readonly remote: Ip4;
}

export interface SessionOptions {
  readonly lcp: LcpOptions;
  readonly ipcp: IpcpOptions;
}
