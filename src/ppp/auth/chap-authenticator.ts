/** CHAP as the one who asks, with any of its algorithms. RFC 1994 */
import { cause } from '../../base/cause.js';
import type { Millis } from '../../base/clock.js';
import { Protocol } from '../numbers.js';
import { buildPacket, type Packet } from '../packet.js';
import { buildValueAndName, parseValueAndName, type Algorithm, type Approval } from './algorithm.js';
import { ChapCode } from './chap-codes.js';
import { Repeater, type Exchange, type ExchangeHost } from './exchange.js';
import { quoted, secretFor } from './secrets.js';
import { encodeText } from '../../base/text.js';

export class ChapAuthenticator implements Exchange {
  readonly role = 'authenticator';
  readonly protocol = Protocol.chap;
  readonly codes = [ChapCode.response];
  readonly method: string;
  readonly #algorithm: Algorithm;
  readonly #host: ExchangeHost;
  readonly #repeater: Repeater;
  #lastId: number;
  /** The challenges of this round, by their Identifiers; the answer to any of them will do. */
  readonly #open = new Map<number, Uint8Array>();
  #verdict: Packet | undefined;
  #rechallengeAt: Millis | undefined;

  constructor(algorithm: Algorithm, host: ExchangeHost) {
    this.#algorithm = algorithm;
    this.method = `CHAP with ${algorithm.name}`;
    this.#host = host;
    this.#repeater = new Repeater(host.context.limits);
    this.#lastId = host.context.random() >>> 24;
  }

  up(now: Millis): void {
    this.#rechallengeAt = undefined;
    this.#open.clear();
    this.#repeater.start(now);
    this.#challenge();
  }

  receive({ id, data }: Packet, now: Millis): void {
    if (this.#verdict?.id === id && !this.#open.has(id)) {
      this.#emit(this.#verdict); // "MUST return the same reply Code": RFC 1994 §4.2
      return;
    }
    const challenge = this.#open.get(id);
    const response = parseValueAndName(data);
    if (challenge === undefined || response === undefined) {
      this.#host.context.count(challenge === undefined ? 'wrong-id' : 'malformed');
      return;
    }
    this.#repeater.stop();
    this.#open.clear();
    const { value, name } = response;
    const { options } = this.#host;
    const secret = secretFor(name, options.remoteName, options.theirs.chap);
    const isOurs = this.#host.challenges.isOurAnswer(this.#algorithm.proofIn(value));
    const approval = isOurs
      ? undefined
      : secret && this.#algorithm.approve({ id, challenge, name, secret: secret.secret }, value);
    this.#conclude(id, challenge, approval);
    if (approval !== undefined) {
      const { rechallengeMs } = options;
      if (rechallengeMs > 0) this.#rechallengeAt = now + rechallengeMs;
      const keys = approval.keys && { challenge, keys: approval.keys };
      this.#host.succeeded(this, { name, secret, keys }, now);
      return;
    }
    const why = secret === undefined ? 'there is no secret for' : isOurs ? 'our own answer from' : 'a wrong answer of';
    this.#host.failed(cause('peer-auth-failed', `${why} ${quoted(name)}, by ${this.method}`), now);
  }

  timeout(now: Millis): void {
    if (this.#rechallengeAt !== undefined && now >= this.#rechallengeAt) {
      this.up(now);
      return;
    }
    const due = this.#repeater.timeout(now);
    if (due === 'again') this.#challenge();
    if (due === 'exhausted') {
      this.#host.failed(cause('peer-auth-failed', `it does not answer a challenge of ${this.method}`), now);
    }
  }

  nextTimeout(): Millis | undefined {
    return this.#rechallengeAt ?? this.#repeater.nextTimeout();
  }

  implied(): void {
    // Nothing but the right answer will do.
  }

  /** Identifier and value are new each time. RFC 1994 §4.1 */
  #challenge(): void {
    const value = this.#host.challenges.draw(this.#algorithm.challengeLength);
    this.#lastId = (this.#lastId + 1) & 0xff;
    this.#open.set(this.#lastId, value);
    const data = buildValueAndName({ value, name: encodeText(this.#host.options.name) });
    this.#emit({ code: ChapCode.challenge, id: this.#lastId, data });
  }

  #conclude(id: number, challenge: Uint8Array, approval: Approval | undefined): void {
    this.#verdict =
      approval === undefined
        ? { code: ChapCode.failure, id, data: this.#algorithm.refusal(challenge) }
        : { code: ChapCode.success, id, data: approval.message };
    this.#emit(this.#verdict);
  }

  #emit(packet: Packet): void {
    this.#host.context.emit({ type: 'send', protocol: Protocol.chap, packet: buildPacket(packet) });
  }
}
