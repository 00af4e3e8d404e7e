/** What MS-CHAP makes of a password: hashes and the answer to a challenge. RFC 2433 Appendix A, RFC 2759 §8 */
import { concatBytes } from '../../base/bytes.js';
import { desEncrypt } from '../../base/digest.js';
import { md4 } from '../../base/md4.js';
import { decodeText } from '../../base/text.js';

/** LAN Manager's passwords are no longer than this; what is beyond does not count. */
const lmPasswordLength = 14;
const lmConstant = new TextEncoder().encode('KGS!@#$%');

/** RFC 2759 §8.3: MD4 of the password in little-endian UTF-16. */
export function ntPasswordHash(password: Uint8Array): Uint8Array {
  const text = decodeText(password);
  const unicode = new DataView(new ArrayBuffer(2 * text.length));
  for (let i = 0; i < text.length; i++) unicode.setUint16(2 * i, text.charCodeAt(i), true);
  return md4(new Uint8Array(unicode.buffer));
}

/** RFC 2433 §A.2 (LmPasswordHash): a constant, encrypted under the two halves of the password in capitals. */
export function lmPasswordHash(password: Uint8Array): Uint8Array {
  const padded = new Uint8Array(lmPasswordLength);
  padded.set(password.subarray(0, lmPasswordLength).map((octet) => (isLower(octet) ? octet - 0x20 : octet)));
  return concatBytes([0, 7].map((at) => desEncrypt(desKey(padded.subarray(at, at + 7)), lmConstant)));
}

/** RFC 2759 §8.5: 24 octets from a challenge of 8 and a hash of 16. */
export function challengeResponse(challenge: Uint8Array, hash: Uint8Array): Uint8Array {
  const padded = new Uint8Array(21);
  padded.set(hash);
  return concatBytes([0, 7, 14].map((at) => desEncrypt(desKey(padded.subarray(at, at + 7)), challenge)));
}

/** 56 bits spread over the upper 7 bits of 8 octets; DES ignores the lowest, the parity. RFC 2759 §9.3 */
function desKey(bits: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, i) => {
    const pair = ((bits[i - 1] ?? 0) << 8) | (bits[i] ?? 0);
    return (pair >>> i) & 0xfe;
  });
}

function isLower(octet: number): boolean {
  return octet >= 0x61 && octet <= 0x7a;
}
