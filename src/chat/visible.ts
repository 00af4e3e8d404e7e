/** How octets are shown to people. */
import { printable } from '../base/printable.js';
import { decodeText } from '../base/text.js';
import { fromOctets, type Octets } from './script.js';

/** `ATZ^M`, as chat's log has it; beyond ASCII, UTF-8 as it is. */
export function visible(octets: Octets): string {
  return printable(Array.from(decodeText(fromOctets(octets)), show).join(''));
}

function show(character: string): string {
  const isControl = character < ' ' || character === '\x7f';
  return isControl ? `^${String.fromCharCode(character.charCodeAt(0) ^ 0x40)}` : character;
}
