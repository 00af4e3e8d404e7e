/** Mistakes in when a link is to dial. */
import { at, isGiven, mention, type LinkSite } from './site.js';
import { code } from './text.js';
import type { Mistake } from './tree.js';

export function checkWhen(sites: readonly LinkSite[]): readonly Mistake[] {
  return [...sites.flatMap(checkDemand), ...sites.flatMap((site) => checkOther(site, sites))];
}

export function warnOfWhen(site: LinkSite): readonly Mistake[] {
  const { when } = site.facts;
  if (when === undefined || when.demand || when.idleMs !== undefined) return [];
  return (['count', 'ignore'] as const)
    .filter((key) => when.traffic[key].length > 0)
    .map((key) =>
      at(site, ['when', key], 'says what counts as traffic, for which nothing asks; add `idle` or `demand`'),
    );
}

/** While nothing is agreed on, the interface has the addresses of the config; they have to be those of the session. */
function checkDemand(site: LinkSite): readonly Mistake[] {
  const { when, ipv4, line, ipcp } = site.facts;
  if (when?.demand !== true) return [];
  const mistakes: Mistake[] = [];
  if (line?.kind === 'tcp-listen' || line?.kind === 'unix-listen' || line?.kind === 'terminal') {
    mistakes.push(at(site, ['when'], 'a line that waits for its caller can not dial; take out `demand`'));
  } else if (isGiven(site, 'answer')) {
    mistakes.push(at(site, ['when'], 'a link that answers calls can not dial; take out `demand`, or `answer`'));
  }
  if (ipv4 === false) return mistakes;
  for (const key of ['local', 'remote'] as const) {
    const accept = `accept-${key}` as const;
    if (!site.facts.unsettled[key] && isGiven(site, key)) {
      if (ipcp !== undefined && ipcp[accept].length > 0)
        mistakes.push(at(site, ['ipcp', accept], `may change the address that waits for packets; ${takeOut}`));
      continue;
    }
    const what = key === 'local' ? 'our address' : "the peer's address";
    const problem = `${code('demand')} needs ${what} beforehand: the interface waits for packets with it`;
    mistakes.push(at(site, isGiven(site, key) ? [key] : ['when'], `${problem}; write it as ${code(key)}`));
  }
  return mistakes;
}

const takeOut = 'take it out, or take out `demand` of `when`';

function checkOther(site: LinkSite, sites: readonly LinkSite[]): readonly Mistake[] {
  const { whileDown } = site.facts.when ?? {};
  if (whileDown === undefined) return [];
  const path = ['when', 'while-down'];
  const chain: LinkSite[] = [];
  let next = siteOf(whileDown.link, sites);
  if (next === undefined) return [at(site, path, `there is no link ${code(whileDown.link)}`)];
  if (next === site) return [at(site, path, 'is this link itself; name another one')];
  while (next !== undefined && !chain.includes(next)) {
    if (next === site)
      return [at(site, path, () => `each waits for the other to be down: ${mention(chain[0] ?? site, path)}`)];
    chain.push(next);
    next = siteOf(next.facts.when?.whileDown?.link, sites);
  }
  return [];
}

function siteOf(name: string | undefined, sites: readonly LinkSite[]): LinkSite | undefined {
  return sites.find((site) => site.name === name);
}
