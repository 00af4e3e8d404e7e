/**
 * One PPP session, from an open line to its end: the phases of RFC 1661 §3.2, LCP and the protocols above it, as an engine
 * without I/O. Packets, time and commands come in; what is to be done goes out by `poll()`, drained after every
 * input. The session ends by exactly one `finished`, unless the line goes first.
 */
import { causeFacts, cause, type Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { formatIp4, type Ip4 } from '../base/ip.js';
import { Authentication, authenticationProtocols } from './auth/authentication.js';
import { noAuthentication } from './auth/options.js';
import { Ccp } from './ccp/ccp.js';
import type { Context, ControlProtocol, Counter } from './context.js';
import { Lcp, type Phase } from './lcp/lcp.js';
import { QualityMonitor } from './lqr/monitor.js';
import { nothingCounted, type LineCounts } from './lqr/report.js';
import type { Ending } from './negotiator.js';
import { Networks } from './networks.js';
import { NoteLimit } from './notes.js';
import { Protocol } from './numbers.js';
import type { CcpOptions, SessionOptions } from './options.js';
import { defaultFraming, type AgreedNetwork, type SessionOutput } from './outputs.js';

/** What a status shows of a session. */
export interface SessionDescription {
  readonly phase: Phase;
  /** The addresses while IPv4 packets may flow, dotted quads, and the name servers that the peer told us of. */
  readonly localAddress: string | undefined;
  readonly remoteAddress: string | undefined;
  readonly dns: readonly string[];
  /** The link-local addresses while IPv6 packets may flow. */
  readonly localIp6: string | undefined;
  readonly remoteIp6: string | undefined;
  /** The largest packet that the peer takes, in octets, while IP packets may flow. */
  readonly mtu: number | undefined;
  /** Agreed options, printable: `{ 'tx-accm': '0x00000000', 'rx-mru': '1500' }`. */
  readonly options: Readonly<Record<string, string>>;
  readonly echoRttMs: Millis | undefined;
  readonly peerIdentification: string | undefined;
  /** What the peer has proved to be called; undefined where it wasn't asked. */
  readonly peerName: string | undefined;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #lcp: Lcp;
  readonly #quality: QualityMonitor;
  readonly #auth: Authentication;
  /** Undefined: packets are neither compressed nor encrypted. */
  readonly #ccp: Ccp | undefined;
  readonly #networks: Networks;
  /** What LCP carries; a protocol more is an entry more. */
  readonly #protocols: readonly ControlProtocol[];
  readonly #outputs: SessionOutput[] = [];
  readonly #counters: Partial<Record<Counter, number>> = {};
  readonly #notes = new NoteLimit();
  #now: Millis = 0;
  #started = false;
  #over = false;
  /** IP packets could flow at some time since LCP opened last. */
  #wasUp = false;
  /** Why we close the session, once we do. */
  #cause: Cause | undefined;
  /** Why it was ending when the line was lost. */
  #ending: Cause | undefined;

  /** `random` gives unsigned 32-bit numbers, `counts` what the framing has counted since the session began. */
  constructor(options: SessionOptions, random: () => number, counts: () => LineCounts = nothingCounted) {
    this.#options = options;
    const context = this.#context(random);
    const auth = options.auth ?? noAuthentication;
    this.#lcp = new Lcp(options.lcp, auth, context, {
      up: (now) => {
        this.#lcpUp(now);
      },
      down: (now) => {
        this.#lcpDown(now);
      },
      failed: (failed, now) => {
        this.#fail(failed, now);
      },
      finished: (ending) => {
        this.#finish(this.#cause ?? this.#explain(ending));
      },
      protocolRejected: (protocol, now) => {
        if (authenticationProtocols.includes(protocol)) this.#auth.rejected(protocol, now);
        if (protocol === Protocol.lqr) this.#quality.rejected();
        const isMeant = (candidate: ControlProtocol) =>
          candidate.protocol === protocol || candidate.carries.includes(protocol);
        this.#protocols.find(isMeant)?.rejected(protocol, now);
      },
    });
    this.#auth = new Authentication(auth, context, {
      authenticated: (now) => {
        this.#authenticated(now);
      },
      failed: (failed, now) => {
        this.#fail(failed, now);
      },
    });
    this.#quality = new QualityMonitor(this.#lcp, options.lcp.lqr, this.#countAlso(counts), context, (failed, now) => {
      this.#fail(failed, now);
    });
    this.#ccp = options.ccp && this.#makeCcp(options.ccp, context);
    this.#networks = new Networks(options, context, {
      up: () => {
        this.#wasUp = true;
      },
      mtu: () => this.#lcp.peerMru() - (this.#ccp?.overhead ?? 0),
      failed: (failed, now) => {
        this.#fail(failed, now);
      },
    });
    this.#protocols = [...(this.#ccp === undefined ? [] : [this.#ccp]), ...this.#networks.protocols];
  }

  /** The line is open. Throws when called twice. */
  start(now: Millis): void {
    if (this.#started || this.#over) throw new Error('a session starts once');
    this.#now = now;
    this.#started = true;
    this.#lcp.start(now);
  }

  /** Ends the session by an exchange of Terminate packets, at most Max-Terminate Restart times long. */
  close(now: Millis, reason: Cause): void {
    if (this.#over) return;
    this.#now = now;
    this.#cause = reason;
    this.#lcp.close(now, causeFacts(reason.code).summary);
    if (this.#lcp.isClosed) this.#finish(reason); // there was nothing to terminate
  }

  /** The line is gone: nothing can be sent any more, and nothing will be. */
  lineLost(now: Millis): void {
    if (this.#over) return;
    this.#now = now;
    this.#ending = this.#endingNow();
    this.#lcp.down(now);
    this.#over = true;
  }

  /** The peer's address, which the output `address-wanted` of this number asked for. */
  assign(number: number, remote: Ip4, now: Millis): void {
    if (this.#over) return;
    this.#now = now;
    this.#networks.assign(number, remote, now);
  }

  /** A compressed packet could not be expanded: the peer is asked to begin afresh. RFC 1962 §3.1 */
  decompressionFailed(now: Millis): void {
    if (this.#over) return;
    this.#now = now;
    this.#ccp?.decompressionFailed(now);
  }

  /** A good frame of any protocol came; those given to `receive` count by themselves. */
  heard(now: Millis): void {
    this.#lcp.heard(now);
  }

  /** A frame's payload behind the Protocol field. IP comes here only while its network is not up, and is dropped. */
  receive(protocol: number, packet: Uint8Array, now: Millis): void {
    if (this.#over || !this.#started) return;
    this.#now = now;
    this.#lcp.heard(now);
    if (protocol === Protocol.lcp) {
      this.#lcp.receive(packet, now);
      return;
    }
    // RFC 1661 §3.4, §3.7: only LCP counts in the phases Establish and Terminate.
    if (!this.#lcp.isOpen) {
      this.#count('not-open');
      return;
    }
    if (protocol === Protocol.lqr) {
      this.#quality.receive(packet, now);
      return;
    }
    if (authenticationProtocols.includes(protocol)) {
      this.#auth.receive(protocol, packet, now);
      return;
    }
    const target = this.#protocols.find((candidate) => candidate.protocol === protocol);
    if (target !== undefined) this.#auth.implied(now);
    // RFC 1661 §3.5: nothing else before both ends are authenticated.
    if (!this.#auth.isDone) {
      this.#count('not-open');
      return;
    }
    if (target !== undefined) target.receive(packet, now);
    else if (this.#protocols.some(({ carries }) => carries.includes(protocol))) this.#count('not-open');
    else {
      this.#count('unknown-protocol');
      this.#lcp.rejectProtocol(protocol, packet);
    }
  }

  nextTimeout(): Millis | undefined {
    if (this.#over) return undefined;
    let next = this.#lcp.nextTimeout();
    for (const protocol of [this.#quality, this.#auth, ...this.#protocols]) {
      const other = protocol.nextTimeout();
      if (other !== undefined && (next === undefined || other < next)) next = other;
    }
    return next;
  }

  /** Does what is due. Calling it early does no harm. */
  timeout(now: Millis): void {
    if (this.#over) return;
    this.#now = now;
    this.#lcp.timeout(now);
    this.#quality.timeout(now);
    this.#auth.timeout(now);
    for (const protocol of this.#protocols) protocol.timeout(now);
  }

  poll(): SessionOutput | undefined {
    return this.#outputs.shift();
  }

  /**
   * Why the session is about to end, or would have: we close it, or the peer has terminated it. It is the better cause where
   * the line goes before `finished` comes, as it does with a peer that hangs up at once.
   */
  get ending(): Cause | undefined {
    return this.#ending ?? this.#endingNow();
  }

  /** IPv4 packets may flow. */
  get carriesIp4(): boolean {
    return this.#networks.carriesIp4;
  }

  /** IPv6 packets may flow. */
  get carriesIp6(): boolean {
    return this.#networks.carriesIp6;
  }

  /** What may flow, between which addresses; undefined while nothing may. */
  get network(): AgreedNetwork | undefined {
    return this.#networks.agreed;
  }

  /** Packets that were dropped or not believed, by reason; only reasons that occurred. */
  get counters(): Readonly<Record<string, number>> {
    return this.#counters;
  }

  describe(): SessionDescription {
    const { ip4, ip6, mtu } = this.network ?? {};
    return {
      phase: this.#phase,
      localAddress: ip4 && formatIp4(ip4.local),
      remoteAddress: ip4 && formatIp4(ip4.remote),
      dns: (ip4?.dns ?? []).map(formatIp4),
      localIp6: ip6?.local,
      remoteIp6: ip6?.remote,
      mtu,
      options: {
        ...this.#lcp.describe(),
        ...this.#quality.describe(),
        ...this.#auth.describe(),
        ...this.#ccp?.describe(),
      },
      echoRttMs: this.#lcp.echoRttMs,
      peerIdentification: this.#lcp.peerIdentification,
      peerName: this.#auth.peerName,
    };
  }

  get #phase(): Phase {
    if (this.#over) return 'dead';
    const { phase } = this.#lcp;
    return phase === 'network' && !this.#auth.isDone ? 'authenticate' : phase;
  }

  // What the layers report.

  #lcpUp(now: Millis): void {
    this.#wasUp = false;
    this.#emit({ type: 'framing', framing: this.#lcp.framing() });
    this.#quality.up(now);
    this.#auth.up(this.#lcp.authentication, now);
  }

  #authenticated(now: Millis): void {
    this.#networks.identify(this.#auth.peerName);
    this.#networks.restrictRemote(this.#auth.allowedAddresses);
    this.#ccp?.up(now);
    if (this.#ccp?.mustHold !== true) this.#networksUp(now);
  }

  #networksUp(now: Millis): void {
    for (const protocol of this.#networks.protocols) protocol.up(now);
  }

  /** By our Close, the peer's Terminate-Request, or the peer's starting over. */
  #lcpDown(now: Millis): void {
    this.#quality.down();
    this.#auth.down();
    this.#networks.down(now);
    for (const protocol of this.#protocols) protocol.down(now);
    this.#emit({ type: 'framing', framing: defaultFraming });
  }

  /** A layer can't go on. The peer is told, where there is one that listens. */
  #fail(failed: Cause, now: Millis): void {
    if (this.#over || this.#cause !== undefined) return;
    if (failed.code === 'loopback' || failed.code === 'peer-dead') {
      this.#lcp.down(now);
      this.#finish(failed);
    } else {
      this.close(now, failed);
    }
  }

  #endingNow(): Cause | undefined {
    const { terminated } = this.#lcp;
    return this.#cause ?? (terminated === undefined ? undefined : this.#explain(terminated));
  }

  #finish(reason: Cause): void {
    if (this.#over) return;
    this.#over = true;
    this.#cause = reason;
    this.#emit({ type: 'finished', cause: reason });
  }

  /** Why LCP came to rest, when it wasn't we who closed it. */
  #explain(ending: Ending): Cause {
    const auth = this.#wasUp ? undefined : this.#lcp.authenticationRefused;
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
        const troubled = this.#wasUp ? undefined : this.#protocols.find((protocol) => protocol.trouble() !== undefined);
        return troubled?.trouble() ?? cause('peer-terminated', ending.reason);
      }
    }
  }

  /** RFC 1989 §2.6: what we handed out just now goes to the line ahead of a report, and counts. */
  #countAlso(counts: () => LineCounts): () => LineCounts {
    return () => {
      const counted = counts();
      const waiting = this.#outputs.filter(({ type }) => type === 'send').length;
      return { ...counted, outPackets: counted.outPackets + waiting };
    };
  }

  /** Where encryption is required, networks come after it, and go with it. */
  #makeCcp(options: CcpOptions, context: Context): Ccp {
    return new Ccp(options, context, () => this.#auth.mppeKeys, {
      up: (now) => {
        if (options.mppe?.required === true) this.#networksUp(now);
      },
      down: (now) => {
        if (options.mppe?.required === true) this.#networks.down(now);
      },
      failed: (failed, now) => {
        this.#fail(failed, now);
      },
    });
  }

  // Outputs.

  #context(random: () => number): Context {
    return {
      limits: this.#options.lcp,
      emit: (output) => {
        this.#emit(output);
      },
      note: (level, message) => {
        this.#note(level, message);
      },
      count: (counter) => {
        this.#count(counter);
      },
      random,
      peerMru: () => this.#lcp.peerMru(),
    };
  }

  #emit(output: SessionOutput): void {
    this.#outputs.push(output);
  }

  #note(level: 'debug' | 'info' | 'warn', message: string): void {
    if (!this.#notes.take(this.#now)) return;
    const suppressed = this.#notes.takeSuppressed();
    if (suppressed > 0) this.#emit({ type: 'note', level: 'debug', message: `${suppressed} notes were left out` });
    this.#emit({ type: 'note', level, message });
  }

  #count(counter: Counter): void {
    this.#counters[counter] = (this.#counters[counter] ?? 0) + 1;
  }
}
