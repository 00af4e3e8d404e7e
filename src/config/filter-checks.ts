/** Mistakes in what is done to single packets: masquerade, port forwards, firewall. */
import { formatIp4, formatPrefix, isPrefix4, networkOf, type Ip4, type Prefix } from '../base/ip.js';
import { at, behind, interfaceOf, refuseOwn, Uses, type LinkSite } from './site.js';
import { code } from './text.js';
import type { Mistake, Path } from './tree.js';

export function checkFilters(sites: readonly LinkSite[]): readonly Mistake[] {
  return [...sites.flatMap(checkMasquerade), ...checkPorts(sites), ...sites.flatMap(checkTargets)];
}

export function warnOfFilters(site: LinkSite): readonly Mistake[] {
  return [...warnOfTargets(site), ...warnOfPolicies(site), ...warnOfSources(site)];
}

/** What leaves by the link can't come from behind it; what leaves by another interface has to. */
function checkMasquerade(site: LinkSite): readonly Mistake[] {
  const reachable = site.facts.hasDefaultRoute ? undefined : behind(site);
  const seen = new Set<string>();
  return site.facts.masquerade.flatMap((entry, i) => {
    if (entry === undefined) return [];
    const { out, from } = entry;
    const path = ['masquerade', i];
    const way = out === 'link' ? out : out.interface;
    const mistakes = [...refuseOwn(site, [...path, 'out'], way, 'write `link`')];
    if (seen.has(way)) mistakes.push(at(site, path, `all that leaves by ${code(way)} is masqueraded already`));
    if (from.length === 0) seen.add(way);
    from.forEach((network, k) => {
      const name = formatPrefix(network);
      const thing = `${way} ${name}`;
      if (seen.has(thing)) mistakes.push(at(site, [...path, 'from', k], `${name} is listed twice`));
      seen.add(thing);
      const problem = out === 'link' ? comesBack(reachable?.covers(network)) : comesNever(reachable?.touches(network));
      if (problem !== undefined) mistakes.push(at(site, [...path, 'from', k], `${name} ${problem}`));
    });
    return mistakes;
  });
}

function comesBack(isBehind: boolean | undefined): string | undefined {
  return isBehind === true ? 'is behind the link, and what comes from there does not leave by it' : undefined;
}

function comesNever(isBehind: boolean | undefined): string | undefined {
  return isBehind === false ? 'is not behind the link, and nothing comes from there by it' : undefined;
}

/** A port leads to one host only. */
function checkPorts(sites: readonly LinkSite[]): readonly Mistake[] {
  const uses = new Uses();
  return sites.flatMap((site) =>
    site.facts['port-forwards'].flatMap((forward, i) => {
      if (forward === undefined) return [];
      const { protocol, on, port } = forward;
      const way = on === 'link' ? interfaceOf(site) : on.interface;
      if (way === undefined) return [];
      return [
        ...refuseOwn(site, ['port-forwards', i, 'on'], on === 'link' ? undefined : way, 'write `link`, or nothing'),
        ...uses.claim(`${protocol} ${way} ${port}`, site, ['port-forwards', i, 'port'], (by) => {
          return `${protocol} port ${port} on ${way} is already forwarded by ${by}`;
        }),
      ];
    }),
  );
}

/** The first and the last address of a network are no host's. RFC 1122 §3.2.1.3 */
function checkTargets(site: LinkSite): readonly Mistake[] {
  const { local, networks } = site.facts;
  const nobody = new Map<Ip4, Prefix>();
  for (const network of networks) {
    const prefix = network?.prefix;
    if (prefix === undefined || !isPrefix4(prefix) || prefix.length > 30) continue;
    nobody.set(prefix.address, prefix);
    nobody.set(lastOf(prefix), prefix);
  }
  return eachTarget(site, (to, path) => {
    const name = formatIp4(to);
    if (to === local) return [at(site, path, `${name} is our own address on the link; name another host`)];
    const around = nobody.get(to);
    if (around === undefined) return [];
    const part = to === networkOf(around).address ? 'the address of the network' : 'the broadcast address of';
    return [at(site, path, `${name} is ${part} ${formatPrefix(around)}, and no host's`)];
  });
}

function lastOf({ address, length }: Prefix): Ip4 {
  return address + 2 ** (32 - length) - 1;
}

function warnOfTargets(site: LinkSite): readonly Mistake[] {
  // With a default route everything is behind the link that no other route takes, and these aren't known here.
  const reachable = site.facts.hasDefaultRoute ? undefined : behind(site);
  if (reachable === undefined) return [];
  return eachTarget(site, (to, path, on) => {
    const isBehind = reachable.covers({ address: to, length: 32 });
    if (isBehind !== (on === 'link' || on.interface === interfaceOf(site))) return [];
    const problem = isBehind ? 'is behind the link itself, where the connections come from' : 'is not behind the link';
    return [at(site, path, `${formatIp4(to)} ${problem}; \`on\` says where they come in`)];
  });
}

function eachTarget(
  site: LinkSite,
  judge: (to: Ip4, path: Path, on: 'link' | { readonly interface: string }) => readonly Mistake[],
): readonly Mistake[] {
  return site.facts['port-forwards'].flatMap((forward, i) =>
    forward === undefined ? [] : judge(forward.to, ['port-forwards', i, 'to'], forward.on),
  );
}

function warnOfPolicies(site: LinkSite): readonly Mistake[] {
  const { firewall } = site.facts;
  if (firewall === undefined) return [];
  const { policyIn, policyOut, policyThrough, allow } = firewall;
  if (policyIn !== 'accept' || policyThrough !== 'accept') return [];
  if (allow.length > 0) {
    return [at(site, ['firewall', 'allow'], 'allows what `in` and `through` accept anyway')];
  }
  return policyOut === 'accept' ? [at(site, ['firewall'], 'lets everything pass; it can be left out')] : [];
}

function warnOfSources(site: LinkSite): readonly Mistake[] {
  const reachable = behind(site);
  return (site.facts.firewall?.allow ?? []).flatMap(({ from }, i) => {
    const strangers = from.filter((network) => reachable?.touches(network) === false).map(formatPrefix);
    if (strangers.length === 0) return [];
    const verb = strangers.length > 1 ? 'are' : 'is';
    return [at(site, ['firewall', 'allow', i], `${strangers.join(', ')} ${verb} not behind the link`)];
  });
}
