/**
 * EAP as the one who asks: first for the peer's identity, then by the methods that we want, until the peer takes one.
 * RFC 3748
 */
import { concatBytes } from '../../base/bytes.js';
import { cause } from '../../base/cause.js';
import type { Millis } from '../../base/clock.js';
import { assertNever } from '../../base/errors.js';
import { Protocol } from '../numbers.js';
import { buildPacket, type Packet } from '../packet.js';
import type { EapAsking } from './eap-asking.js';
import { EapCode, EapType } from './eap-packets.js';
import { Repeater, type Exchange, type ExchangeHost, type Proof } from './exchange.js';
import { quoted } from './secrets.js';

/** Makes a run of a method for a peer with this identity. */
export type AskingMaker = (host: ExchangeHost, identity: Uint8Array) => EapAsking;

export class EapAuthenticator implements Exchange {
  readonly role = 'authenticator';
  readonly protocol = Protocol.eap;
  readonly codes = [EapCode.response];
  readonly #methods: readonly AskingMaker[];
  readonly #host: ExchangeHost;
  readonly #repeater: Repeater;
  #lastId: number;
  /** What is asked; an answer must be to it. */
  #request: Packet | undefined;
  #identity: Uint8Array | undefined;
  #asking: EapAsking | undefined;
  #untried: readonly AskingMaker[] = [];
  /** How it ended, by the Identifier of the response that it answers. */
  #verdict: Packet | undefined;
  #rechallengeAt: Millis | undefined;

  constructor(methods: readonly AskingMaker[], host: ExchangeHost) {
    this.#methods = methods;
    this.#host = host;
    this.#repeater = new Repeater(host.context.limits);
    this.#lastId = host.context.random() >>> 24;
  }

  get method(): string {
    return this.#asking?.name ?? 'EAP';
  }

  up(now: Millis): void {
    this.#rechallengeAt = undefined;
    this.#identity = undefined;
    this.#ask(EapType.identity, new Uint8Array(0), now);
  }

  receive({ id, data }: Packet, now: Millis): void {
    if (this.#request === undefined) {
      if (this.#verdict?.id === id) this.#emit(this.#verdict);
      else this.#host.context.count('wrong-id');
      return;
    }
    const type = data[0];
    if (id !== this.#request.id || type === undefined) {
      this.#host.context.count(type === undefined ? 'malformed' : 'wrong-id');
      return;
    }
    const content = data.slice(1);
    if (this.#identity === undefined) this.#takeIdentity(type, content, now);
    else if (type === EapType.nak) this.#takeNak(content, now);
    else if (type === this.#asking?.type) this.#takeResponse(this.#asking, id, content, now);
    else this.#host.context.count('bad-reply');
  }

  timeout(now: Millis): void {
    if (this.#rechallengeAt !== undefined && now >= this.#rechallengeAt) {
      this.#rechallengeAt = undefined;
      this.#untried = this.#methods;
      this.#tryNext(undefined, now);
      return;
    }
    const due = this.#repeater.timeout(now);
    // A repeated request keeps its Identifier. RFC 3748 §4.1
    if (due === 'again' && this.#request !== undefined) this.#emit(this.#request);
    if (due === 'exhausted') this.#fail('it does not answer', now);
  }

  nextTimeout(): Millis | undefined {
    return this.#rechallengeAt ?? this.#repeater.nextTimeout();
  }

  implied(): void {
    // Nothing but the right answer will do.
  }

  #takeIdentity(type: number, content: Uint8Array, now: Millis): void {
    if (type !== EapType.identity) {
      this.#host.context.count('bad-reply');
      return;
    }
    this.#identity = content;
    this.#untried = this.#methods;
    this.#tryNext(undefined, now);
  }

  /** The peer would rather have one of these methods. RFC 3748 §5.3.1 */
  #takeNak(wanted: Uint8Array, now: Millis): void {
    this.#tryNext(wanted, now);
  }

  /** Each method is put forward once. */
  #tryNext(wanted: Uint8Array | undefined, now: Millis): void {
    const candidates = this.#untried.map((make) => ({
      make,
      asking: make(this.#host, this.#identity ?? new Uint8Array(0)),
    }));
    const next = candidates.find(({ asking }) => wanted === undefined || wanted.includes(asking.type));
    if (next === undefined) {
      this.#conclude(EapCode.failure);
      this.#fail('it takes none of the methods of EAP that we want', now);
      return;
    }
    this.#untried = this.#untried.filter((make) => make !== next.make);
    this.#asking = next.asking;
    this.#ask(next.asking.type, next.asking.begin(this.#nextId()), now);
  }

  #takeResponse(asking: EapAsking, id: number, content: Uint8Array, now: Millis): void {
    const step = asking.take(id, content);
    switch (step.kind) {
      case 'malformed':
        this.#host.context.count('malformed');
        return;
      case 'ask':
        this.#ask(asking.type, step.data, now);
        return;
      case 'proved':
        this.#conclude(EapCode.success);
        this.#succeed(step, now);
        return;
      case 'refused':
        this.#conclude(EapCode.failure);
        this.#fail(step.why, now);
        return;
      default:
        assertNever(step);
    }
  }

  #succeed(proof: Proof, now: Millis): void {
    const { rechallengeMs } = this.#host.options;
    if (rechallengeMs > 0) this.#rechallengeAt = now + rechallengeMs;
    this.#host.succeeded(this, proof, now);
  }

  #fail(why: string, now: Millis): void {
    this.#repeater.stop();
    const identity = this.#identity === undefined ? '' : ` (its identity: ${quoted(this.#identity)})`;
    this.#host.failed(cause('peer-auth-failed', `${why}, by ${this.method}${identity}`), now);
  }

  /** Success and Failure bear the Identifier of the response that they answer. RFC 3748 §4.2 */
  #conclude(code: number): void {
    this.#repeater.stop();
    this.#verdict = { code, id: this.#request?.id ?? 0, data: new Uint8Array(0) };
    this.#request = undefined;
    this.#emit(this.#verdict);
  }

  #ask(type: number, data: Uint8Array, now: Millis): void {
    this.#lastId = this.#nextId();
    this.#request = { code: EapCode.request, id: this.#lastId, data: concatBytes([Uint8Array.of(type), data]) };
    this.#repeater.start(now);
    this.#emit(this.#request);
  }

  #nextId(): number {
    return (this.#lastId + 1) & 0xff;
  }

  #emit(packet: Packet): void {
    this.#host.context.emit({ type: 'send', protocol: Protocol.eap, packet: buildPacket(packet) });
  }
}
