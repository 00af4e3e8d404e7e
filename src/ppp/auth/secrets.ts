/** Finds the secret that is shared with the other end. */
import { printable } from '../printable.js';
import type { NamedSecret } from './options.js';
import { decodeText } from '../../base/text.js';

/** The secret for the other end: one that names it goes before one for everybody. */
export function secretFor(
  name: Uint8Array,
  remoteName: string | undefined,
  secrets: readonly NamedSecret[],
): NamedSecret | undefined {
  const known = remoteName ?? decodeText(name);
  return secrets.find((entry) => entry.name === known) ?? secrets.find((entry) => entry.name === undefined);
}

/** The secret where the protocol does not tell the other end's name: the first will do where no name is known. */
export function secretForUnnamed(
  remoteName: string | undefined,
  secrets: readonly NamedSecret[],
): NamedSecret | undefined {
  return remoteName === undefined ? secrets[0] : secretFor(new Uint8Array(0), remoteName, secrets);
}

/** `"branch"`, or `a peer without a name`: what the other end calls itself, fit for a log. */
export function quoted(name: Uint8Array): string {
  return name.length === 0 ? 'a peer without a name' : `"${printable(name)}"`;
}
