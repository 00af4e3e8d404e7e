/**
 * The Link Control Protocol: the common negotiation with LCP's options, and the packets that only LCP has (RFC 1661 §5.7 to
 * §5.9, RFC 1570 §1), among them the echoes that keep watch over the line.
 */
import { getU16, getU32, putU16, putU32 } from '../../base/bytes.js';
import { cause } from '../../base/cause.js';
import { earliest, type Millis } from '../../base/clock.js';
import type { Context, LayerEvents } from '../context.js';
import { Negotiator, type Ending, type Layer } from '../negotiator.js';
import { Code, defaultAccm, defaultMru, Protocol, protocolName } from '../numbers.js';
import type { AgreedAuthentication } from '../auth/authentication.js';
import type { QualityAgreed, QualityLine } from '../lqr/monitor.js';
import type { MultilinkOptions } from '../../multilink/options.js';
import type { Negotiable } from '../option.js';
import type { AuthOptions, LcpOptions } from '../options.js';
import type { Framing } from '../outputs.js';
import { headerLength, type Packet } from '../packet.js';
import { printable } from '../printable.js';
import { KeepAlive } from './echo.js';
import {
  agreedMultilink,
  describeMultilink,
  multilinkOptions,
  type AgreedMultilink,
  type MultilinkOptionSet,
} from './multilink-options.js';
import { authenticationName, describeUnknown, formatU32, lcpOptions, type LcpOptionSet } from './options.js';

/** Packets in a row with our own magic number before the line counts as looped. */
const maxLooped = 3;

/** RFC 1661 §3.2 */
export type Phase = 'dead' | 'establish' | 'authenticate' | 'network' | 'terminate';

export interface LcpEvents extends LayerEvents {
  /** The link is at its end; why, as far as LCP knows. */
  finished(ending: Ending, now: Millis): void;
  /** The peer doesn't speak a protocol. RFC 1661 §5.7 */
  protocolRejected(protocol: number, now: Millis): void;
}

export class Lcp implements QualityLine {
  readonly #context: Context;
  readonly #events: LcpEvents;
  readonly #options: LcpOptionSet;
  /** Undefined: the link has but one line. */
  readonly #multilink: MultilinkOptionSet | undefined;
  readonly #negotiator: Negotiator;
  readonly #keepAlive: KeepAlive;
  /** Codes that the peer rejected. RFC 1661 §4.3 (RXJ+): no more of them are sent. */
  readonly #muted = new Set<number>();
  #looped = 0;
  #identification: string | undefined;
  #secondsRemaining: number | undefined;
  #echoRttMs: Millis | undefined;

  constructor(
    options: LcpOptions,
    auth: AuthOptions,
    multilink: MultilinkOptions | undefined,
    context: Context,
    events: LcpEvents,
  ) {
    this.#context = context;
    this.#events = events;
    this.#options = lcpOptions(options, auth, () => context.random());
    this.#multilink = multilink && multilinkOptions(multilink);
    this.#keepAlive = new KeepAlive(options.echoIntervalMs, options.echoFailures);
    this.#negotiator = new Negotiator(this.#layer(options), context);
  }

  /** Administrative Open on a line that is up. */
  start(now: Millis): void {
    this.#negotiator.open(now);
    this.#negotiator.up(now);
  }

