/** How a link's queue does: how long packets waited, what was dropped and marked, what waits now; a line for each class. */
import type { WireLink, WireQueue } from '../../control/protocol.js';
import { formatBytes, formatCount, formatRoundTrip } from './format.js';

type Counters = Omit<WireQueue, 'classes'>;

/** Nothing of a linkd that doesn't tell of its queue yet. */
export function queuePairs({ queue }: WireLink): (readonly [label: string, value: string])[] {
  if (queue === null) return [];
  return [
    ['queue', describe(queue)],
    ...queue.classes.map((one) => [one.name, `${sent(one)}; ${describe(one)}`] as const),
  ];
}

function describe(counters: Counters): string {
  const { drops, marks } = counters;
  const held = [...(drops > 0 ? [`${drops} dropped`] : []), ...(marks > 0 ? [`${marks} marked`] : [])];
  return [delays(counters), ...(held.length > 0 ? [held.join(', ')] : []), waiting(counters)].join('; ');
}

function sent({ bytes, packets }: Counters): string {
  return `${formatBytes(bytes)} in ${formatCount(packets, 'packet')}`;
}

function delays({ delay_p50_ms: p50, delay_p95_ms: p95 }: Counters): string {
  if (p50 === null || p95 === null) return 'no packet in the last minute';
  return `waited ${formatRoundTrip(p50)} (p95 ${formatRoundTrip(p95)}) in the last minute`;
}

function waiting({ waiting_packets: packets, waiting_bytes: bytes, flows }: Counters): string {
  if (packets === 0) return 'nothing waits now';
  return `${formatCount(packets, 'packet')} of ${formatCount(flows, 'flow')} wait${packets === 1 ? 's' : ''} now, ${formatBytes(bytes)}`;
}
