/** The Password Authentication Protocol, both roles. RFC 1334 §2. The password goes over the line as it is. */
import { concatBytes } from '../../base/bytes.js';
import { cause } from '../../base/cause.js';
import type { Millis } from '../../base/clock.js';
import { equalInConstantTime } from '../../base/digest.js';
import { Protocol } from '../numbers.js';
import { buildPacket, type Packet } from '../packet.js';
import { printable } from '../printable.js';
import { plainRefusal, plainWelcome } from './algorithm.js';
import { Repeater, type Exchange, type ExchangeHost } from './exchange.js';
import { quoted, secretFor, secretForUnnamed } from './secrets.js';
import { encodeText } from '../../base/text.js';

const PapCode = { request: 1, ack: 2, nak: 3 } as const;
/** A length is one octet. */
const longest = 255;

export class PapPeer implements Exchange {
  readonly role = 'peer';
  readonly protocol = Protocol.pap;
  readonly codes = [PapCode.ack, PapCode.nak];
  readonly method = 'PAP';
  readonly #host: ExchangeHost;
  readonly #repeater: Repeater;
  #firstId = 0;
  #sent = 0;
  #settled = false;

  constructor(host: ExchangeHost) {
    this.#host = host;
    this.#repeater = new Repeater(host.context.limits);
  }

  up(now: Millis): void {
    this.#firstId = this.#host.context.random() >>> 24;
    this.#repeater.start(now);
    this.#send(now);
  }

  /** RFC 1334 §2.2.2 */
  receive({ code, id, data }: Packet, now: Millis): void {
    if (this.#settled || ((id - this.#firstId) & 0xff) >= this.#sent) {
      this.#host.context.count('wrong-id');
      return;
    }
    this.#settled = true;
    this.#repeater.stop();
    if (code === PapCode.ack) {
      this.#host.succeeded(this, { name: new Uint8Array(0), secret: undefined, keys: undefined }, now);
      return;
    }
    const message = printable(data.subarray(1, 1 + (data[0] ?? 0)));
    this.#host.failed(cause('auth-failed', message === '' ? 'by PAP' : `by PAP: "${message}"`), now);
  }

  timeout(now: Millis): void {
    const due = this.#repeater.timeout(now);
    if (due === 'again') this.#send(now);
    if (due === 'exhausted') this.#host.failed(cause('auth-failed', 'it asked for PAP, but does not answer'), now);
  }

  nextTimeout(): Millis | undefined {
    return this.#repeater.nextTimeout();
  }

  implied(): void {
    // The request is repeated until its answer comes.
  }

  /** The Identifier changes with each request. RFC 1334 §2.2.1 */
  #send(now: Millis): void {
    const { context, options } = this.#host;
    const secret = secretForUnnamed(options.remoteName, options.ours.pap)?.secret;
    const name = encodeText(options.user);
    if (secret === undefined || secret.length > longest || name.length > longest) {
      const why = secret === undefined ? 'for PAP' : 'that is short enough for PAP';
      this.#repeater.stop();
      this.#host.failed(cause('auth-no-secret', `none ${why}`), now);
      return;
    }
    const id = (this.#firstId + this.#sent++) & 0xff;
    const data = concatBytes([Uint8Array.of(name.length), name, Uint8Array.of(secret.length), secret]);
    context.emit({ type: 'send', protocol: Protocol.pap, packet: buildPacket({ code: PapCode.request, id, data }) });
  }
}

export class PapAuthenticator implements Exchange {
  readonly role = 'authenticator';
  readonly protocol = Protocol.pap;
  readonly codes = [PapCode.request];
  readonly method = 'PAP';
  readonly #host: ExchangeHost;
  readonly #repeater: Repeater;
  #verdict: Omit<Packet, 'id'> | undefined;

  constructor(host: ExchangeHost) {
    this.#host = host;
    this.#repeater = new Repeater(host.context.limits);
  }

  up(now: Millis): void {
    this.#repeater.start(now);
  }

  /** Once judged, whatever comes gets the same answer, lest other passwords can be tried. RFC 1334 §2.2.1 */
  receive({ id, data }: Packet, now: Millis): void {
    if (this.#verdict !== undefined) {
      this.#reply(id, this.#verdict);
      return;
    }
    const request = parseRequest(data);
    if (request === undefined) {
      this.#host.context.count('malformed');
      return;
    }
    this.#repeater.stop();
    const { options } = this.#host;
    const { name, password } = request;
    const secret = secretFor(name, options.remoteName, options.theirs.pap);
    const right = secret !== undefined && equalInConstantTime(secret.secret, password);
    const message = right ? plainWelcome : plainRefusal;
    const verdict = {
      code: right ? PapCode.ack : PapCode.nak,
      data: concatBytes([Uint8Array.of(message.length), message]),
    };
    this.#verdict = verdict;
    this.#reply(id, verdict);
    if (right) {
      this.#host.succeeded(this, { name, secret, keys: undefined }, now);
      return;
    }
    const why = secret === undefined ? 'there is no secret for' : 'a wrong password of';
    this.#host.failed(cause('peer-auth-failed', `${why} ${quoted(name)}, by PAP`), now);
  }

  timeout(now: Millis): void {
    if (this.#repeater.timeout(now) === 'exhausted')
      this.#host.failed(cause('peer-auth-failed', 'it sends no password by PAP'), now);
  }

  nextTimeout(): Millis | undefined {
    return this.#repeater.nextTimeout();
  }

  implied(): void {
    // Nothing but the right password will do.
  }

  #reply(id: number, verdict: Omit<Packet, 'id'>): void {
    this.#host.context.emit({ type: 'send', protocol: Protocol.pap, packet: buildPacket({ id, ...verdict }) });
  }
}

/** Copies. RFC 1334 §2.2.1 */
function parseRequest(data: Uint8Array): { readonly name: Uint8Array; readonly password: Uint8Array } | undefined {
  const nameLength = data[0] ?? 0;
  const passwordLength = data[1 + nameLength];
  if (passwordLength === undefined) return undefined;
  const passwordAt = 2 + nameLength;
  if (data.length < passwordAt + passwordLength) return undefined;
  return { name: data.slice(1, 1 + nameLength), password: data.slice(passwordAt, passwordAt + passwordLength) };
}
