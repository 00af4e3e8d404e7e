/** Octets into telnet: data with IAC doubled (RFC 854), commands, subnegotiations (RFC 855). */
import { Command } from './numbers.js';

export type Verb = 'will' | 'wont' | 'do' | 'dont';

/** Writes data into `into` from `at` on, and gives the end: at most twice the length further. */
export function escapeData(from: Uint8Array, offset: number, length: number, into: Uint8Array, at: number): number {
  let end = at;
  for (let i = offset; i < offset + length; i++) {
    const octet = from[i] ?? 0;
    into[end++] = octet;
    if (octet === Command.iac) into[end++] = Command.iac;
  }
  return end;
}

export function optionCommand(verb: Verb, option: number): Uint8Array {
  return Uint8Array.of(Command.iac, Command[verb], option);
}

export function subnegotiation(option: number, content: Uint8Array): Uint8Array {
  const octets = new Uint8Array(2 * content.length + 5);
  octets.set([Command.iac, Command.sb, option]);
  const end = escapeData(content, 0, content.length, octets, 3);
  octets.set([Command.iac, Command.se], end);
  return octets.subarray(0, end + 2);
}
