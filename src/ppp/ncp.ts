/**
 * What the network control protocols (IPCP, IPV6CP) have in common: open for as long as the session lasts, up and down with
 * LCP, and a failure that is their own: the session goes on while another network protocol does.
 */
import { cause, causeFacts, type Cause, type CauseCode } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { isNegotiating } from './automaton.js';
import type { Context, ControlProtocol, LayerEvents } from './context.js';
import { Negotiator, type Ending } from './negotiator.js';
import type { Negotiable } from './option.js';
import type { RawOption } from './packet.js';

/** What one of them is. */
export interface NcpFacts {
  readonly protocol: number;
  /** `IPCP`, for people. */
  readonly name: string;
  /** What it carries, for people: `IPv4 packets`. */
  readonly cargo: string;
  /** The protocol numbers of what it carries; the first is what it can't be without. */
  readonly carries: readonly number[];
  readonly options: readonly Negotiable[];
  readonly describeUnknown: (option: RawOption) => string;
  /** The cause when the options can't be agreed on, and when the peer refuses the protocol. */
  readonly failure: CauseCode;
  readonly refusal: CauseCode;
  /** Why the network is of no use although all options are agreed on; undefined when it is. */
  readonly objection: () => string | undefined;
}

export class Ncp implements ControlProtocol {
  readonly protocol: number;
  readonly carries: readonly number[];
  readonly #facts: NcpFacts;
  readonly #context: Context;
  readonly #events: LayerEvents;
  readonly #negotiator: Negotiator;
  /** The layer below is up. */
  #below = false;
  #open = false;
  #failure: Cause | undefined;
  /** The last failure since it was open or began. */
  #reason: Cause | undefined;

  constructor(facts: NcpFacts, context: Context, events: LayerEvents) {
    this.protocol = facts.protocol;
    this.carries = facts.carries;
    this.#facts = facts;
    this.#context = context;
    this.#events = events;
    const { protocol, name, options, describeUnknown, failure } = facts;
    this.#negotiator = new Negotiator(
      {
        ...{ protocol, name, options, describeUnknown, failure, passive: false, silent: false },
        up: (now) => {
          this.#agreed(now);
        },
        down: (now) => {
          this.#closed(now);
        },
        finished: (ending, now) => {
          this.#rest(this.#explain(ending), now);
        },
        failed: (failed, now) => {
          this.#fail(failed, now);
        },
        classify: () => 'RUC', // the codes 1 to 7 only: RFC 1332 §2, RFC 5072 §3
        maintain: () => undefined,
        codeRejected: () => undefined,
      },
      context,
    );
  }

  /** Packets of the network may flow. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Why it isn't open, and won't be unless the peer begins anew. */
  get failed(): Cause | undefined {
    return this.#failure;
  }

  up(now: Millis): void {
    if (this.#below) return;
    this.#below = true;
    this.#failure = undefined;
    this.#reason = undefined;
    if (this.#negotiator.state === 'Initial') this.#negotiator.open(now);
    this.#negotiator.up(now);
  }

  down(now: Millis): void {
    if (!this.#below) return;
    this.#below = false;
    this.#negotiator.down(now);
  }

  receive(packet: Uint8Array, now: Millis): void {
    if (!this.#below) {
      this.#context.count('not-open'); // the peer rejected what it speaks now
      return;
    }
    this.#negotiator.receive(packet, now);
    const { state } = this.#negotiator;
    if (isNegotiating(state) || state === 'Opened') this.#failure = undefined;
  }

  rejected(protocol: number, now: Millis): void {
    if (!this.#below) return;
    const { name, cargo, refusal } = this.#facts;
    this.#rest(cause(refusal, `it rejects ${protocol === this.protocol ? name : cargo}`), now);
    this.down(now);
  }

  timeout(now: Millis): void {
    this.#negotiator.timeout(now);
  }

  nextTimeout(): Millis | undefined {
    return this.#negotiator.nextTimeout();
  }

  trouble(): Cause | undefined {
    const trouble = this.#negotiator.trouble();
    return trouble === undefined ? this.#failure : cause(this.#facts.failure, trouble);
  }

  #agreed(now: Millis): void {
    const objection = this.#facts.objection();
    if (objection !== undefined) {
      this.#fail(cause(this.#facts.failure, objection), now);
      return;
    }
    this.#open = true;
    this.#reason = undefined;
    this.#events.up(now);
  }

  #closed(now: Millis): void {
    if (!this.#open) return;
    this.#open = false;
    this.#events.down(now);
  }

  /** We give it up, and tell the peer if the session goes on. */
  #fail(failed: Cause, now: Millis): void {
    this.#rest(failed, now);
    this.#negotiator.close(now, causeFacts(failed.code).summary);
  }

  /** It has come to rest. A Stopped automaton wakes when the peer begins anew. */
  #rest(failed: Cause, now: Millis): void {
    if (this.#failure !== undefined) return;
    this.#failure = this.#reason = failed;
    this.#events.failed(failed, now);
  }

  #explain(ending: Ending): Cause {
    const { name, failure } = this.#facts;
    switch (ending.kind) {
      case 'closed':
        return cause('internal', `${name} closed by itself`);
      case 'no-answer':
        // A peer that tries again and again says less each time.
        return this.trouble() ?? this.#reason ?? cause(failure, ending.heard ?? `the peer does not answer ${name}`);
      case 'terminated':
        return cause(
          'peer-terminated',
          ending.reason === undefined ? `it closed ${name}` : `${name}: ${ending.reason}`,
        );
      case 'rejected':
        return cause('protocol-error', `it rejects ${ending.what}`);
    }
  }
}
