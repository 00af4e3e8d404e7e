/** EAP as the one who is asked. RFC 3748 */
import { concatBytes, sameBytes } from '../../base/bytes.js';
import { cause } from '../../base/cause.js';
import type { Millis } from '../../base/clock.js';
import { assertNever } from '../../base/errors.js';
import { Protocol } from '../numbers.js';
import { buildPacket, type Packet } from '../packet.js';
import { printable } from '../printable.js';
import type { EapAnswering, Reaction } from './eap-answering.js';
import { EapCode, EapType } from './eap-packets.js';
import type { Exchange, ExchangeHost } from './exchange.js';
import { encodeText } from '../../base/text.js';

/** How many of our responses are kept. */
const keptResponses = 16;

type Ready = Extract<Reaction, { kind: 'answer' }>['ready'];

export class EapPeer implements Exchange {
  readonly role = 'peer';
  readonly protocol = Protocol.eap;
  readonly codes = [EapCode.request, EapCode.success, EapCode.failure];
  readonly #methods: readonly EapAnswering[];
  readonly #host: ExchangeHost;
  #method: EapAnswering | undefined;
  /** A request that comes again, however late, gets the same response. RFC 3748 §4.1 */
  #given: readonly { readonly request: Packet; readonly response: Packet }[] = [];
  /** The method is done with: a Success may come now. */
  #ready: Ready;
  #complaint: string | undefined;
  #authenticated = false;
  /** The authenticator repeats, we only wait: until then. */
  #deadline: Millis | undefined;

  constructor(methods: readonly EapAnswering[], host: ExchangeHost) {
    this.#methods = methods;
    this.#host = host;
  }

  get method(): string {
    return this.#method?.name ?? 'EAP';
  }

  up(now: Millis): void {
    this.#wait(now);
  }

  receive(packet: Packet, now: Millis): void {
    if (packet.code === EapCode.request) this.#receiveRequest(packet, now);
    else this.#receiveResult(packet, now);
  }

  timeout(now: Millis): void {
    if (this.#deadline === undefined || now < this.#deadline) return;
    this.#deadline = undefined;
    const why = this.#given.length === 0 ? 'asks nothing' : 'does not go on';
    if (!this.#authenticated) this.#host.failed(cause('auth-failed', `it asked for ${this.method}, but ${why}`), now);
  }

  nextTimeout(): Millis | undefined {
    return this.#deadline;
  }

  implied(now: Millis): void {
    if (this.#ready !== undefined) this.#succeed(this.#ready, now);
  }

  #receiveRequest({ code, id, data }: Packet, now: Millis): void {
    const type = data[0];
    if (type === undefined) {
      this.#host.context.count('malformed');
      return;
    }
    const before = this.#given.find(({ request }) => request.id === id && sameBytes(request.data, data));
    if (before !== undefined) {
      this.#emit(before.response);
      return;
    }
    const request = { code, id, data: data.slice() };
    const content = request.data.subarray(1);
    switch (type) {
      case EapType.identity:
        this.#ready = undefined;
        this.#complaint = undefined;
        this.#respond(request, type, encodeText(this.#host.options.user), now);
        return;
      case EapType.notification:
        this.#host.context.note('info', `the peer notifies: "${printable(content)}"`);
        this.#respond(request, type, new Uint8Array(0), now);
        return;
      default:
        this.#answer(request, type, content, now);
    }
  }

  #answer(request: Packet, type: number, content: Uint8Array, now: Millis): void {
    const method = this.#methods.find((candidate) => candidate.type === type);
    if (method === undefined) {
      // RFC 3748 §5.3.1: what we would rather have; 0 is nothing.
      const wanted = this.#methods.map((candidate) => candidate.type);
      this.#respond(request, EapType.nak, Uint8Array.from(wanted.length === 0 ? [0] : wanted), now);
      return;
    }
    this.#method = method;
    const reaction = method.take(request.id, content);
    switch (reaction.kind) {
      case 'malformed':
        this.#host.context.count('malformed');
        return;
      case 'reflected':
        this.#host.context.count('reflected-challenge');
        this.#host.context.note('warn', `${method.name}: the peer sends our own challenge back; it gets no answer`);
        return;
      case 'no-secret':
        this.#host.failed(cause('auth-no-secret', `${reaction.why}, by ${method.name}`), now);
        return;
      case 'disbelieved':
        this.#host.failed(cause('peer-auth-failed', `${reaction.why}, by ${method.name}`), now);
        return;
      case 'answer':
        this.#ready = reaction.ready;
        this.#complaint = reaction.complaint;
        this.#respond(request, type, reaction.data, now);
        return;
      default:
        assertNever(reaction);
    }
  }

  #receiveResult({ code, id }: Packet, now: Millis): void {
    // Some count the Identifier of the result on by one, as RFC 2284 was understood.
    const lastId = this.#given.at(-1)?.request.id;
    if (lastId === undefined || (id !== lastId && id !== ((lastId + 1) & 0xff))) {
      this.#host.context.count('wrong-id');
    } else if (code === EapCode.failure) {
      const why = this.#complaint === undefined ? '' : `: ${this.#complaint}`;
      this.#deadline = undefined;
      this.#host.failed(cause('auth-failed', `by ${this.method}${why}`), now);
    } else if (this.#ready === undefined) {
      this.#host.context.count('bad-reply'); // Success before the method is done, or once more
    } else this.#succeed(this.#ready, now);
  }

  #succeed({ name, keys }: NonNullable<Ready>, now: Millis): void {
    this.#ready = undefined;
    this.#deadline = undefined;
    this.#authenticated = true;
    this.#host.succeeded(this, { name, secret: undefined, keys }, now);
  }

  #respond(request: Packet, type: number, content: Uint8Array, now: Millis): void {
    const data = concatBytes([Uint8Array.of(type), content]);
    const response = { code: EapCode.response, id: request.id, data };
    this.#given = [...this.#given.slice(1 - keptResponses), { request, response }];
    this.#wait(now);
    this.#emit(response);
  }

  #wait(now: Millis): void {
    const { restartMs, maxConfigure } = this.#host.context.limits;
    this.#deadline = now + restartMs * maxConfigure;
  }

  #emit(packet: Packet): void {
    this.#host.context.emit({ type: 'send', protocol: Protocol.eap, packet: buildPacket(packet) });
  }
}
