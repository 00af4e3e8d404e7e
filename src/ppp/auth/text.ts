/** Names and passwords: octets on the wire, text in the config and for people. */

/** UTF-8 where it is that, else each octet is the character of its number. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return String.fromCharCode(...bytes);
  }
}

export function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** `DOMAIN\user` without the domain. RFC 2759 §8.2 */
export function withoutDomain(name: Uint8Array): Uint8Array {
  return name.subarray(name.lastIndexOf(0x5c) + 1);
}
