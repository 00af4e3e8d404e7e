/** What a PPP session is told by the config: the knobs of RFC 1661, RFC 1332 and RFC 5072, one field each. */
import type { Ip4, Prefix } from '../base/ip.js';
import type { Millis } from '../base/clock.js';
import type { MultilinkOptions } from '../multilink/options.js';
import type { VjOptions } from '../compress/method.js';
import type { AddressRule, AuthOptions } from './auth/options.js';
import type { InterfaceId } from './ipv6cp/identifier.js';
import type { LqrOptions } from './lqr/options.js';

export type { AddressRule, AuthMethod, AuthOptions, NamedSecret, SecretTable } from './auth/options.js';

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
  /** The Restart timer, in the mean: the first requests follow each other faster. RFC 1661 §4.6 */
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
  /**
   * The pause between Echo-Requests on a quiet line, longer where the line's round trips are, and four times as long on a busy
   * one; 0 sends none. RFC 1661 §5.8
   */
  readonly echoIntervalMs: Millis;
  /** Echo-Requests in a row without a sign of life before the peer counts as dead. */
  readonly echoFailures: number;
  /** Ask the peer for link quality reports, and end a link that loses too much; undefined only answers the peer's. RFC 1989 */
  readonly lqr: LqrOptions | undefined;
}

export interface IpcpOptions {
  /** Our address: what we ask for; 0 asks the peer for one. RFC 1332 §3.3 */
  readonly local: Ip4;
  /** The peer's address: what it is told; 0 where it has to tell its own. RFC 1332 §3.3 */
  readonly remote: Ip4;
  /**
   * What we take besides `local` when the peer will have it so, and what the peer may claim besides `remote`. Where the address
   * is 0, an empty list takes any; otherwise it takes none.
   */
  readonly acceptLocal: readonly Prefix[];
  readonly acceptRemote: readonly Prefix[];
  /** The peer's address is not known yet: IPCP asks for it (`address-wanted`) and waits for `Session.assign`. */
  readonly assigned: boolean;
  /** RFC 1877 */
  readonly dns: NameServerOptions;
  readonly wins: NameServerOptions;
  /** The slots that we have for the headers that the peer compresses; undefined compresses none. RFC 1332 §4 */
  readonly vj: VjOptions | undefined;
}

/** Name servers, of which IPCP knows a primary and a secondary one. RFC 1877 */
export interface NameServerOptions {
  /** Ask the peer for its own. */
  readonly ask: boolean;
  /** What the peer gets when it asks; two at most. */
  readonly offer: readonly Ip4[];
}

export interface Ipv6cpOptions {
  /** Our interface identifier, and no other; undefined draws one. RFC 5072 §4.1 */
  readonly local: InterfaceId | undefined;
  /** The peer's, and no other; undefined leaves it to the peer. */
  readonly remote: InterfaceId | undefined;
}

export type CompressorKind = 'deflate' | 'bsd' | 'predictor1';

/** Compression and encryption of packets. RFC 1962 */
export interface CcpOptions {
  /** What we may compress with, if the peer can read it. */
  readonly send: readonly CompressorKind[];
  /** What we ask the peer to compress with, best first. */
  readonly receive: readonly CompressorKind[];
  /** Undefined: no encryption. */
  readonly mppe: MppePolicy | undefined;
}

/** RFC 3078 */
export interface MppePolicy {
  /** Nothing flows unencrypted, and nothing is compressed. */
  readonly required: boolean;
  readonly bits: readonly (40 | 56 | 128)[];
  /** Nothing but stateless; otherwise we ask for stateful, and take either. */
  readonly stateless: boolean;
}

/** A peer that has logged in. */
export interface ProvedCaller {
  readonly name: string;
  /** The addresses that it may use; undefined: as the config says. */
  readonly allowed: readonly AddressRule[] | undefined;
}

export interface SessionOptions {
  readonly lcp: LcpOptions;
  /** Undefined: no IPv4. */
  readonly ipcp: IpcpOptions | undefined;
  /** Undefined: no IPv6. */
  readonly ipv6cp: Ipv6cpOptions | undefined;
  /** Absent: packets are neither compressed nor encrypted. */
  readonly ccp?: CcpOptions;
  /** Absent: the link has one line. */
  readonly multilink?: MultilinkOptions;
  /** Absent: nobody is asked who he is, and whoever asks is refused. */
  readonly auth?: AuthOptions;
  /** What the peer has proved before PPP; what it proves by PPP goes before it. */
  readonly caller?: ProvedCaller;
}
