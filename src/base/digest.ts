/** The digests and ciphers of authentication: what is computed from its arguments alone, and so may be used by pure rooms. */
import { createCipheriv, createHash, timingSafeEqual } from 'node:crypto';

export function md5(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('md5', parts);
}

export function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha1', parts);
}

/**
 * DES of one block of 8 octets under a key of 8. OpenSSL 3 has single DES no more; triple DES, which encrypts, decrypts and
 * encrypts, is the same when its three keys are equal.
 */
export function desEncrypt(key: Uint8Array, block: Uint8Array): Uint8Array {
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null).setAutoPadding(false);
  return new Uint8Array(Buffer.concat([cipher.update(block), cipher.final()]));
}

/** Whether two secrets are the same, in a time that tells nothing of where they differ; lengths are no secret. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function digest(algorithm: string, parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
