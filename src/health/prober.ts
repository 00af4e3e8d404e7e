/**
 * Asks the hosts behind a link, and knows their answers: ICMP echo through the link itself.
 *
 * The requests are put into the link's own queue and the replies taken out of what the line brings, before the kernel sees
 * them, since linkd holds both ends of that way. An ICMP socket bound to the TUN would need more than linkd has: with
 * CAP_NET_ADMIN alone a raw socket is refused, a ping socket depends on net.ipv4.ping_group_range (which admits nobody by
 * default), and ping(8) can't even be executed, because its file asks for CAP_NET_RAW. It would also be misled: once a
 * failure has moved the routes elsewhere, a strict rp_filter drops the replies that come in by the link, and it would
 * never be found healthy again. The price is that a fault of this machine's own routing or firewall goes unnoticed; it
 * isn't the link's.
 */
import { putU32 } from '../base/bytes.js';
import type { Ip4 } from '../base/ip.js';
import { makeEchoRequest, readEchoReply, sameToken, TOKEN_LENGTH } from './echo.js';

/** What the monitor asks through. */
export interface Prober {
  /** From now on, answers are called back: from whom, and to which `sequence`. `local` is our address on the link. */
  start(local: Ip4, answered: (host: Ip4, sequence: number) => void): void;
  /** Sends one request; whether an answer comes is seen when it comes. Nothing happens unless started. */
  probe(host: Ip4, sequence: number): void;
  stop(): void;
}

export class EchoProber implements Prober {
  readonly #send: (packet: Uint8Array) => void;
  readonly #identifier: number;
  readonly #token = new Uint8Array(TOKEN_LENGTH);
  #session: { readonly local: Ip4; readonly answered: (host: Ip4, sequence: number) => void } | undefined;

  /**
   * @param send puts an IP packet into the link's queue, and has what answers it (`answersProbe`) given to `receive`.
   * @param random unsigned 32-bit numbers: what makes our packets ours, so that neither another program's ping nor
   * somebody's guess is taken for an answer.
   */
  constructor(send: (packet: Uint8Array) => void, random: () => number) {
    this.#send = send;
    this.#identifier = random() & 0xffff;
    putU32(this.#token, 0, random());
    putU32(this.#token, 4, random());
  }

  start(local: Ip4, answered: (host: Ip4, sequence: number) => void): void {
    this.#session = { local, answered };
  }

  probe(host: Ip4, sequence: number): void {
    if (this.#session === undefined) return;
    this.#send(
      makeEchoRequest({
        source: this.#session.local,
        destination: host,
        identifier: this.#identifier,
        sequence,
        token: this.#token,
      }),
    );
  }

  /** A packet that came by the link. What is no answer to us is ignored. */
  receive(packet: Uint8Array): void {
    const reply = readEchoReply(packet);
    if (reply === undefined || !sameToken(reply, { identifier: this.#identifier, token: this.#token })) return;
    if (reply.destination === this.#session?.local) this.#session.answered(reply.source, reply.sequence);
  }

  stop(): void {
    this.#session = undefined;
  }
}
