/**
 * The part of a session that belongs to one line: LCP, the watch over the line's quality, and authentication. RFC 1661 §3.4,
 * §3.5. What comes above them is the session's, and with Multilink shared by several lines (RFC 1990 §2).
 */
import { causeFacts, cause, type Cause } from '../base/cause.js';
import { earliest, type Millis } from '../base/clock.js';
import type { AddressRule } from './auth/options.js';
import { noAuthentication } from './auth/options.js';
import { Authentication, authenticationProtocols } from './auth/authentication.js';
import type { ChallengeSource } from './auth/exchange.js';
import type { MppeKeys } from './auth/mppe-keys.js';
import type { Context } from './context.js';
import { Lcp, type Phase } from './lcp/lcp.js';
import type { AgreedMultilink } from './lcp/multilink-options.js';
import { QualityMonitor } from './lqr/monitor.js';
import type { LineCounts } from './lqr/report.js';
import type { Ending } from './negotiator.js';
import { Protocol } from './numbers.js';
import { encodeText } from '../base/text.js';
import type { ProvedCaller, SessionOptions } from './options.js';
import { defaultFraming } from './outputs.js';
import { printable } from './printable.js';

/** What a line tells the session. */
export interface LineEvents {
  /** LCP is open. */
  established(): void;
  /** LCP is open and both ends have proved themselves: what is above may begin. */
  opened(now: Millis): void;
  /** LCP is open no more: by our Close, the peer's Terminate-Request, or the peer's starting over. */
  down(now: Millis): void;
  /** The line has no use any more; nothing is sent on it. */
  finished(why: Cause, now: Millis): void;
  protocolRejected(protocol: number, now: Millis): void;
  /** Why nothing above the line came up, if something should have. */
  trouble(): Cause | undefined;
  /** IP packets could flow at some time since LCP opened last. */
  wasUp(): boolean;
}

export class LineSession {
  readonly #context: Context;
  readonly #events: LineEvents;
  readonly #lcp: Lcp;
  readonly #quality: QualityMonitor;
  readonly #auth: Authentication;
  readonly #caller: ProvedCaller | undefined;
  #over = false;
  /** Why we close the line, once we do. */
  #cause: Cause | undefined;
  /** Why it was ending when the line was lost. */
  #ending: Cause | undefined;

