/**
 * Which lines of the secrets count for one link. pppd's rule: of the lines that fit client and server, one that names the
 * client goes before one that names only the server, before one that names neither; of equal ones the first.
 */
import type { SecretLine } from './parse.js';

/** A line, and for whom at the other end it stands; undefined: for all that are not named. The best come first. */
export interface Choice {
  readonly name: string | undefined;
  readonly line: SecretLine;
}

/** How a peer may prove itself to us, who are called `name`. `remoteName`: the peer is known to be called so. */
export function choosePeers(lines: readonly SecretLine[], name: string, remoteName?: string): readonly Choice[] {
  return chooseFor(lines, remoteName, 'client', (client) => best(lines, client, name));
}

/** How we, who are called `user`, prove ourselves to a peer. */
export function chooseOurs(lines: readonly SecretLine[], user: string, remoteName?: string): readonly Choice[] {
  return chooseFor(lines, remoteName, 'server', (server) => best(lines, user, server));
}

function chooseFor(
  lines: readonly SecretLine[],
  remoteName: string | undefined,
  column: 'client' | 'server',
  choose: (other: string | undefined) => SecretLine | undefined,
): readonly Choice[] {
  const names = remoteName === undefined ? [...new Set(lines.map((line) => line[column]))] : [remoteName];
  const choices = names.flatMap((other): readonly Choice[] => {
    const line = choose(other);
    if (line === undefined) return [];
    if (remoteName !== undefined) return [{ name: undefined, line }];
    // A line for all is there already.
    return other !== undefined && line[column] === undefined ? [] : [{ name: other, line }];
  });
  return choices.toSorted((a, b) => rankOf(b.line) - rankOf(a.line));
}

/** Undefined as client or server: someone who is not named in any line. */
function best(
  lines: readonly SecretLine[],
  client: string | undefined,
  server: string | undefined,
): SecretLine | undefined {
  let found: SecretLine | undefined;
  let rank = -1;
  for (const line of lines) {
    if (!fits(line.client, client) || !fits(line.server, server)) continue;
    if (rankOf(line) <= rank) continue;
    found = line;
    rank = rankOf(line);
  }
  return found;
}

function rankOf({ client, server }: SecretLine): number {
  return (client === undefined ? 0 : 2) + (server === undefined ? 0 : 1);
}

function fits(written: string | undefined, name: string | undefined): boolean {
  return written === undefined || written === name;
}
