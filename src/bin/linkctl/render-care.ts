/** What watches over a link: problems of the network, health, quota, hooks. */
import type { WireHealth, WireHook, WireLink, WireQuota } from '../../control/protocol.js';
import { formatAge, formatBytes, formatSpan } from './format.js';
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
export function carePairs({ network_problems, health, quota, hooks }: WireLink, view: View, detail: boolean): Pair[] {
  const { paint } = view;
  return [
    ...network_problems.map((problem): Pair => ['problem', paint.bad(problem)]),
    ...(health === null ? [] : [['health', formatHealth(health, paint)] as const]),
    ...(quota === null ? [] : [['quota', formatQuota(quota, paint)] as const]),
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
