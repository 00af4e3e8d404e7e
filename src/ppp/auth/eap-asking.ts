/** The methods of EAP as the one who asks: what a request carries, and what comes of a response. */
import { buildValueAndName, md5Algorithm, parseValueAndName, type Algorithm, type Approval } from './algorithm.js';
import { buildMsPacket, EapType, MsOp, parseMsPacket } from './eap-packets.js';
import type { ExchangeHost, ProvedKeys } from './exchange.js';
import { msChapV2 } from './ms-chap-v2.js';
import type { NamedSecret } from './options.js';
import { quoted, secretFor } from './secrets.js';
import { encodeText } from '../../base/text.js';

/** What comes of a response. */
export type Step =
  /** The next request's data. */
  | { readonly kind: 'ask'; readonly data: Uint8Array }
  | {
      readonly kind: 'proved';
      readonly name: Uint8Array;
      readonly secret: NamedSecret;
      readonly keys: ProvedKeys | undefined;
    }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'malformed' };

/** One run of one method. `id` is EAP's own Identifier of the request. */
export interface EapAsking {
  readonly type: number;
  /** For people. */
  readonly name: string;
  begin(id: number): Uint8Array;
  /** The peer's response to the request of this Identifier. */
  take(id: number, data: Uint8Array): Step;
}

const malformed: Step = { kind: 'malformed' };

/** RFC 3748 §5.4 */
export class Md5Asking implements EapAsking {
  readonly type = EapType.md5;
  readonly name = 'EAP with MD5';
  readonly #host: ExchangeHost;
  readonly #identity: Uint8Array;
  readonly #algorithm = md5Algorithm(() => undefined);
  #challenge: Uint8Array = new Uint8Array(0);

  constructor(host: ExchangeHost, identity: Uint8Array) {
    this.#host = host;
    this.#identity = identity;
  }

  begin(): Uint8Array {
    this.#challenge = this.#host.challenges.draw(this.#algorithm.challengeLength);
    return buildValueAndName({ value: this.#challenge, name: encodeText(this.#host.options.name) });
  }

  take(id: number, data: Uint8Array): Step {
    const response = parseValueAndName(data);
    if (response === undefined) return malformed;
    const judged = judge(this.#host, this.#algorithm, this.#identity, id, this.#challenge, response.value);
    if (judged.kind === 'refused') return judged;
    return { kind: 'proved', name: this.#identity, secret: judged.secret, keys: undefined };
  }
}

/** The Response is answered by Success or Failure as further requests, which the peer acknowledges. */
export class MsChapV2Asking implements EapAsking {
  readonly type = EapType.msChapV2;
  readonly name = 'EAP with MSCHAPv2';
  readonly #host: ExchangeHost;
  #msId = 0;
  #challenge: Uint8Array = new Uint8Array(0);
  /** What holds once the peer has acknowledged our Success or Failure. */
  #outcome: Extract<Step, { kind: 'proved' | 'refused' }> | undefined;

  constructor(host: ExchangeHost) {
    this.#host = host;
  }

  begin(id: number): Uint8Array {
    this.#msId = id;
    this.#outcome = undefined;
    this.#challenge = this.#host.challenges.draw(msChapV2.challengeLength);
    const data = buildValueAndName({ value: this.#challenge, name: encodeText(this.#host.options.name) });
    return buildMsPacket({ op: MsOp.challenge, id, data });
  }

  take(_id: number, bytes: Uint8Array): Step {
    const packet = parseMsPacket(bytes);
    if (packet === undefined) return malformed;
    if (this.#outcome !== undefined) {
      const awaited = this.#outcome.kind === 'proved' ? MsOp.success : MsOp.failure;
      // A peer to whom our own proof does not look right says Failure.
      if (packet.op === MsOp.failure && this.#outcome.kind === 'proved')
        return { kind: 'refused', why: `${quoted(this.#outcome.name)} does not believe us to have the secret` };
      return packet.op === awaited ? this.#outcome : malformed;
    }
    const response = packet.op === MsOp.response ? parseValueAndName(packet.data) : undefined;
    if (response === undefined || packet.id !== this.#msId) return malformed;
    const { value, name } = response;
    const judged = judge(this.#host, msChapV2, name, this.#msId, this.#challenge, value);
    const [op, data] =
      judged.kind === 'refused'
        ? ([MsOp.failure, msChapV2.refusal(this.#challenge)] as const)
        : ([MsOp.success, judged.approval.message] as const);
    this.#outcome = judged.kind === 'refused' ? judged : this.#proved(name, judged);
    return { kind: 'ask', data: buildMsPacket({ op, id: this.#msId, data }) };
  }

  #proved(name: Uint8Array, { approval, secret }: Approved): Extract<Step, { kind: 'proved' }> {
    const keys = approval.keys && { challenge: this.#challenge, keys: approval.keys };
    return { kind: 'proved', name, secret, keys };
  }
}

interface Approved {
  readonly kind: 'approved';
  readonly secret: NamedSecret;
  readonly approval: Approval;
}

function judge(
  { options, challenges }: ExchangeHost,
  algorithm: Algorithm,
  name: Uint8Array,
  id: number,
  challenge: Uint8Array,
  value: Uint8Array,
): Approved | Extract<Step, { kind: 'refused' }> {
  const secret = secretFor(name, options.remoteName, options.theirs.chap);
  if (secret === undefined) return { kind: 'refused', why: `there is no secret for ${quoted(name)}` };
  if (challenges.isOurAnswer(algorithm.proofIn(value)))
    return { kind: 'refused', why: `our own answer from ${quoted(name)}` };
  const approval = algorithm.approve({ id, challenge, name, secret: secret.secret }, value);
  if (approval === undefined) return { kind: 'refused', why: `a wrong answer of ${quoted(name)}` };
  return { kind: 'approved', secret, approval };
}
