/** The methods of EAP as the one who is asked: what is answered to a request. */
import { buildValueAndName, md5Algorithm, parseValueAndName, type Algorithm, type Answer } from './algorithm.js';
import { buildMsPacket, EapType, MsOp, parseMsPacket } from './eap-packets.js';
import type { ExchangeHost, ProvedKeys } from './exchange.js';
import { msChapV2 } from './ms-chap-v2.js';
import { quoted, secretFor } from './secrets.js';
import { encodeText } from '../../base/text.js';

/** What comes of a request. */
export type Reaction =
  | {
      readonly kind: 'answer';
      readonly data: Uint8Array;
      /** Whether a Success of EAP may follow, and what we know of the authenticator then. */
      readonly ready: { readonly name: Uint8Array; readonly keys: ProvedKeys | undefined } | undefined;
      /** What the authenticator has against us, in words. */
      readonly complaint?: string;
    }
  | { readonly kind: 'no-secret'; readonly why: string }
  /** The authenticator can't prove that it has the secret. */
  | { readonly kind: 'disbelieved'; readonly why: string }
  | { readonly kind: 'reflected' }
  | { readonly kind: 'malformed' };

export interface EapAnswering {
  readonly type: number;
  /** For people. */
  readonly name: string;
  /** A request, whose Identifier of EAP is `id`. */
  take(id: number, data: Uint8Array): Reaction;
}

/** RFC 3748 §5.4 */
export class Md5Answering implements EapAnswering {
  readonly type = EapType.md5;
  readonly name = 'EAP with MD5';
  readonly #host: ExchangeHost;

  constructor(host: ExchangeHost) {
    this.#host = host;
  }

  take(id: number, data: Uint8Array): Reaction {
    const given = answer(
      this.#host,
      md5Algorithm(() => undefined),
      id,
      data,
    );
    if (given.kind !== 'given') return given;
    return { kind: 'answer', data: given.data, ready: { name: given.authenticator, keys: undefined } };
  }
}

export class MsChapV2Answering implements EapAnswering {
  readonly type = EapType.msChapV2;
  readonly name = 'EAP with MSCHAPv2';
  readonly #host: ExchangeHost;
  #given: Given | undefined;

  constructor(host: ExchangeHost) {
    this.#host = host;
  }

  take(_id: number, bytes: Uint8Array): Reaction {
    const packet = parseMsPacket(bytes);
    switch (packet?.op) {
      case MsOp.challenge: {
        const given = answer(this.#host, msChapV2, packet.id, packet.data);
        if (given.kind !== 'given') return given;
        this.#given = given;
        return {
          kind: 'answer',
          data: buildMsPacket({ op: MsOp.response, ...given, id: packet.id }),
          ready: undefined,
        };
      }
      case MsOp.success: {
        if (this.#given === undefined) return { kind: 'malformed' };
        const { answer: ours, authenticator, challenge } = this.#given;
        if (!ours.confirms(packet.data)) {
          return { kind: 'disbelieved', why: `${quoted(authenticator)} does not prove to have the secret` };
        }
        const keys = ours.keys && { challenge, keys: ours.keys };
        return { kind: 'answer', data: Uint8Array.of(MsOp.success), ready: { name: authenticator, keys } };
      }
      case MsOp.failure: {
        const complaint = msChapV2.explain(packet.data);
        const data = Uint8Array.of(MsOp.failure);
        return { kind: 'answer', data, ready: undefined, ...(complaint !== undefined && { complaint }) };
      }
      default:
        return { kind: 'malformed' };
    }
  }
}

interface Given {
  readonly kind: 'given';
  readonly data: Uint8Array;
  readonly answer: Answer;
  readonly authenticator: Uint8Array;
  readonly challenge: Uint8Array;
}

function answer(
  { context, challenges, options }: ExchangeHost,
  algorithm: Algorithm,
  id: number,
  data: Uint8Array,
): Given | Extract<Reaction, { kind: 'no-secret' | 'reflected' | 'malformed' }> {
  const parsed = parseValueAndName(data);
  if (parsed === undefined || !algorithm.accepts(parsed.value)) return { kind: 'malformed' };
  const { value: challenge, name: authenticator } = parsed;
  if (challenges.isOurs(challenge)) return { kind: 'reflected' };
  const secret = secretFor(authenticator, options.remoteName, options.ours.chap);
  if (secret === undefined) return { kind: 'no-secret', why: `none for ${quoted(authenticator)}` };
  const name = encodeText(options.user);
  const given = algorithm.answer({ id, challenge, name, secret: secret.secret }, () => context.random());
  challenges.gave(algorithm.proofIn(given.value));
  const response = buildValueAndName({ value: given.value, name });
  return { kind: 'given', data: response, answer: given, authenticator, challenge };
}
