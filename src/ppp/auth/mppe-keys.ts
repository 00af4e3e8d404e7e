/**
 * The keys that MPPE starts with, from the credentials of MS-CHAP (RFC 3079 §2) and MS-CHAPv2 (§3). What MPPE makes of them
 * (GetNewKeyFromSHA, fewer bits) is MPPE's own matter.
 */
import { sha1 } from '../../base/digest.js';
import { md4 } from '../../base/md4.js';
import { lmPasswordHash, ntPasswordHash } from './nt-hash.js';

/** By effective bits: 8 octets for 40 and 56, 16 octets for 128. */
export type MppeStartKeys = Readonly<Record<40 | 56 | 128, Uint8Array>>;

/** For what we send and for what we receive. */
export interface MppeKeys {
  readonly send: MppeStartKeys;
  readonly receive: MppeStartKeys;
}

/** RFC 3079 §2: one key for both directions; `challenge` is the authenticator's, of 8 octets. */
export function keysFromMsChap(password: Uint8Array, challenge: Uint8Array): MppeKeys {
  const short = lmPasswordHash(password).subarray(0, 8);
  const keys = { 40: short, 56: short, 128: getStartKey(challenge, md4(ntPasswordHash(password))) };
  return { send: keys, receive: keys };
}

/** RFC 3079 §3; the server is the authenticator. */
export function keysFromMsChapV2(
  password: Uint8Array,
  ntResponse: Uint8Array,
  role: 'authenticator' | 'peer',
): MppeKeys {
  const master = getMasterKey(md4(ntPasswordHash(password)), ntResponse);
  const keys = (isSend: boolean): MppeStartKeys => {
    const whole = getAsymmetricStartKey(master, isSend, role === 'authenticator');
    return { 40: whole.subarray(0, 8), 56: whole.subarray(0, 8), 128: whole };
  };
  return { send: keys(true), receive: keys(false) };
}

/** GetStartKey of RFC 3079 §2.4, for 128 bits. */
export function getStartKey(challenge: Uint8Array, passwordHashHash: Uint8Array): Uint8Array {
  return sha1(passwordHashHash, passwordHashHash, challenge).subarray(0, 16);
}

/** RFC 3079 §3.4 */
export function getMasterKey(passwordHashHash: Uint8Array, ntResponse: Uint8Array): Uint8Array {
  return sha1(passwordHashHash, ntResponse, magic1).subarray(0, 16);
}

/** RFC 3079 §3.4, of 16 octets; a shorter key is the beginning of it. */
export function getAsymmetricStartKey(master: Uint8Array, isSend: boolean, isServer: boolean): Uint8Array {
  return sha1(master, pad1, isSend === isServer ? magic3 : magic2, pad2).subarray(0, 16);
}

const pad1 = new Uint8Array(40);
const pad2 = new Uint8Array(40).fill(0xf2);
/** The "magic" constants are texts. */
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const magic1 = ascii('This is the MPPE Master Key');
const magic2 = ascii('On the client side, this is the send key; on the server side, it is the receive key.');
const magic3 = ascii('On the client side, this is the receive key; on the server side, it is the send key.');
