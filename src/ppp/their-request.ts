/** The peer's Configure-Requests: judged option by option, answered with Ack, Nak or Reject. RFC 1661 §5.2 to §5.4 */
import type { Cause, CauseCode } from '../base/cause.js';
import { Disputes, type Stake } from './disputes.js';
import { Code } from './numbers.js';
import type { Negotiable } from './option.js';
import { buildOptions, headerLength, type Packet, type RawOption } from './packet.js';

export interface Policy {
  readonly options: readonly Negotiable[];
  /** An option that linkd doesn't know, in words. */
  describeUnknown(option: RawOption): string;
  /** The cause when the options can't be agreed on. */
  readonly failure: CauseCode;
  /** A request of the peer is about to be judged, option by option. */
  judging?(): void;
}

export class TheirRequest {
  readonly #policy: Policy;
  readonly #maxFailure: number;
  readonly #disputes = new Disputes();
  #naksSent = 0;
  #lastId: number | undefined;
  #prompted = new Set<Negotiable>();

  constructor(policy: Policy, maxFailure: number) {
    this.#policy = policy;
    this.#maxFailure = maxFailure;
  }

  begin(): void {
    this.#disputes.clear();
    this.#naksSent = 0;
    this.#lastId = undefined;
    this.#prompted = new Set();
  }

  /** The reply to a request. An Ack puts what was asked for into force (`Option.theirs`). */
  judge(id: number, requested: readonly RawOption[], room: number): Packet {
    const retransmitted = id === this.#lastId;
    this.#lastId = id;
    this.#policy.judging?.();
    this.#disputes.restate();
    const convert = this.#naksSent >= this.#maxFailure;
    const rejects: RawOption[] = [];
    const naks: RawOption[] = [];
    const present = new Set<Negotiable>();
    for (const raw of requested) {
      const option = this.#policy.options.find(({ type }) => type === raw.type);
      if (option === undefined || present.has(option)) {
        // Unknown, or listed twice, which none of our options may be (§6).
        this.#disputes.add(raw.type, this.#policy.describeUnknown(raw), retransmitted, this.#stake(1, undefined));
        rejects.push(raw);
        continue;
      }
      present.add(option);
      const review = option.review(raw.data);
      if (review.kind === 'ack') continue;
      const negotiable = review.kind === 'nak' && !option.neverReject;
      // Where Naks become Rejects, the peer may ask as often again.
      this.#disputes.add(raw.type, review.why, retransmitted, this.#stake(negotiable ? 2 : 1, review.failure));
      // Max-Failure turns Naks into Rejects. RFC 1661 §4.6
      if (review.kind === 'reject' || (convert && negotiable)) rejects.push(raw);
      else naks.push({ type: raw.type, data: review.data });
    }
    if (rejects.length > 0) return { code: Code.configureReject, id, data: buildOptions(fitting(rejects, room)) };
    if (!convert) naks.push(...this.#prompts(present));
    if (naks.length > 0) {
      this.#naksSent++;
      return { code: Code.configureNak, id, data: buildOptions(naks) };
    }
    this.#naksSent = 0;
    for (const option of this.#policy.options) option.grant(present.has(option));
    return { code: Code.configureAck, id, data: buildOptions(requested) };
  }

  /** The cause to give up with, when the peer insists on what it can't have. */
  exhausted(): Cause | undefined {
    return this.#disputes.exhausted();
  }

  describe(): string | undefined {
    return this.#disputes.describe();
  }

  #stake(times: number, failure: CauseCode | undefined): Stake {
    return { limit: times * this.#maxFailure, failure: failure ?? this.#policy.failure };
  }

  /** Options that we would like the peer to ask for, each put forward once. RFC 1661 §5.3 */
  #prompts(present: ReadonlySet<Negotiable>): RawOption[] {
    const prompts: RawOption[] = [];
    for (const option of this.#policy.options) {
      const data = option.prompt();
      if (data === undefined || present.has(option) || this.#prompted.has(option)) continue;
      this.#prompted.add(option);
      prompts.push({ type: option.type, data });
    }
    return prompts;
  }
}

/** As many as a packet to the peer may hold: the rest is rejected when the peer asks again. */
function fitting(options: readonly RawOption[], room: number): RawOption[] {
  let length = headerLength;
  return options.filter(({ data }) => (length += 2 + data.length) <= room);
}
