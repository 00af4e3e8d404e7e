/** CHAP as the one who is asked, with any of its algorithms. RFC 1994 */
import { sameBytes } from '../../base/bytes.js';
import { cause } from '../../base/cause.js';
import type { Millis } from '../../base/clock.js';
import { Protocol } from '../numbers.js';
import { buildPacket, type Packet } from '../packet.js';
import { buildValueAndName, parseValueAndName, type Algorithm, type Answer } from './algorithm.js';
import { ChapCode } from './chap-codes.js';
import { Repeater, type Exchange, type ExchangeHost } from './exchange.js';
import { quoted, secretFor } from './secrets.js';
import { encodeText } from '../../base/text.js';

interface Given {
  readonly challenge: Uint8Array;
  readonly answer: Answer;
  readonly packet: Packet;
  readonly authenticator: Uint8Array;
  settled: boolean;
}

/** How many of our answers are kept, for repeated challenges and late results. */
const keptAnswers = 16;

export class ChapPeer implements Exchange {
  readonly role = 'peer';
  readonly protocol = Protocol.chap;
  readonly codes = [ChapCode.challenge, ChapCode.success, ChapCode.failure];
  readonly method: string;
  readonly #algorithm: Algorithm;
  readonly #host: ExchangeHost;
  /** Waits for the first challenge, then for the result of our answer. */
  readonly #repeater: Repeater;
  readonly #given = new Map<number, Given>();
  #last: Given | undefined;
  #authenticated = false;

  constructor(algorithm: Algorithm, host: ExchangeHost) {
    this.#algorithm = algorithm;
    this.method = `CHAP with ${algorithm.name}`;
    this.#host = host;
    this.#repeater = new Repeater(host.context.limits);
  }

  up(now: Millis): void {
    this.#repeater.start(now);
  }

  receive(packet: Packet, now: Millis): void {
    if (packet.code === ChapCode.challenge) this.#receiveChallenge(packet, now);
    else this.#receiveResult(packet, now);
  }

  /** The answer is repeated until its result comes. RFC 1994 §4.2: Success may be lost */
  timeout(now: Millis): void {
    const due = this.#repeater.timeout(now);
    if (due === 'again' && this.#last !== undefined) this.#emit(this.#last.packet);
    // Of a peer that knows us already it is enough that it goes on.
    if (due === 'exhausted' && !this.#authenticated) {
      const why = this.#last === undefined ? 'sends no challenge' : 'does not react to our answer';
      this.#host.failed(cause('auth-failed', `it asked for ${this.method}, but ${why}`), now);
    }
  }

  nextTimeout(): Millis | undefined {
    return this.#repeater.nextTimeout();
  }

  implied(): void {
    // The answer is repeated until its result comes.
  }

  #receiveChallenge({ id, data }: Packet, now: Millis): void {
    const { context, challenges, options } = this.#host;
    const parsed = parseValueAndName(data);
    if (parsed === undefined || !this.#algorithm.accepts(parsed.value)) {
      context.count('malformed');
      return;
    }
    const { value: challenge, name: authenticator } = parsed;
    if (challenges.isOurs(challenge)) {
      context.count('reflected-challenge');
      context.note('warn', `${this.method}: the peer sends our own challenge back; it gets no answer`);
      return;
    }
    const before = this.#given.get(id);
    if (before !== undefined && sameBytes(before.challenge, challenge)) {
      this.#emit(before.packet);
      return;
    }
    const secret = secretFor(authenticator, options.remoteName, options.ours.chap);
    if (secret === undefined) {
      this.#repeater.stop();
      this.#host.failed(cause('auth-no-secret', `none for ${quoted(authenticator)}, by ${this.method}`), now);
      return;
    }
    const name = encodeText(options.user);
    const question = { id, challenge, name, secret: secret.secret };
    const answer = this.#algorithm.answer(question, () => context.random());
    challenges.gave(this.#algorithm.proofIn(answer.value));
    const response = { code: ChapCode.response, id, data: buildValueAndName({ value: answer.value, name }) };
    this.#last = { challenge, answer, packet: response, authenticator, settled: false };
    this.#given.delete(id);
    this.#given.set(id, this.#last);
    for (const old of this.#given.keys()) if (this.#given.size > keptAnswers) this.#given.delete(old);
    this.#repeater.start(now);
    this.#emit(response);
  }

  #receiveResult({ code, id, data }: Packet, now: Millis): void {
    const given = this.#given.get(id);
    if (given === undefined || given.settled) {
      this.#host.context.count('wrong-id');
      return;
    }
    given.settled = true;
    this.#repeater.stop();
    if (code === ChapCode.failure) {
      const why = this.#algorithm.explain(data);
      this.#host.failed(cause('auth-failed', `by ${this.method}${why === undefined ? '' : `: ${why}`}`), now);
      return;
    }
    if (!given.answer.confirms(data)) {
      const who = quoted(given.authenticator);
      this.#host.failed(cause('peer-auth-failed', `${who} does not prove to have the secret, by ${this.method}`), now);
      return;
    }
    this.#authenticated = true;
    const keys = given.answer.keys && { challenge: given.challenge, keys: given.answer.keys };
    this.#host.succeeded(this, { name: given.authenticator, secret: undefined, keys }, now);
  }

  #emit(packet: Packet): void {
    this.#host.context.emit({ type: 'send', protocol: Protocol.chap, packet: buildPacket(packet) });
  }
}
