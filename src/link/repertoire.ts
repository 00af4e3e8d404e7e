/** What the packet worker rehearses (`rehearsal.ts`): one session of each kind that the config's links have. */
import { encodeText } from '../base/text.js';
import type { LinkConfig } from '../config/types.js';
import type { AuthOptions, SessionOptions } from '../ppp/options.js';
import type { AuthConfig } from '../secrets/options.js';
import { multilinkOn } from './line-multilink.js';
import type { AttachOptions } from './messages.js';

/** More kinds than anybody has; each takes some milliseconds. */
const mostKinds = 4;

/** Without anybody's secrets, names or addresses, and such that two ends with the same options agree. */
export function repertoire(links: readonly LinkConfig[]): readonly AttachOptions[] {
  const kinds = new Map<string, AttachOptions>();
  for (const link of links) {
    const options = rehearsed(link);
    const { ipcp, ipv6cp, ccp, multilink, auth } = options.session;
    const kind = JSON.stringify([ipcp?.vj, ipv6cp, ccp, multilink, auth?.require]);
    if (!kinds.has(kind)) kinds.set(kind, options);
  }
  return [...kinds.values()].slice(0, mostKinds);
}

function rehearsed(link: LinkConfig): AttachOptions {
  const { lcp, ipcp, ipv6cp, ccp, auth, escape, mtu, line, queue } = link;
  const multilink = multilinkOn(link, line.speed, undefined);
  const session: SessionOptions = {
    lcp: { ...lcp, passive: false, silent: false },
    ipcp: ipcp && { ...ipcp, local: 0x0a000001, remote: 0x0a000002, assigned: false },
    ipv6cp: ipv6cp && { local: undefined, remote: undefined },
    ...(ccp && { ccp }),
    ...(multilink && { multilink: { ...multilink, endpoint: undefined } }),
    ...(auth && { auth: sharedSecret(auth) }),
  };
  return { session, escape, mtu, speed: line.speed, queue };
}

/** Both ends ask and answer, by what the link asks for, or else by what it answers to. */
function sharedSecret({ require, accept, rechallengeMs }: AuthConfig): AuthOptions {
  const methods = [...require, ...accept].slice(0, 1);
  const secret = [{ name: undefined, secret: encodeText('rehearsal'), allowed: undefined }];
  const table = { pap: secret, chap: secret };
  const names = { name: 'rehearsal', user: 'rehearsal', remoteName: undefined };
  return { require: methods, accept: methods, ...names, ours: table, theirs: table, rechallengeMs };
}
