/** A mistake between encryption and authentication: MPPE has its keys from MS-CHAP alone. RFC 3079 §1 */
import { at, isGiven, type LinkSite } from './site.js';
import type { Mistake } from './tree.js';

const keyed: readonly string[] = ['mschap', 'mschap-v2', 'eap-mschap-v2'];

export function checkEncryption(site: LinkSite): readonly Mistake[] {
  const { compression, auth } = site.facts;
  // What is written of `auth` and isn't valid has a mistake of its own.
  if (compression?.mppe !== 'required' || (auth === undefined && isGiven(site, 'auth'))) return [];
  const methods = [...(auth?.require ?? []), ...(auth?.accept ?? [])];
  if (methods.some((method) => keyed.includes(method))) return [];
  const problem = 'there would be no keys: they come from MS-CHAP; add `auth` with mschap-v2 in `require` or `accept`';
  return [at(site, ['compression', 'mppe'], problem)];
}
