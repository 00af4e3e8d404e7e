/** Mistakes in what a link carries: IPv4, IPv6, or both, and what each of them needs. */
import { wantsIp6 } from './ipv6.js';
import { at, isGiven, isSection, type LinkSite } from './site.js';
import { remote } from './ipcp.js';
import { keyFacts } from './keys.js';
import { code, withAllowed } from './text.js';
import type { Mistake } from './tree.js';

/** RFC 8200 §5: the smallest packet that every link of IPv6 takes. */
const smallestIp6Mtu = 1280;

export function checkFamilies(site: LinkSite): readonly Mistake[] {
  if (!isSection(site)) return [];
  const { facts } = site;
  const ip4 = facts.ipv4 ?? true;
  const ip6 = wantsIp6(facts.ipv6, facts.local6, facts.networks);
  const hasInvalid6 = facts.ipv6 === undefined && isGiven(site, 'ipv6');
  return [
    ...(ip4 ? checkIp4(site) : checkWithoutIp4(site)),
    ...(ip6 ? checkIp6(site) : []),
    ...(facts.ipv6 === false ? checkWithoutIp6(site) : []),
    ...(ip4 || ip6 || hasInvalid6
      ? []
      : [at(site, ['ipv4'], 'leaves nothing to carry; switch `ipv6` on, or leave this out')]),
  ];
}

function checkIp4(site: LinkSite): readonly Mistake[] {
  if (isGiven(site, 'remote')) return [];
  return [at(site, ['remote'], withAllowed('is missing', keyFacts.get(remote)?.allowed ?? ''))];
}

function checkWithoutIp4(site: LinkSite): readonly Mistake[] {
  return ['local', 'remote', 'ipcp']
    .filter((key) => isGiven(site, key))
    .map((key) => at(site, [key], 'means nothing with `ipv4: off`', 'key'));
}

function checkWithoutIp6(site: LinkSite): readonly Mistake[] {
  const { facts } = site;
  const networks = facts.networks.flatMap((network, i) =>
    typeof network?.prefix.address === 'string'
      ? [at(site, ['networks', i], 'is IPv6, and the link has `ipv6: off`')]
      : [],
  );
  if (facts.local6 === undefined) return networks;
  return [at(site, ['local6'], 'means nothing with `ipv6: off`', 'key'), ...networks];
}

function checkIp6(site: LinkSite): readonly Mistake[] {
  const { ipv6, mtu, lcp } = site.facts;
  const mistakes: Mistake[] = [];
  const needs = `IPv6 needs ${smallestIp6Mtu} octets; make it larger, or switch ${code('ipv6')} off`;
  if (mtu !== undefined && mtu < smallestIp6Mtu) mistakes.push(at(site, ['mtu'], `${mtu} is too small: ${needs}`));
  if (lcp.mru !== undefined && lcp.mru < smallestIp6Mtu) {
    mistakes.push(at(site, ['lcp', 'mru'], `${lcp.mru} is too small: ${needs}`));
  }
  if (ipv6 !== undefined && ipv6 !== false && ipv6.local !== undefined && ipv6.local === ipv6.remote) {
    mistakes.push(at(site, ['ipv6', 'remote'], 'is the local identifier too; each end needs its own'));
  }
  return mistakes;
}