  /** The line is gone. */
  down(now: Millis): void {
    if (this.#negotiator.state !== 'Initial' && this.#negotiator.state !== 'Starting') this.#negotiator.down(now);
  }

  close(now: Millis, reason: string): void {
    this.#negotiator.close(now, reason);
  }

  receive(packet: Uint8Array, now: Millis): void {
    this.#negotiator.receive(packet, now);
  }

  heard(now: Millis): void {
    this.#keepAlive.heard(now);
  }

  nextTimeout(): Millis | undefined {
    return earliest(this.#negotiator.nextTimeout(), this.#keepAlive.nextTimeout());
  }

  timeout(now: Millis): void {
    this.#negotiator.timeout(now);
    const due = this.#keepAlive.timeout(now);
    if (due === 'echo') this.#sendEcho(now);
    if (due === 'dead') {
      this.#events.failed(
        cause('peer-dead', `no sign of life for ${Math.round(this.#keepAlive.silence(now) / 1000)} s`),
        now,
      );
    }
  }

  get isOpen(): boolean {
    return this.#negotiator.state === 'Opened';
  }

  get phase(): Phase {
    switch (this.#negotiator.state) {
      case 'Initial':
      case 'Starting':
      case 'Closed':
        return 'dead';
      case 'Stopped': // waiting for the peer to begin
      case 'Req-Sent':
      case 'Ack-Rcvd':
      case 'Ack-Sent':
        return 'establish';
      case 'Opened':
        return 'network';
      case 'Closing':
      case 'Stopping':
        return 'terminate';
    }
  }

  /** How the peer brought LCP to its end, once it did, until the last wait is over. */
  get terminated(): Ending | undefined {
    return this.#negotiator.state === 'Stopping' ? this.#negotiator.ending : undefined;
  }

  /** Closed for good: nothing of the peer's can open it again. */
  get isClosed(): boolean {
    return this.#negotiator.state === 'Initial' || this.#negotiator.state === 'Closed';
  }

  /** How each end is to prove who it is, while LCP is open. RFC 1661 §6.2 */
  get authentication(): AgreedAuthentication {
    const { ours, theirs } = this.#options.authentication;
    return { ofPeer: ours, ofUs: theirs };
  }

  /** What authentication the peer asked for and didn't get, in words. */
  get authenticationRefused(): string | undefined {
    const { refused, theirs } = this.#options.authentication;
    return refused === undefined || theirs !== undefined ? undefined : `it asked for ${authenticationName(refused)}`;
  }

  get peerIdentification(): string | undefined {
    return this.#identification;
  }

  get echoRttMs(): Millis | undefined {
    return this.#echoRttMs;
  }

  trouble(): string | undefined {
    return this.#negotiator.trouble();
  }

  /** How packets travel over several lines, while LCP is open and both ends want it. RFC 1990 §5.1 */
  get multilink(): AgreedMultilink | undefined {
    return this.isOpen && this.#multilink !== undefined ? agreedMultilink(this.#multilink) : undefined;
  }

  /** The largest packet that the peer takes now. RFC 1661 §6.1 */
  peerMru(): number {
    return this.isOpen ? (this.#options.mru.theirs ?? defaultMru) : defaultMru;
  }

  /** Who reports on the line's quality, and how often. RFC 1989 §2.5 */
  quality(): QualityAgreed {
    const { ours, theirs } = this.#options.quality;
    return { theirPeriodMs: ours && ours * 10, ourPeriodMs: theirs && theirs * 10 };
  }

  /** RFC 1661 §6.4: 0 where we have none. */
  get ourMagic(): number {
    return this.#options.magic.ours ?? 0;
  }

  /** RFC 1661 §6.4: a magic number is the peer's (0 when it has none), or else something is wrong with the line. */
  senderOf(magic: number): 'peer' | 'us' | 'stranger' {
    if (magic === 0 || magic === this.#options.magic.theirs) return 'peer';
    return magic === this.#options.magic.ours ? 'us' : 'stranger';
  }

  /** How frames are built and read while LCP is open. RFC 1662 §7.1 */
  framing(): Framing {
    const { accm, pfc, acfc } = this.#options;
    return {
      txAccm: accm.theirs ?? defaultAccm,
      txPfc: pfc.theirs === true,
      txAcfc: acfc.theirs === true,
      rxAccm: accm.ours ?? defaultAccm,
    };
  }

  /** Reports a packet of a protocol that linkd doesn't speak. LCP must be open. RFC 1661 §5.7 */
  rejectProtocol(protocol: number, packet: Uint8Array): void {
    if (this.#muted.has(Code.protocolReject)) return;
    const data = new Uint8Array(2 + Math.min(packet.length, this.peerMru() - headerLength - 2));
    putU16(data, 0, protocol);
    data.set(packet.subarray(0, data.length - 2), 2);
    this.#negotiator.send(Code.protocolReject, data);
    this.#context.note('info', `rejected a packet of ${protocolName(protocol)}: linkd does not speak it`);
  }

  /** The agreed options of both directions while LCP is open, and what the peer told. */
  describe(): Record<string, string> {
    const { mru, magic } = this.#options;
    const described: Record<string, string> = {};
    if (this.isOpen) {
      const framing = this.framing();
      described['rx-mru'] = String(mru.ours ?? defaultMru);
      described['tx-mru'] = String(mru.theirs ?? defaultMru);
      described['rx-accm'] = formatU32(framing.rxAccm);
      described['tx-accm'] = formatU32(framing.txAccm);
      described['rx-pfc'] = yesNo(this.#options.pfc.ours);
      described['tx-pfc'] = yesNo(this.#options.pfc.theirs);
      described['rx-acfc'] = yesNo(this.#options.acfc.ours);
      described['tx-acfc'] = yesNo(this.#options.acfc.theirs);
      if (magic.ours !== undefined) described['local-magic'] = formatU32(magic.ours);
      if (magic.theirs !== undefined) described['remote-magic'] = formatU32(magic.theirs);
      if (this.multilink !== undefined) Object.assign(described, describeMultilink(this.multilink));
    }
    if (this.#secondsRemaining !== undefined) described['time-remaining'] = `${this.#secondsRemaining} s`;
    return described;
  }

  #negotiable(): readonly Negotiable[] {
    const { mru, accm, authentication, quality, magic, pfc, acfc } = this.#options;
    const { mrru, header, shortSequence, endpoint } = this.#multilink ?? {};
    const all = [mru, accm, authentication, quality, magic, pfc, acfc, mrru, header, shortSequence, endpoint];
    return all.filter((option) => option !== undefined);
  }

  #layer({ passive, silent }: LcpOptions): Layer {
    return {
      protocol: Protocol.lcp,
      name: 'LCP',
      options: this.#negotiable(),
      describeUnknown,
      failure: 'lcp-failed',
      passive,
      silent,
      peerMayBeLate: true,
      up: (now) => {
        this.#looped = 0;
        this.#muted.clear();
        this.#keepAlive.start(now);
        const agreed = Object.entries(this.describe()).map(([name, value]) => `${name} ${value}`);
        this.#context.note('info', `LCP opened: ${agreed.join(', ')}`);
        this.#events.up(now);
      },
      down: (now) => {
        this.#keepAlive.stop();
        this.#events.down(now);
      },
      finished: (ending, now) => {
        this.#events.finished(ending, now);
      },
      failed: (failed, now) => {
        this.#events.failed(failed, now);
      },
      classify: (packet, now) => this.#classify(packet, now),
      maintain: (packet, now) => {
        this.#maintain(packet, now);
      },
      codeRejected: (code) => {
        this.#muted.add(code);
        if (code === Code.echoRequest) this.#keepAlive.stop();
      },
    };
  }

  /** The codes above Code-Reject. */
  #classify(packet: Packet, now: Millis): 'RUC' | 'RXR' | 'RXJ-' | undefined {
    switch (packet.code) {
      case Code.protocolReject:
        return this.#receiveProtocolReject(packet, now);
      case Code.echoRequest:
      case Code.echoReply:
      case Code.discardRequest:
        if (!this.isOpen) this.#context.count('not-open'); // §5.8: silently discarded
        return 'RXR';
      case Code.identification:
        this.#receiveIdentification(packet);
        return undefined;
      case Code.timeRemaining:
        this.#receiveTimeRemaining(packet);
        return undefined;
      default:
        return 'RUC';
    }
  }

  /** RFC 1661 §5.7. RXJ+ moves nothing in Opened, so only the catastrophic case goes to the automaton. */
  #receiveProtocolReject({ data }: Packet, now: Millis): 'RXJ-' | undefined {
    if (!this.isOpen) {
      this.#context.count('not-open');
      return undefined;
    }
    if (data.length < 2) {
      this.#context.count('malformed');
      return undefined;
    }
    const protocol = getU16(data, 0);
    this.#context.note('warn', `the peer does not speak ${protocolName(protocol)}`);
    if (protocol === Protocol.lcp) return 'RXJ-';
    this.#events.protocolRejected(protocol, now);
    return undefined;
  }

  /** RFC 1570 §1.1: for people only, in any state. */
  #receiveIdentification({ data }: Packet): void {
    if (data.length < 4) {
      this.#context.count('malformed');
      return;
    }
    const text = printable(data.subarray(4));
    if (text === this.#identification) return;
    this.#identification = text;
    this.#context.note('info', `the peer identifies itself: "${text}"`);
  }

  /** RFC 1570 §1.2 */
  #receiveTimeRemaining({ data }: Packet): void {
    if (data.length < 8) {
      this.#context.count('malformed');
      return;
    }
    const seconds = getU32(data, 4);
    const message = data.length > 8 ? `: "${printable(data.subarray(8))}"` : '';
    this.#secondsRemaining = seconds === 0xffffffff ? undefined : seconds; // all ones: for ever
    if (this.#secondsRemaining !== undefined) this.#context.note('info', `the peer leaves us ${seconds} s${message}`);
  }

  /** Echo-Request, Echo-Reply and Discard-Request in Opened. RFC 1661 §5.8, §5.9 */
  #maintain(packet: Packet, now: Millis): void {
    if (packet.data.length < 4) {
      this.#context.count('malformed');
      return;
    }
    const sender = this.senderOf(getU32(packet.data, 0));
    if (sender === 'us') {
      this.#context.count('looped');
      this.#looped++;
      this.#keepAlive.doubt(now);
      if (this.#looped >= maxLooped) this.#events.failed(cause('loopback', 'our own echoes come back'), now);
      return;
    }
    this.#looped = 0;
    if (sender === 'stranger') this.#context.count('magic-mismatch');
    if (packet.code === Code.echoRequest && !this.#muted.has(Code.echoReply)) {
      const data = packet.data.slice();
      putU32(data, 0, this.ourMagic);
      this.#negotiator.answer(packet, Code.echoReply, data);
    }
    if (packet.code === Code.echoReply) this.#receiveEchoReply(packet, now);
  }

  #receiveEchoReply({ id }: Packet, now: Millis): void {
    const rttMs = this.#keepAlive.replied(id, now);
    if (rttMs === undefined) {
      this.#context.count('wrong-id');
      return;
    }
    this.#echoRttMs = rttMs;
    this.#context.emit({ type: 'echo', rttMs });
  }

  #sendEcho(now: Millis): void {
    const data = new Uint8Array(4);
    putU32(data, 0, this.ourMagic);
    this.#keepAlive.sent(this.#negotiator.send(Code.echoRequest, data), now);
  }
}

function yesNo(value: true | undefined): string {
  return value === true ? 'yes' : 'no';
}
