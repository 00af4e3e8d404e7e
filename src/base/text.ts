/** Names and passwords: octets on the wire and in files, text in the config and for people. */

/** UTF-8 where it is that, else each octet is the character of its number. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (octet) => String.fromCharCode(octet)).join('');
  }
}

export function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
