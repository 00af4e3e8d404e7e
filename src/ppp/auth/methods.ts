/** The methods of authentication: what LCP calls them (option 3), and who carries them out. RFC 1661 §6.2 */
import { putU16, sameBytes } from '../../base/bytes.js';
import { Protocol } from '../numbers.js';
import { md5Algorithm, type Algorithm } from './algorithm.js';
import { ChapAuthenticator } from './chap-authenticator.js';
import { ChapPeer } from './chap-peer.js';
import { Md5Answering, MsChapV2Answering, type EapAnswering } from './eap-answering.js';
import { Md5Asking, MsChapV2Asking } from './eap-asking.js';
import { EapAuthenticator, type AskingMaker } from './eap-authenticator.js';
import { EapPeer } from './eap-peer.js';
import type { Exchange, ExchangeHost } from './exchange.js';
import { msChapV2 } from './ms-chap-v2.js';
import { msChap } from './ms-chap.js';
import type { AuthMethod } from './options.js';
import { PapAuthenticator, PapPeer } from './pap.js';
import { printable } from '../printable.js';

/** What carries a method, as LCP negotiates it: the methods of EAP are chosen within EAP. */
type Carrier = 'pap' | 'chap' | 'mschap' | 'mschap-v2' | 'eap';

const carriers: Readonly<Record<Carrier, { readonly protocol: number; readonly algorithm?: number }>> = {
  pap: { protocol: Protocol.pap },
  chap: { protocol: Protocol.chap, algorithm: 0x05 },
  mschap: { protocol: Protocol.chap, algorithm: 0x80 },
  'mschap-v2': { protocol: Protocol.chap, algorithm: 0x81 },
  eap: { protocol: Protocol.eap },
};

/** The values of LCP's option 3 that stand for these methods, each once, in order. */
export function authenticationOptions(methods: readonly AuthMethod[]): readonly Uint8Array[] {
  return [...new Set(methods.map(carrierOf))].map(encode);
}

/** Whoever asks the peer in the way that LCP has agreed on; undefined: linkd does not know it. */
export function makeAuthenticator(value: Uint8Array, host: ExchangeHost): Exchange | undefined {
  const carrier = carrierOfValue(value);
  if (carrier === undefined) return undefined;
  if (carrier === 'pap') return new PapAuthenticator(host);
  if (carrier === 'eap') return new EapAuthenticator(host.options.require.flatMap(askingOf), host);
  return new ChapAuthenticator(algorithmOf(carrier), host);
}

/** Whoever answers the peer in the way that LCP has agreed on; undefined: linkd does not know it. */
export function makePeer(value: Uint8Array, host: ExchangeHost): Exchange | undefined {
  const carrier = carrierOfValue(value);
  if (carrier === undefined) return undefined;
  if (carrier === 'pap') return new PapPeer(host);
  if (carrier === 'eap')
    return new EapPeer(
      host.options.accept.flatMap((method) => answeringOf(method, host)),
      host,
    );
  return new ChapPeer(algorithmOf(carrier), host);
}

function algorithmOf(carrier: 'chap' | 'mschap' | 'mschap-v2'): Algorithm {
  switch (carrier) {
    case 'chap':
      return md5Algorithm((message) => (message.length === 0 ? undefined : `"${printable(message)}"`));
    case 'mschap':
      return msChap;
    case 'mschap-v2':
      return msChapV2;
  }
}

function askingOf(method: AuthMethod): readonly AskingMaker[] {
  if (method === 'eap-md5') return [(host, identity) => new Md5Asking(host, identity)];
  return method === 'eap-mschap-v2' ? [(host) => new MsChapV2Asking(host)] : [];
}

function answeringOf(method: AuthMethod, host: ExchangeHost): readonly EapAnswering[] {
  if (method === 'eap-md5') return [new Md5Answering(host)];
  return method === 'eap-mschap-v2' ? [new MsChapV2Answering(host)] : [];
}

function carrierOf(method: AuthMethod): Carrier {
  return method === 'eap-md5' || method === 'eap-mschap-v2' ? 'eap' : method;
}

function carrierOfValue(value: Uint8Array): Carrier | undefined {
  return carrierNames.find((carrier) => sameBytes(encode(carrier), value));
}

const carrierNames = ['pap', 'chap', 'mschap', 'mschap-v2', 'eap'] as const;

function encode(carrier: Carrier): Uint8Array {
  const { protocol, algorithm } = carriers[carrier];
  const value = new Uint8Array(algorithm === undefined ? 2 : 3);
  putU16(value, 0, protocol);
  if (algorithm !== undefined) value[2] = algorithm;
  return value;
}
