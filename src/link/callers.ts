/** The accounts by which callers log in before PPP: those secrets of the link by which a peer proves itself with PAP. */
import { equalInConstantTime } from '../base/digest.js';
import { decodeText } from '../base/text.js';
import type { LoginCheck } from '../dial/prompt.js';
import type { NamedSecret } from '../ppp/options.js';
import { loadAuth } from '../secrets/load.js';
import type { AuthConfig } from '../secrets/options.js';

/** Reads them anew. Throws an OpError when they can't be had. */
export async function readAccounts(config: AuthConfig, signal: AbortSignal): Promise<LoginCheck> {
  const { auth } = await loadAuth({ ...config, require: ['pap'] }, process.env, signal);
  return loginCheck(auth.theirs.pap, auth.remoteName);
}

/** `remoteName`: nobody but this one may log in. */
export function loginCheck(secrets: readonly NamedSecret[], remoteName?: string): LoginCheck {
  return (user, password) => {
    const name = decodeText(user);
    const isExpected = remoteName === undefined || remoteName === name;
    const named = secrets.find((entry) => entry.name === name);
    const entry = named ?? secrets.find(({ name: whose }) => whose === undefined);
    // Somebody unknown is compared as well, with himself.
    const isRight = equalInConstantTime(entry?.secret ?? password, password);
    if (entry !== undefined && isExpected && isRight)
      return { kind: 'right', caller: { name, allowed: entry.allowed } };
    return { kind: 'wrong', known: isExpected && (named !== undefined || name === remoteName) };
  };
}
