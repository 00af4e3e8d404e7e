/** Text that the peer sent, made fit for a log or a terminal: printable ASCII only, and bounded. */

const maxLength = 128;

/** Other octets become dots; blanks at the ends go; what is too long is cut and ends in `…`. */
export function printable(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes.subarray(0, maxLength))
    text += byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : '.';
  return bytes.length > maxLength ? `${text}…` : text.trim();
}
