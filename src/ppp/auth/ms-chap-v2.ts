/** MS-CHAP, version 2. RFC 2759. Both ends prove that they have the secret: the authenticator by its Success. */
import { formatHex } from '../../base/bytes.js';
import { equalInConstantTime, sha1 } from '../../base/digest.js';
import { md4 } from '../../base/md4.js';
import type { Algorithm, Question } from './algorithm.js';
import { randomBytes } from './exchange.js';
import { keysFromMsChapV2 } from './mppe-keys.js';
import { explainMsFailure, msRefusal } from './ms-messages.js';
import { challengeResponse, ntPasswordHash } from './nt-hash.js';
import { encodeText } from '../../base/text.js';

const challengeLength = 16;
/** The response: the peer's own challenge, 8 octets of zero, the NT-Response, and flags, which are zero. RFC 2759 §4 */
const ntAt = 24;
const flagsAt = 48;
const responseLength = 49;
/** `S=` and 40 digits. */
const proofLength = 42;

export const msChapV2: Algorithm = {
  name: 'MS-CHAPv2',
  challengeLength,
  accepts: (challenge) => challenge.length === challengeLength,
  answer(question, random) {
    const peerChallenge = randomBytes(challengeLength, random);
    const nt = ntResponse(question, peerChallenge);
    const value = new Uint8Array(responseLength);
    value.set(peerChallenge);
    value.set(nt, ntAt);
    const proof = authenticatorResponse(question, peerChallenge, nt);
    return {
      value,
      // RFC 2759 §5: "S=", 40 digits, and maybe a message behind them.
      confirms: (message) => equalInConstantTime(proof, upperCase(message.subarray(0, proofLength))),
      keys: keysFromMsChapV2(question.secret, nt, 'peer'),
    };
  },
  proofIn: (value) => value.subarray(ntAt, flagsAt),
  approve(question, value) {
    if (value.length !== responseLength) return undefined;
    const peerChallenge = value.subarray(0, challengeLength);
    const nt = ntResponse(question, peerChallenge);
    if (!equalInConstantTime(nt, value.subarray(ntAt, flagsAt))) return undefined;
    const proof = authenticatorResponse(question, peerChallenge, nt);
    // Windows 98 takes no message here, and shows itself by a flag that must be zero.
    const words = value[flagsAt] === 0 ? encodeText(' M=Welcome') : new Uint8Array(0);
    const message = new Uint8Array(proofLength + words.length);
    message.set(proof);
    message.set(words, proofLength);
    return { message, keys: keysFromMsChapV2(question.secret, nt, 'authenticator') };
  },
  refusal: (challenge) => msRefusal(challenge, 3),
  explain: explainMsFailure,
};

/** GenerateNTResponse. RFC 2759 §8.1 */
export function ntResponse(question: Question, peerChallenge: Uint8Array): Uint8Array {
  return challengeResponse(challengeHash(question, peerChallenge), ntPasswordHash(question.secret));
}

/** ChallengeHash. RFC 2759 §8.2 */
export function challengeHash({ challenge, name }: Question, peerChallenge: Uint8Array): Uint8Array {
  return sha1(peerChallenge, challenge, withoutDomain(name)).subarray(0, 8);
}

/** GenerateAuthenticatorResponse: `S=` and 40 digits. RFC 2759 §8.7 */
export function authenticatorResponse(question: Question, peerChallenge: Uint8Array, nt: Uint8Array): Uint8Array {
  const digest = sha1(md4(ntPasswordHash(question.secret)), nt, magic1);
  return encodeText(`S=${formatHex(sha1(digest, challengeHash(question, peerChallenge), magic2), '').toUpperCase()}`);
}

/** The "magic" constants are texts. RFC 2759 §8.7 */
const magic1 = encodeText('Magic server to client signing constant');
const magic2 = encodeText('Pad to make it do more than one iteration');

function upperCase(text: Uint8Array): Uint8Array {
  return text.map((octet) => (octet >= 0x61 && octet <= 0x7a ? octet - 0x20 : octet));
}

/** `DOMAIN\user` without the domain. RFC 2759 §8.2 */
function withoutDomain(name: Uint8Array): Uint8Array {
  return name.subarray(name.lastIndexOf(0x5c) + 1);
}