  /** `counts` is what the framing has counted on the line, `challenges` those of all lines of the session. */
  constructor(
    options: SessionOptions,
    context: Context,
    challenges: ChallengeSource,
    counts: () => LineCounts,
    events: LineEvents,
  ) {
    this.#context = context;
    this.#events = events;
    this.#caller = options.caller;
    const auth = options.auth ?? noAuthentication;
    const failed = (failure: Cause, now: Millis): void => {
      this.#fail(failure, now);
    };
    this.#lcp = new Lcp(options.lcp, auth, options.multilink, context, {
      up: (now) => {
        this.#lcpUp(now);
      },
      down: (now) => {
        this.#lcpDown(now);
      },
      failed,
      finished: (ending, now) => {
        this.#finish(this.#cause ?? this.#explain(ending), now);
      },
      protocolRejected: (protocol, now) => {
        if (authenticationProtocols.includes(protocol)) this.#auth.rejected(protocol, now);
        if (protocol === Protocol.lqr) this.#quality.rejected();
        events.protocolRejected(protocol, now);
      },
    });
    this.#auth = new Authentication(auth, challenges, context, {
      authenticated: (now) => {
        events.opened(now);
      },
      failed,
    });
    this.#quality = new QualityMonitor(this.#lcp, options.lcp.lqr, counts, context, failed);
  }

  start(now: Millis): void {
    this.#lcp.start(now);
  }

  /** Ends LCP by an exchange of Terminate packets, at most Max-Terminate Restart times long; `finished` follows. */
  close(now: Millis, reason: Cause): void {
    if (this.#over) return;
    this.#cause = reason;
    this.#lcp.close(now, causeFacts(reason.code).summary);
    if (this.#lcp.isClosed) this.#finish(reason, now); // there was nothing to terminate
  }

  /** The line is gone: nothing can be sent on it any more, and nothing will be. */
  lost(now: Millis): void {
    if (this.#over) return;
    this.#ending = this.#endingNow();
    this.#lcp.down(now);
    this.#over = true;
  }

  /** A good frame of any protocol came. */
  heard(now: Millis): void {
    this.#lcp.heard(now);
  }

  /** A packet of a protocol of the line's own; true when it was one, or when the line takes no other now. */
  receive(protocol: number, packet: Uint8Array, now: Millis): boolean {
    if (protocol === Protocol.lcp) {
      this.#lcp.receive(packet, now);
      return true;
    }
    // RFC 1661 §3.4, §3.7: only LCP counts in the phases Establish and Terminate.
    if (!this.#lcp.isOpen) {
      this.#context.count('not-open');
      return true;
    }
    if (protocol === Protocol.lqr) this.#quality.receive(packet, now);
    else if (authenticationProtocols.includes(protocol)) this.#auth.receive(protocol, packet, now);
    else return false;
    return true;
  }

  /** A packet of the network phase came: the peer takes our authentication for done. */
  implied(now: Millis): void {
    this.#auth.implied(now);
  }

  nextTimeout(): Millis | undefined {
    if (this.#over) return undefined;
    return earliest(this.#lcp.nextTimeout(), this.#quality.nextTimeout(), this.#auth.nextTimeout());
  }

  timeout(now: Millis): void {
    if (this.#over) return;
    this.#lcp.timeout(now);
    this.#quality.timeout(now);
    this.#auth.timeout(now);
  }

  /** Both ends have proved themselves: what is above the line may flow. RFC 1661 §3.5 */
  get isOpen(): boolean {
    return this.#lcp.isOpen && this.#auth.isDone;
  }

  /** Why the line is about to end, or would have when it was lost. */
  get ending(): Cause | undefined {
    return this.#ending ?? this.#endingNow();
  }

  get phase(): Phase {
    if (this.#over) return 'dead';
    const { phase } = this.#lcp;
    return phase === 'network' && !this.#auth.isDone ? 'authenticate' : phase;
  }

  /** What the peer has proved to be called; undefined where it wasn't asked. */
  get peerName(): string | undefined {
    return this.#auth.peerName ?? (this.#caller && printable(encodeText(this.#caller.name)));
  }

  get peerIdentification(): string | undefined {
    return this.#lcp.peerIdentification;
  }

  get echoRttMs(): Millis | undefined {
    return this.#lcp.echoRttMs;
  }

  /** The addresses that the peer may use by its secret; undefined: as the config says. */
  get allowedAddresses(): readonly AddressRule[] | undefined {
    return this.#auth.peerName === undefined ? this.#caller?.allowed : this.#auth.allowedAddresses;
  }

  /** What MPPE starts with, by the authentication of this line. */
  get mppeKeys(): MppeKeys | undefined {
    return this.#auth.mppeKeys;
  }

  /** How packets travel over several lines; undefined where one of the ends does not want it. */
  get multilink(): AgreedMultilink | undefined {
    return this.#lcp.multilink;
  }

  /** The largest packet that the peer takes now. RFC 1661 §6.1 */
  peerMru(): number {
    return this.#lcp.peerMru();
  }

  /** Reports a packet of a protocol that linkd doesn't speak. RFC 1661 §5.7 */
  rejectProtocol(protocol: number, packet: Uint8Array): void {
    this.#lcp.rejectProtocol(protocol, packet);
  }

  describe(): Record<string, string> {
    return { ...this.#lcp.describe(), ...this.#quality.describe(), ...this.#auth.describe() };
  }

  #lcpUp(now: Millis): void {
    this.#events.established();
    this.#context.emit({ type: 'framing', framing: this.#lcp.framing() });
    this.#quality.up(now);
    this.#auth.up(this.#lcp.authentication, now);
  }

  #lcpDown(now: Millis): void {
    this.#quality.down();
    this.#auth.down();
    this.#events.down(now);
    this.#context.emit({ type: 'framing', framing: defaultFraming });
  }

  /** A layer can't go on. The peer is told, where there is one that listens. */
  #fail(failed: Cause, now: Millis): void {
    if (this.#over || this.#cause !== undefined) return;
    if (failed.code === 'loopback' || failed.code === 'peer-dead') {
      this.#lcp.down(now);
      this.#finish(failed, now);
    } else {
      this.close(now, failed);
    }
  }

  #endingNow(): Cause | undefined {
    const { terminated } = this.#lcp;
    return this.#cause ?? (terminated === undefined ? undefined : this.#explain(terminated));
  }

  #finish(reason: Cause, now: Millis): void {
    if (this.#over) return;
    this.#over = true;
    this.#cause = reason;
    this.#events.finished(reason, now);
  }

  /** Why LCP came to rest, when it wasn't we who closed it. */
  #explain(ending: Ending): Cause {
    const wasUp = this.#events.wasUp();
    const auth = wasUp ? undefined : this.#lcp.authenticationRefused;
    switch (ending.kind) {
      case 'closed':
        return cause('internal', 'LCP closed by itself');
      case 'rejected':
        return cause('protocol-error', `it rejects ${ending.what}`);
      case 'no-answer':
        if (ending.heard === undefined) return cause('no-answer');
        if (auth !== undefined) return cause('auth-unsupported', auth);
        return cause('lcp-failed', this.#lcp.trouble() ?? ending.heard);
      case 'terminated': {
        if (auth !== undefined) return cause('auth-unsupported', auth);
        const { interrupted } = this.#auth;
        if (interrupted !== undefined) return cause(interrupted, ending.reason ?? 'it ended the link');
        return (wasUp ? undefined : this.#events.trouble()) ?? cause('peer-terminated', ending.reason);
      }
    }
  }
}
