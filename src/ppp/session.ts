/**
 * One PPP session, from an open line to its end: the phases of RFC 1661 §3.2, LCP and the protocols above it, as an engine
 * without I/O. Packets, time and commands come in; what is to be done goes out by `poll()`, drained after every
 * input. The session ends by exactly one `finished`, unless its last line goes first.
 *
 * What belongs to a line is a `LineSession`; the networks and CCP stand above all lines that are open.
 */
import { cause, type Cause } from '../base/cause.js';
import { earliest, type Millis } from '../base/clock.js';
import { formatIp4, type Ip4 } from '../base/ip.js';
import { formatEndpoint, magicEndpoint, nullEndpoint, sameEndpoint } from '../multilink/endpoint.js';
import { ChallengeSource } from './auth/exchange.js';
import { Ccp } from './ccp/ccp.js';
import type { Context, ControlProtocol, Counter } from './context.js';
import type { Phase } from './lcp/lcp.js';
import { LineSession } from './line-session.js';
import type { MultilinkDirection } from './lcp/multilink-options.js';
import { nothingCounted, type LineCounts } from './lqr/report.js';
import { Networks } from './networks.js';
import { NoteLimit } from './notes.js';
import { defaultMru } from './numbers.js';
import type { CcpOptions, SessionOptions } from './options.js';
import type { AgreedNetwork, SessionOutput } from './outputs.js';

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
  readonly #random: () => number;
  readonly #counts: (line: number) => LineCounts;
  readonly #challenges: ChallengeSource;
  readonly #lines = new Map<number, LineSession>();
  /** Undefined: packets are neither compressed nor encrypted. */
  readonly #ccp: Ccp | undefined;
  readonly #networks: Networks;
  /** What stands above the lines; a protocol more is an entry more. */
  readonly #protocols: readonly ControlProtocol[];
  readonly #outputs: SessionOutput[] = [];
  readonly #counters: Partial<Record<Counter, number>> = {};
  readonly #notes = new NoteLimit();
  #now: Millis = 0;
  #over = false;
  /** IP packets could flow at some time since LCP opened last. */
  #wasUp = false;
  /** Why we close the session, once we do. */
  #cause: Cause | undefined;
  /** Why it was ending when the last line was lost. */
  #ending: Cause | undefined;

  /** `random` gives unsigned 32-bit numbers, `counts` what the framing has counted on a line since it was opened. */
  constructor(options: SessionOptions, random: () => number, counts: (line: number) => LineCounts = nothingCounted) {
    this.#options = withEndpoint(options, random);
    this.#random = random;
    this.#counts = counts;
    this.#challenges = new ChallengeSource(random);
    const context = this.#context((output) => {
      this.#emit(output);
    });
    this.#ccp = options.ccp && this.#makeCcp(options.ccp, context);
    this.#networks = new Networks(options, context, {
      up: () => {
        this.#wasUp = true;
      },
      mtu: () => (this.#primary?.multilink?.send.mrru ?? context.peerMru()) - (this.#ccp?.overhead ?? 0),
      failed: (failed, now) => {
        this.#fail(failed, now);
      },
    });
    this.#protocols = [...(this.#ccp === undefined ? [] : [this.#ccp]), ...this.#networks.protocols];
  }

  /** A line is open. Throws when the session is over, or has this line already. */
  start(now: Millis, line = 0): void {
    if (this.#over || this.#lines.has(line)) throw new Error('a session starts once on a line');
    this.#now = now;
    const session = this.#makeLine(line);
    this.#lines.set(line, session);
    session.start(now);
  }

  /** Ends the session by an exchange of Terminate packets, at most Max-Terminate Restart times long. */
  close(now: Millis, reason: Cause): void {
    if (this.#over) return;
    this.#now = now;
    this.#cause = reason;
    for (const session of [...this.#lines.values()]) session.close(now, reason);
    if (this.#lines.size === 0) this.#finish(reason);
  }

  /** A line is gone: nothing can be sent on it any more, and nothing will be. */
  lineLost(now: Millis, line = 0): void {
    if (this.#over) return;
    this.#now = now;
    const session = this.#lines.get(line);
    session?.lost(now);
    this.#lines.delete(line);
    if (this.#lines.size > 0) return;
    this.#ending = session?.ending;
    this.#over = true;
  }

  /** The peer's address, which the output `address-wanted` of this number asked for. */
  assign(number: number, remote: Ip4, now: Millis): void {
    if (this.#over) return;
    this.#now = now;
    this.#networks.assign(number, remote, now);
  }

  /** A compressed packet could not be expanded, the `inARow`-th already: the peer is asked to begin afresh. RFC 1962 §3.1 */
  decompressionFailed(now: Millis, inARow = 1): void {
    if (this.#over) return;
    this.#now = now;
    this.#ccp?.decompressionFailed(now, inARow);
  }

  /** A good frame of any protocol came; those given to `receive` count by themselves. */
  heard(now: Millis, line = 0): void {
    this.#lines.get(line)?.heard(now);
  }

  /** A frame's payload behind the Protocol field. IP comes here only while its network is not up, and is dropped. */
  receive(protocol: number, packet: Uint8Array, now: Millis, line = 0): void {
    const session = this.#lines.get(line);
    if (this.#over || session === undefined) return;
    this.#now = now;
    session.heard(now);
    if (session.receive(protocol, packet, now)) return;
    const target = this.#protocols.find((candidate) => candidate.protocol === protocol);
    if (target !== undefined) session.implied(now);
    // RFC 1661 §3.5: nothing else before both ends are authenticated.
    if (!session.isOpen) this.#count('not-open');
    else if (target !== undefined) target.receive(packet, now);
    else if (this.#protocols.some(({ carries }) => carries.includes(protocol))) this.#count('not-open');
    else {
      this.#count('unknown-protocol');
      session.rejectProtocol(protocol, packet);
    }
  }

  nextTimeout(): Millis | undefined {
    if (this.#over) return undefined;
    return earliest(...[...this.#lines.values(), ...this.#protocols].map((part) => part.nextTimeout()));
  }

  /** Does what is due. Calling it early does no harm. */
  timeout(now: Millis): void {
    if (this.#over) return;
    this.#now = now;
    for (const session of [...this.#lines.values()]) session.timeout(now);
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
    return this.#ending ?? this.#primary?.ending ?? this.#cause;
  }

  /** It sends nothing more, and no line can join it. */
  get isOver(): boolean {
    return this.#over;
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
    const line = this.#primary;
    return {
      phase: this.#over ? 'dead' : (line?.phase ?? 'dead'),
      localAddress: ip4 && formatIp4(ip4.local),
      remoteAddress: ip4 && formatIp4(ip4.remote),
      dns: (ip4?.dns ?? []).map(formatIp4),
      localIp6: ip6?.local,
      remoteIp6: ip6?.remote,
      mtu,
      options: { ...line?.describe(), ...this.#networks.describeOptions(), ...this.#ccp?.describe() },
      echoRttMs: line?.echoRttMs,
      peerIdentification: line?.peerIdentification,
      peerName: line?.peerName,
    };
  }

  /** The first line that is open, or else the first that there is. */
  get #primary(): LineSession | undefined {
    const lines = [...this.#lines.values()];
    return lines.find(({ isOpen }) => isOpen) ?? lines[0];
  }

  // What the layers report.

  #makeLine(line: number): LineSession {
    const context: Context = {
      ...this.#context((output) => {
        const ofLine = output.type === 'send' || output.type === 'framing';
        this.#emit(ofLine && this.#options.multilink !== undefined ? { ...output, line } : output);
      }),
      peerMru: () => this.#lines.get(line)?.peerMru() ?? defaultMru,
    };
    return new LineSession(
      this.#options,
      context,
      this.#challenges,
      this.#countAlso(() => this.#counts(line)),
      {
        established: () => {
          if (!this.#isOpen) this.#wasUp = false;
        },
        opened: (now) => {
          this.#lineOpened(line, now);
        },
        down: (now) => {
          if (!this.#isOpen) this.#down(now);
          this.#tellBundle();
        },
        finished: (why) => {
          this.#lineFinished(line, why);
        },
        protocolRejected: (protocol, now) => {
          const isMeant = (candidate: ControlProtocol) =>
            candidate.protocol === protocol || candidate.carries.includes(protocol);
          this.#protocols.find(isMeant)?.rejected(protocol, now);
        },
        trouble: () => this.#protocols.find((protocol) => protocol.trouble() !== undefined)?.trouble(),
        wasUp: () => this.#wasUp,
      },
    );
  }

  get #isOpen(): boolean {
    return [...this.#lines.values()].some(({ isOpen }) => isOpen);
  }

  #lineOpened(line: number, now: Millis): void {
    const session = this.#lines.get(line);
    if (session === undefined) return;
    const objection = objectionTo(session, this.#otherOpen(session));
    if (objection !== undefined) {
      session.close(now, cause('multilink-refused', objection));
      return;
    }
    this.#tellBundle();
    this.#networks.identify(session.peerName);
    this.#networks.restrictRemote(session.allowedAddresses);
    this.#ccp?.up(now);
    if (this.#ccp?.mustHold !== true) this.#networksUp(now);
  }

  /** A line of the bundle, other than this one. */
  #otherOpen(session: LineSession): LineSession | undefined {
    return [...this.#lines.values()].find((other) => other !== session && other.isOpen);
  }

  #tellBundle(): void {
    if (this.#options.multilink === undefined) return;
    const lines = [...this.#lines].filter(([, { isOpen }]) => isOpen);
    const agreed = lines[0]?.[1].multilink;
    const multilink = agreed && { send: agreed.send, receive: agreed.receive };
    this.#emit({
      type: 'bundle',
      bundle: { lines: lines.map(([line, session]) => ({ line, mru: session.peerMru() })), multilink },
    });
  }

  #networksUp(now: Millis): void {
    for (const protocol of this.#networks.protocols) protocol.up(now);
  }

  /** No line is open any more. */
  #down(now: Millis): void {
    this.#networks.down(now);
    for (const protocol of this.#protocols) protocol.down(now);
  }

  #lineFinished(line: number, why: Cause): void {
    this.#lines.delete(line);
    if (this.#lines.size === 0) this.#finish(this.#cause ?? why);
    else this.#emit({ type: 'line-finished', line, cause: why });
  }

  /** What stands above the lines can't go on. The peer is told. */
  #fail(failed: Cause, now: Millis): void {
    if (!this.#over && this.#cause === undefined) this.close(now, failed);
  }

  #finish(reason: Cause): void {
    if (this.#over) return;
    this.#over = true;
    this.#cause = reason;
    this.#emit({ type: 'finished', cause: reason });
  }

  /** By all lines that there are. */
  get #packetsSent(): number {
    return [...this.#lines.keys()].reduce((sum, line) => sum + this.#counts(line).outPackets, 0);
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
    return new Ccp(
      options,
      context,
      () => this.#primary?.mppeKeys,
      () => this.#packetsSent,
      {
        up: (now) => {
          if (options.mppe?.required === true) this.#networksUp(now);
        },
        down: (now) => {
          if (options.mppe?.required === true) this.#networks.down(now);
        },
        failed: (failed, now) => {
          this.#fail(failed, now);
        },
      },
    );
  }

  // Outputs.

  #context(emit: (output: SessionOutput) => void): Context {
    return {
      limits: this.#options.lcp,
      emit,
      note: (level, message) => {
        this.#note(level, message);
      },
      count: (counter) => {
        this.#count(counter);
      },
      random: this.#random,
      peerMru: () => this.#primary?.peerMru() ?? defaultMru,
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

/** A link of several lines is known by an endpoint: the config's, or else one for this session. RFC 1990 §5.1.3 */
function withEndpoint(options: SessionOptions, random: () => number): SessionOptions {
  const { multilink } = options;
  if (multilink === undefined || multilink.endpoint !== undefined) return options;
  // Nothing joins a single line: its endpoint only has to be another than the peer's other callers have, and short.
  const endpoint = magicEndpoint(multilink.isSingle ? [random()] : [random(), random(), random()]);
  return { ...options, multilink: { ...multilink, endpoint } };
}

/** Why a line can't join another one, in words; undefined when it may. RFC 1990 §4, §5.1.3 */
function objectionTo(line: LineSession, other: LineSession | undefined): string | undefined {
  if (other === undefined) return undefined;
  const [joining, bundle] = [line.multilink, other.multilink];
  if (joining === undefined || bundle === undefined) return 'the peer takes one line only';
  const [ours, theirs] = [joining.endpoint ?? nullEndpoint, bundle.endpoint ?? nullEndpoint];
  if (!sameEndpoint(ours, theirs)) {
    return `this line leads to ${formatEndpoint(ours)}, the others lead to ${formatEndpoint(theirs)}`;
  }
  if (line.peerName !== other.peerName) {
    return `on this line the peer is ${line.peerName ?? 'nobody'}, on the others ${other.peerName ?? 'nobody'}`;
  }
  const differs = (one: MultilinkDirection, two: MultilinkDirection): boolean =>
    one.mrru !== two.mrru || one.shortSequence !== two.shortSequence || one.classes !== two.classes;
  return differs(joining.send, bundle.send) || differs(joining.receive, bundle.receive)
    ? 'this line has another MRRU or other headers than the others'
    : undefined;
}
