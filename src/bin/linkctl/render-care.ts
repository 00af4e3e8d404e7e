/** What watches over a link: problems of the network, health, quota, when it is dialed, hooks. */
import type { WireDialing, WireHealth, WireHook, WireLink, WireQuota } from '../../control/protocol.js';
import { formatAge, formatBytes, formatCount, formatSpan } from './format.js';
import type { Paint } from './paint.js';
import type { Pair, View } from './render-link.js';

/** What is shown of a failed hook's output: its last lines, and their beginnings. */
const outputLines = 10;
const outputColumns = 160;

/** True for a link that asks for attention though it may be up. */
export function needsCare({ network_problems, health, quota, hooks }: WireLink): boolean {
  const failing = health?.state === 'failed' || hooks.some(({ ok }) => !ok);
  return failing || network_problems.length > 0 || (quota !== null && quota.state !== 'ok');
}

/** With `detail` every hook, and what the failed ones printed; else the failed ones only. */
export function carePairs(
  { network_problems, health, quota, dialing, hooks }: WireLink,
  view: View,
  detail: boolean,
): Pair[] {
  const { paint } = view;
  return [
    ...network_problems.map((problem): Pair => ['problem', paint.bad(problem)]),
    ...(health === null ? [] : [['health', formatHealth(health, paint)] as const]),
    ...(quota === null ? [] : [['quota', formatQuota(quota, paint)] as const]),
    ...(dialing === null ? [] : [['dialing', formatDialing(dialing, view)] as const]),
    ...hooks.filter(({ ok }) => detail || !ok).map((hook): Pair => ['hook', formatHook(hook, view, detail)]),
  ];
}

function formatHealth({ state, reason }: WireHealth, paint: Paint): string {
  const because = reason === null ? '' : `: ${reason}`;
  switch (state) {
    case 'healthy':
      return `${paint.good('healthy')}${because}`;
    case 'failed':
      return paint.bad(`failed${because}`);
    case 'unknown':
      return `not known yet${because}`;
  }
}

function formatQuota({ state, used_bytes, monthly_bytes }: WireQuota, paint: Paint): string {
  const used = `${formatBytes(used_bytes)} of ${formatBytes(monthly_bytes)} this month`;
  switch (state) {
    case 'ok':
      return used;
    case 'warn':
      return paint.warn(`${used}, nearly used up`);
    case 'used-up':
      return paint.bad(`${used}, used up`);
  }
}

/** `waits for traffic; last because of ping 10.1.0.5 → 10.2.0.9, 3m ago; 2 calls in the last hour, 14m today` */
function formatDialing(dialing: WireDialing, { now, paint }: View): string {
  const { waits_for, because_of, because_at, overridden, calls_last_hour, open_today_seconds } = dialing;
  const age = because_at === null ? '' : `, ${formatAge(because_at, now)} ago`;
  const today = open_today_seconds === 0 ? 'not open today' : `${formatSpan(open_today_seconds * 1000)} today`;
  return [
    ...(waits_for === null ? [] : [`waits for ${awaited(waits_for)}`]),
    ...(overridden ? [paint.warn('by command, whatever the hour and the limits')] : []),
    ...(because_of === null ? [] : [`last because of ${because_of}${age}`]),
    `${formatCount(calls_last_hour, 'call')} in the last hour, ${today}`,
  ].join('; ');
}

/** What a newer linkd may wait for is told as it comes. */
function awaited(what: string): string {
  switch (what) {
    case 'traffic':
      return 'traffic';
    case 'hours':
      return 'the hour that it may dial in';
    case 'other-link':
      return 'the fall of the link whose place it takes';
    case 'calls':
      return 'the end of an hour with too many calls';
    case 'minutes':
      return 'midnight, as the minutes of today are used up';
    case 'command':
      return 'linkctl up';
    default:
      return what;
  }
}

/** `up /etc/linkd/mail: exit status 1 after 2s, 3h ago` */
function formatHook({ ok, output, ...hook }: WireHook, { now, paint }: View, detail: boolean): string {
  const time = `after ${formatSpan(hook.duration_ms)}, ${formatAge(hook.at, now)} ago`;
  const line = `${hook.moment} ${hook.program}: ${hook.outcome} ${time}`;
  if (ok) return line;
  return [paint.bad(line), ...(detail ? lastLines(output) : [])].join('\n');
}

function lastLines(output: string): string[] {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const shown = lines.slice(-outputLines).map((line) => `> ${line.slice(0, outputColumns)}`);
  return lines.length > outputLines ? [`> (${lines.length - outputLines} lines before)`, ...shown] : shown;
}
