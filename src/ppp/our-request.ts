/** Our Configure-Requests: what they ask for, which reply is awaited, and what the peer's replies make of them. RFC 1661 §5.1 */
import { sameBytes } from '../base/bytes.js';
import type { Cause } from '../base/cause.js';
import type { Counter } from './context.js';
import { Disputes } from './disputes.js';
import { Code } from './numbers.js';
import { buildOptions, parseOptions, type Packet, type RawOption } from './packet.js';
import type { Policy } from './their-request.js';

type Note = (level: 'debug' | 'info', message: string) => void;

export class OurRequest {
  readonly #policy: Policy;
  readonly #maxFailure: number;
  readonly #disputes = new Disputes();
  #sent: Packet | undefined;
  #answered = false;

  constructor(policy: Policy, maxFailure: number) {
    this.#policy = policy;
    this.#maxFailure = maxFailure;
  }

  begin(): void {
    this.#disputes.clear();
    this.#sent = undefined;
    this.#answered = false;
  }

  /** The request to send now. An unanswered one is repeated under its own Identifier; otherwise `newId` is drawn. §5.1 */
  next(newId: () => number): Packet {
    const wishes: RawOption[] = [];
    for (const option of this.#policy.options) {
      const data = option.request();
      if (data !== undefined) wishes.push({ type: option.type, data });
    }
    const data = buildOptions(wishes);
    if (this.#sent === undefined || this.#answered || !sameBytes(data, this.#sent.data)) {
      this.#sent = { code: Code.configureRequest, id: newId(), data };
      this.#answered = false;
    }
    return this.#sent;
  }

  /**
   * Takes a reply in; the counter's name when it is to be discarded. A reply counts once, and only to the last request:
   * a second one is out of sequence (RFC 1661 §4.3, RCA), or a line that doubles packets would never open. It is `repeated`,
   * and no error, where it says the same again: we may have asked twice.
   */
  reply(packet: Packet, note: Note): Counter | 'repeated' | undefined {
    if (this.#sent === undefined || packet.id !== this.#sent.id) return 'wrong-id';
    if (this.#answered) return this.#repeats(packet, this.#sent) ? 'repeated' : 'wrong-id';
    const refusal = this.#check(packet, this.#sent);
    if (typeof refusal === 'string') return refusal;
    this.#answered = true;
    if (packet.code === Code.configureAck) {
      this.#disputes.clear();
      for (const option of this.#policy.options) option.takeAck();
    } else {
      if (packet.code === Code.configureNak) this.#disputes.restate();
      for (const { type, data } of refusal) this.#refused(packet.code, type, data, note);
    }
    return undefined;
  }

  /** The cause to give up with, when the peer will not let us have what we can't do without. */
  exhausted(): Cause | undefined {
    return this.#disputes.exhausted();
  }

  describe(): string | undefined {
    return this.#disputes.describe();
  }

  #repeats({ code, data }: Packet, sent: Packet): boolean {
    return code === Code.configureAck && sameBytes(data, sent.data);
  }

  /** The options of a valid reply, or why it is none. */
  #check(packet: Packet, sent: Packet): readonly RawOption[] | Counter {
    if (packet.code === Code.configureAck) return sameBytes(packet.data, sent.data) ? [] : 'bad-reply'; // §5.2
    const options = parseOptions(packet.data);
    if (options === undefined || options.length === 0) return 'malformed';
    return packet.code === Code.configureNak || isSubset(options, parseOptions(sent.data) ?? [])
      ? options
      : 'bad-reply';
  }

  #refused(code: number, type: number, data: Uint8Array, note: Note): void {
    const option = this.#policy.options.find((candidate) => candidate.type === type);
    if (option === undefined) return; // the peer would like us to ask for what we don't know: §5.3
    if (code === Code.configureReject) {
      option.takeReject();
      note('info', `the peer rejected ${option.name}`);
      return;
    }
    // Nak'd time and again: go on without the option, unless there is no going on without it.
    const drop = !option.neverDrop && this.#disputes.before(type) >= this.#maxFailure;
    const why = option.takeNak(data, drop);
    const stake = option.neverDrop ? { limit: this.#maxFailure, failure: this.#policy.failure } : undefined;
    this.#disputes.add(type, why, false, stake);
    note('debug', why);
  }
}

/** True when `some` are among `all`, unmodified and in order. RFC 1661 §5.4 */
function isSubset(some: readonly RawOption[], all: readonly RawOption[]): boolean {
  let at = 0;
  return some.every((option) => {
    while (at < all.length && !(all[at]!.type === option.type && sameBytes(all[at]!.data, option.data))) at++;
    return at++ < all.length;
  });
}
