/**
 * The common law of all control protocols (RFC 1661 §4 and §5): carries out the automaton's actions, runs the Restart timer,
 * exchanges Configure, Terminate and Code-Reject packets. What is particular to a protocol is in its `Layer`.
 */
import { cause, type Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { assertNever } from '../base/errors.js';
import { isNegotiating, timerRuns, transition, type Action, type Event, type State } from './automaton.js';
import type { Context } from './context.js';
import { Code, codeName } from './numbers.js';
import { OurRequest } from './our-request.js';
import { buildPacket, headerLength, parseOptions, parsePacket, type Packet } from './packet.js';
import { printable } from './printable.js';
import { TheirRequest, type Policy } from './their-request.js';

/** Why the automaton came to rest (This-Layer-Finished). */
export type Ending =
  /** Our Close has been carried out. */
  | { readonly kind: 'closed' }
  /** Max-Configure; `heard` says what reached us of the peer, if anything did. */
  | { readonly kind: 'no-answer'; readonly heard: string | undefined }
  | { readonly kind: 'terminated'; readonly reason: string | undefined }
  /** The peer rejected what the protocol can't do without. */
  | { readonly kind: 'rejected'; readonly what: string };

/** The first pause between two Configure-Requests while nothing is heard of the peer; each pause is twice the one before. */
const firstRetryMs = 300;
/** A peer whose first request comes sooner than this after ours was there when ours came: no round trip is shorter on a real line. */
const shortestRoundTripMs = 5;
/** One whose request comes as soon as this, on a line that is so fast, would answer ours within `answerMs`. */
const crossingMs = 40;
const answerMs = 80;
/** How long a Terminate-Ack gets to reach the peer before the layer is finished. */
const leaveMs = 500;

/** So often may the peer start over before the protocol has stayed open for a while: more is an endless loop. */
const maxRestarts = 50;
const settledMs = 10_000;

/** What a protocol adds to the common law. */
export interface Layer extends Policy {
  readonly protocol: number;
  /** `LCP`, for people. */
  readonly name: string;
  /** After Max-Configure, wait for the peer to begin (footnote p). */
  readonly passive: boolean;
  /** Send nothing before the peer's first Configure-Request. */
  readonly silent: boolean;
  /** The peer may begin to listen later than we begin to send: behind its first request ours goes out once more if need be. */
  readonly peerMayBeLate?: boolean;
  /** No quick requests at first, but one with each Restart timer: a request too many does harm. */
  readonly unhurried?: boolean;
  up(now: Millis): void;
  down(now: Millis): void;
  finished(ending: Ending, now: Millis): void;
  /** The options can't be agreed on; it is for the layer to be closed or taken down in turn. */
  failed(cause: Cause, now: Millis): void;
  /** Our Configure-Ack is on its way: what the peer asked for holds for the next packet that we send. */
  granted?(): void;
  /** The peer's Configure-Ack has come: what we asked for holds for the next packet that it sends. */
  acknowledged?(): void;
  /** Which event a code above Code-Reject is; undefined when it is none, and has been dealt with. */
  classify(packet: Packet, now: Millis): 'RUC' | 'RXR' | 'RXJ+' | 'RXJ-' | undefined;
  /** Send-Echo-Reply, and whatever else an RXR asks for in Opened. */
  maintain(packet: Packet, now: Millis): void;
  /** The peer doesn't know a code that we can do without: send no more of it. RFC 1661 §4.3 (RXJ+) */
  codeRejected(code: number): void;
}

/** An event with all that its actions need. */
interface Step {
  readonly event: Event;
  readonly from: State;
  readonly actions: readonly Action[];
  readonly now: Millis;
  /** The packet that was received, and our reply to it where it was a Configure-Request. */
  readonly packet: Packet | undefined;
  readonly reply: Packet | undefined;
}

export class Negotiator {
  readonly #layer: Layer;
  readonly #context: Context;
  readonly #ours: OurRequest;
  readonly #theirs: TheirRequest;
  #state: State = 'Initial';
  #deadline: Millis | undefined;
  #restartCount = 0;
  /** When Initialize-Restart-Count was done last. */
  #countingSince: Millis = 0;
  /** When our last Configure-Request was sent. */
  #askedAt: Millis = 0;
  #lastId = 0;
  #terminate: Packet | undefined;
  #terminateReason = '';
  /** Configure-Requests, Naks and Rejects sent since the negotiation began. */
  #effort = 0;
  /** When it opened last, and how often the peer has started over since it stayed open for a while. */
  #openedAt: Millis = 0;
  #restarts = 0;
  #heard: string | undefined;
  #ending: Ending | undefined;

  constructor(layer: Layer, context: Context) {
    this.#layer = layer;
    this.#context = context;
    this.#ours = new OurRequest(layer, context.limits.maxFailure);
    this.#theirs = new TheirRequest(layer, context.limits.maxFailure);
  }

  get state(): State {
    return this.#state;
  }

  /** What the peer did to end the protocol, if it did. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Administrative Open. In Stopped, Closing, Stopping and Opened it starts over: the restart option, footnote r. */
  open(now: Millis): void {
    this.#step('Open', now);
  }

  /** The lower layer is up. A silent layer waits in Stopped, where the peer's first request starts it. */
  up(now: Millis): void {
    if (this.#layer.silent && this.#state === 'Starting') this.#state = 'Stopped';
    else this.#step('Up', now);
  }

  down(now: Millis): void {
    this.#step('Down', now);
  }

  /** Administrative Close; the peer is told `reason`. */
  close(now: Millis, reason: string): void {
    this.#terminateReason = reason;
    this.#step('Close', now);
  }

  nextTimeout(): Millis | undefined {
    return this.#deadline;
  }

  /** Fires the Restart timer once if it is due, however long ago that was. */
  timeout(now: Millis): void {
    if (this.#deadline === undefined || now < this.#deadline) return;
    this.#step(this.#restartCount > 0 ? 'TO+' : 'TO-', now);
  }

  receive(bytes: Uint8Array, now: Millis): void {
    const packet = parsePacket(bytes);
    if (packet === undefined) {
      this.#context.count('malformed');
      return;
    }
    switch (packet.code) {
      case Code.configureRequest:
        this.#receiveRequest(packet, now);
        break;
      case Code.configureAck:
      case Code.configureNak:
      case Code.configureReject:
        this.#receiveReply(packet, now);
        break;
      case Code.terminateRequest:
        this.#receiveTerminateRequest(packet, now);
        break;
      case Code.terminateAck:
        this.#ending ??= { kind: 'terminated', reason: undefined };
        this.#step('RTA', now, packet);
        break;
      case Code.codeReject:
        this.#receiveCodeReject(packet, now);
        break;
      default:
        this.#receiveOther(packet, now);
    }
  }

  /** Sends a packet under a new Identifier and returns that; `data` is cut to what the peer takes. */
  send(code: number, data: Uint8Array): number {
    const id = this.#newId();
    this.#transmit({ code, id, data: data.subarray(0, this.#context.peerMru() - headerLength) });
    return id;
  }

  /** Answers `packet` under its own Identifier; `data` is cut to what the peer takes. */
  answer(packet: Packet, code: number, data: Uint8Array): void {
    this.#transmit({ code, id: packet.id, data: data.subarray(0, this.#context.peerMru() - headerLength) });
  }

  /** What is at odds with the peer, in words: the disputed options, or why the peer ended the protocol. */
  trouble(): string | undefined {
    const disputes = [this.#ours.describe(), this.#theirs.describe()].filter((text) => text !== undefined);
    if (disputes.length > 0) return disputes.join('; ');
    return this.#ending?.kind === 'terminated' ? this.#ending.reason : undefined;
  }

  // What the peer sent.

  #receiveRequest(packet: Packet, now: Millis): void {
    const requested = parseOptions(packet.data);
    if (requested === undefined) {
      this.#context.count('malformed');
      return;
    }
    if (this.#state === 'Stopped' || this.#state === 'Opened') {
      this.#begin(); // before judging: the request belongs to the new negotiation
    } else if (!isNegotiating(this.#state)) {
      this.#step('RCR+', now, packet); // Closed, Closing and Stopping don't tell good requests from bad
      return;
    }
    if (this.#heard === undefined && this.#state === 'Req-Sent') this.#repeatForLatecomer(now);
    this.#heard = `the peer sends ${this.#layer.name} requests, but does not answer ours`;
    this.#ending = undefined;
    const reply = this.#theirs.judge(packet.id, requested, this.#context.peerMru());
    const failed = this.#theirs.exhausted();
    if (failed !== undefined) {
      this.#fail(failed, now);
      return;
    }
    if (reply.code === Code.configureAck) {
      this.#step('RCR+', now, packet, reply);
      return;
    }
    const why = this.#theirs.describe() ?? 'it lacks an option';
    this.#context.note('debug', `${this.#layer.name}: ${codeName(reply.code)} sent: ${why}`);
    this.#step('RCR-', now, packet, reply);
  }

  #receiveReply(packet: Packet, now: Millis): void {
    const invalid = this.#ours.reply(packet, (level, message) => {
      this.#context.note(level, `${this.#layer.name}: ${message}`);
    });
    if (invalid !== undefined) {
      if (invalid !== 'repeated') this.#context.count(invalid);
      return;
    }
    const agrees = packet.code === Code.configureAck;
    this.#heard = `the peer ${agrees ? 'agrees' : 'does not agree'} to our ${this.#layer.name} request`;
    if (agrees) this.#heard += ', but sends no acceptable one of its own';
    this.#ending = undefined;
    if (agrees) this.#layer.acknowledged?.();
    const failed = this.#ours.exhausted();
    if (failed !== undefined) this.#fail(failed, now);
    else this.#step(agrees ? 'RCA' : 'RCN', now, packet);
  }

  #receiveTerminateRequest(packet: Packet, now: Millis): void {
    const reason = packet.data.length === 0 ? undefined : printable(packet.data);
    this.#ending = { kind: 'terminated', reason };
    this.#context.note('info', `the peer terminates ${this.#layer.name}${reason === undefined ? '' : `: "${reason}"`}`);
    this.#step('RTR', now, packet);
  }

  /** RFC 1661 §5.6: codes 1 to 7 are fundamental. */
  #receiveCodeReject(packet: Packet, now: Millis): void {
    const code = packet.data[0];
    if (code === undefined) {
      this.#context.count('malformed');
      return;
    }
    this.#context.note('warn', `the peer does not know ${this.#layer.name} ${codeName(code)}`);
    if (code < Code.configureRequest || code > Code.codeReject) {
      this.#layer.codeRejected(code);
      this.#step('RXJ+', now, packet);
      return;
    }
    this.#rejected(`${this.#layer.name} ${codeName(code)}`);
    this.#step('RXJ-', now, packet);
  }

  #receiveOther(packet: Packet, now: Millis): void {
    const event = this.#layer.classify(packet, now);
    if (event === undefined) return;
    if (event === 'RUC') this.#context.count('bad-code');
    if (event === 'RXJ-') this.#rejected(this.#layer.name);
    this.#step(event, now, packet);
  }

  #rejected(what: string): void {
    this.#ending = { kind: 'rejected', what };
    this.#terminateReason = `${what} is needed`;
  }

  // The automaton.

  #step(event: Event, now: Millis, packet?: Packet, reply?: Packet): void {
    const from = this.#state;
    const { actions, next, footnote } = transition(from, event);
    const effort = actions.includes('scr') || actions.includes('scn');
    if (effort && isNegotiating(from) && this.#effort >= this.#maxEffort()) {
      const detail = this.trouble() ?? `no agreement after ${this.#effort} packets`;
      this.#fail(cause(this.#layer.failure, detail), now);
      return;
    }
    if (isNegotiating(next) && from === 'Opened' && this.#isRestless(now)) {
      this.#fail(cause('restless', `it starts ${this.#layer.name} over as soon as it is open`), now);
      return;
    }
    if (isNegotiating(next) && !isNegotiating(from) && reply === undefined) this.#begin();
    if (isNegotiating(next) && from === 'Opened')
      this.#context.note('info', `${this.#layer.name}: the peer starts over`);
    this.#state = next;
    const step: Step = { event, from, actions, now, packet, reply };
    for (const action of actions) {
      if (action === 'tlf' && footnote === 'p' && this.#layer.passive) {
        this.#context.note('info', `${this.#layer.name}: no answer; waiting for the peer to begin`);
      } else {
        this.#act(action, step);
      }
    }
    if (!timerRuns(this.#state)) this.#deadline = undefined;
    if (footnote === 'r') {
      this.down(now);
      this.up(now);
    }
  }

  #act(action: Action, { event, from, actions, now, packet, reply }: Step): void {
    switch (action) {
      case 'tlu':
        this.#effort = 0;
        this.#openedAt = now;
        this.#layer.up(now);
        break;
      case 'tld':
        this.#layer.down(now);
        break;
      case 'tls': // the line is opened by others
        break;
      case 'tlf':
        this.#layer.finished(this.#endingOf(from), now);
        break;
      case 'irc': {
        const { maxConfigure, maxTerminate } = this.#context.limits;
        this.#restartCount = actions.includes('str') ? maxTerminate : maxConfigure;
        this.#countingSince = now;
        // The peer listens, as its Ack shows: what is missing is its own request.
        if (event === 'RCA') this.#startTimer(this.#askedAt, this.#context.limits.restartMs);
        break;
      }
      case 'zrc':
        this.#restartCount = 0;
        this.#startTimer(now, Math.min(leaveMs, this.#context.limits.restartMs)); // §3.7, §4.6: the value of this Restart time is ours to choose
        break;
      case 'scr':
        this.#effort++;
        this.#restartCount--;
        this.#ask(now, this.#heard === undefined ? this.#retryMs(now) : this.#context.limits.restartMs);
        break;
      case 'scn':
        this.#effort++;
        if (reply !== undefined) this.#transmit(reply);
        break;
      case 'sca':
        if (reply !== undefined) this.#transmit(reply);
        this.#layer.granted?.();
        break;
      case 'str':
        this.#restartCount--;
        this.#sendTerminateRequest(event === 'TO+');
        this.#startTimer(now, this.#context.limits.restartMs);
        break;
      case 'sta':
        if (packet !== undefined) this.answer(packet, Code.terminateAck, new Uint8Array(0));
        break;
      case 'scj':
        if (packet !== undefined) this.send(Code.codeReject, buildPacket(packet));
        break;
      case 'ser':
        if (packet !== undefined) this.#layer.maintain(packet, now);
        break;
      default:
        assertNever(action);
    }
  }

  /** A negotiation begins: nothing of an earlier one holds. */
  #begin(): void {
    for (const option of this.#layer.options) option.begin();
    this.#ours.begin();
    this.#theirs.begin();
    this.#effort = 0;
    this.#heard = undefined;
    this.#ending = undefined;
  }

  #fail(failed: Cause, now: Millis): void {
    this.#layer.failed(failed, now);
  }

  /** Far beyond what agreeing takes on a bad line: a peer that neither agrees nor stops runs into it. RFC 1661 §4.5 */
  #maxEffort(): number {
    return 4 * (this.#context.limits.maxConfigure + this.#context.limits.maxFailure);
  }

  /** The peer starts over, once more. RFC 1661 §4.5: loops are to be avoided, though no table can. */
  #isRestless(now: Millis): boolean {
    this.#restarts = now - this.#openedAt >= settledMs ? 0 : this.#restarts + 1;
    return this.#restarts > maxRestarts;
  }

  #endingOf(from: State): Ending {
    return from === 'Closing' ? { kind: 'closed' } : (this.#ending ?? { kind: 'no-answer', heard: this.#heard });
  }

  /** A retransmission keeps its Identifier. RFC 1661 §5.5 */
  #sendTerminateRequest(again: boolean): void {
    if (this.#terminate === undefined || !again) {
      const data = new TextEncoder().encode(this.#terminateReason);
      this.#terminate = { code: Code.terminateRequest, id: this.#newId(), data };
    }
    this.#transmit(this.#terminate);
  }

  #ask(now: Millis, pauseMs: Millis): void {
    this.#transmit(this.#ours.next(() => this.#newId()));
    this.#askedAt = now;
    this.#startTimer(now, pauseMs);
  }

  /**
   * The first that we hear of the peer is its request: ours may have gone out before it listened. Where the two may have crossed,
   * the peer's Ack will tell soon; otherwise ours goes out again at once. That is ahead of our Ack, or a peer that did get the
   * first one could have opened, and would start over.
   */
  #repeatForLatecomer(now: Millis): void {
    const sinceMs = now - this.#askedAt;
    if (this.#layer.peerMayBeLate !== true || sinceMs <= shortestRoundTripMs) return;
    if (sinceMs <= crossingMs) this.#startTimer(now, Math.min(answerMs, this.#context.limits.restartMs));
    else this.#ask(now, this.#context.limits.restartMs);
  }

  /**
   * The Restart timer while the peer may not be listening yet: quick at first, and in all as long as Max-Configure Restart
   * times, with as many requests. RFC 1661 §4.6 leaves the timer's value to us.
   */
  #retryMs(now: Millis): Millis {
    const { restartMs, maxConfigure } = this.#context.limits;
    if (this.#layer.unhurried === true) return restartMs;
    const pauses = this.#restartCount + 1;
    const rest = this.#countingSince + maxConfigure * restartMs - now;
    const even = Math.max(Math.round(rest / pauses), Math.min(restartMs, firstRetryMs));
    return pauses === 1 ? even : Math.min(even, firstRetryMs * 2 ** (maxConfigure - pauses));
  }

  #startTimer(now: Millis, pauseMs: Millis): void {
    this.#deadline = now + pauseMs;
  }

  #newId(): number {
    this.#lastId = (this.#lastId + 1) & 0xff;
    return this.#lastId;
  }

  #transmit(packet: Packet): void {
    this.#context.emit({ type: 'send', protocol: this.#layer.protocol, packet: buildPacket(packet) });
  }
}
