/** Mistakes in what watches over a link: track, quota, steer. */
import { formatIp4 } from '../base/ip.js';
import { formatAmount } from './amounts.js';
import { formatDuration } from './duration.js';
import { highestMetric } from './routes.js';
import { at, behind, type LinkSite } from './site.js';
import type { Mistake } from './tree.js';

export function checkOversight(site: LinkSite): readonly Mistake[] {
  return [...checkTrack(site), ...checkAction(site), ...checkUsers(site)];
}

export function warnOfOversight(site: LinkSite): readonly Mistake[] {
  return [...warnOfHosts(site), ...warnOfQuota(site)];
}

function checkTrack(site: LinkSite): readonly Mistake[] {
  const { track, local } = site.facts;
  if (track === undefined) return [];
  const { hosts, intervalMs, timeoutMs } = track;
  const seen = new Set<number>();
  const mistakes = hosts.flatMap((host, i) => {
    const path = ['track', 'hosts', i];
    if (host === local) return [at(site, path, `${formatIp4(host)} is our own address on the link`)];
    if (seen.has(host)) return [at(site, path, `${formatIp4(host)} is listed twice`)];
    seen.add(host);
    return [];
  });
  if (timeoutMs <= intervalMs) return mistakes;
  return [
    ...mistakes,
    at(site, ['track', 'timeout'], `is longer than \`interval\`, which is ${formatDuration(intervalMs)}`),
  ];
}

function checkAction(site: LinkSite): readonly Mistake[] {
  const { track, networks, hooks, hasDefaultRoute } = site.facts;
  const path = ['track', 'action'];
  if (track?.action.kind === 'hook' && hooks !== undefined && Object.values(hooks.hooks).flat().length === 0) {
    return [at(site, path, 'there is no hook to run; name one in `hooks`')];
  }
  if (track?.action.kind !== 'metric') return [];
  if (networks.length === 0 && !hasDefaultRoute) {
    return [at(site, path, 'the link has no route whose metric could be raised; add `networks` or `default-route`')];
  }
  const metrics = [...networks, site.facts['default-route']].map((route) => route?.metric ?? 0);
  const room = highestMetric - metrics.reduce((highest, metric) => Math.max(highest, metric), 0);
  if (track.action.add <= room) return [];
  return [
    at(site, [...path, 'raise-metric'], `leads beyond the highest metric, ${highestMetric}, for a route of the link`),
  ];
}

function checkUsers(site: LinkSite): readonly Mistake[] {
  const { steer } = site.facts;
  const seen = new Set<string>();
  return steer.flatMap((user, i) => {
    if (user === undefined) return [];
    if (seen.has(user)) return [at(site, ['steer', i], `${user} is listed twice`)];
    seen.add(user);
    return [];
  });
}

function warnOfHosts(site: LinkSite): readonly Mistake[] {
  const reachable = behind(site);
  const { track, local } = site.facts;
  return (track?.hosts ?? []).flatMap((host, i) => {
    if (host === local || reachable?.covers({ address: host, length: 32 }) !== false) return [];
    return [at(site, ['track', 'hosts', i], `${formatIp4(host)} is not behind the link, of which it says nothing`)];
  });
}

const longestMonth = 31 * 24 * 3600;
/** With the start and stop bits. */
const bitsAnOctet = 10;

function warnOfQuota(site: LinkSite): readonly Mistake[] {
  const { quota, line } = site.facts;
  if (quota === undefined) return [];
  const { monthlyBytes, warnAt, cutOff } = quota;
  const warnings: Mistake[] = [];
  if (warnAt === 1 && cutOff) {
    warnings.push(at(site, ['quota', 'warn-at'], 'the warning would come with the cut-off; write less than 100%'));
  }
  // Both directions at once.
  const most = line?.speed === undefined ? Infinity : ((2 * line.speed) / bitsAnOctet) * longestMonth;
  if (monthlyBytes > most) {
    const problem = `${formatAmount(monthlyBytes)} is more than the line can carry in a month, ${formatAmount(most)}`;
    warnings.push(at(site, ['quota', 'monthly'], problem));
  }
  return warnings;
}
