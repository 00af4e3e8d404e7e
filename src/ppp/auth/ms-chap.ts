/** MS-CHAP, version 1. RFC 2433. Only the Windows NT response: that of LAN Manager gives the password away. */
import { equalInConstantTime } from '../../base/digest.js';
import { plainWelcome, type Algorithm, type Question } from './algorithm.js';
import { keysFromMsChap } from './mppe-keys.js';
import { explainMsFailure, msRefusal } from './ms-messages.js';
import { challengeResponse, ntPasswordHash } from './nt-hash.js';

const challengeLength = 8;
/** The response: LAN Manager's, Windows NT's, and which of them counts. RFC 2433 §6 */
const ntAt = 24;
const useNtAt = 48;
const responseLength = 49;

export const msChap: Algorithm = {
  name: 'MS-CHAP',
  challengeLength,
  accepts: (challenge) => challenge.length === challengeLength,
  answer(question) {
    const value = new Uint8Array(responseLength);
    value.set(ntResponse(question), ntAt);
    value[useNtAt] = 1;
    return { value, confirms: () => true, keys: keysFromMsChap(question.secret, question.challenge) };
  },
  proofIn: (value) => value.subarray(ntAt, useNtAt),
  approve(question, value) {
    if (value.length !== responseLength || value[useNtAt] !== 1) return undefined;
    if (!equalInConstantTime(ntResponse(question), value.subarray(ntAt, useNtAt))) return undefined;
    return { message: plainWelcome, keys: keysFromMsChap(question.secret, question.challenge) };
  },
  refusal: (challenge) => msRefusal(challenge, 2),
  explain: explainMsFailure,
};

function ntResponse({ secret, challenge }: Question): Uint8Array {
  return challengeResponse(challenge, ntPasswordHash(secret));
}
