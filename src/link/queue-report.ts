/** What is told of a link's queue: counted since linkd started, what waits now, and how long packets waited of late. */
import type { Millis } from '../base/clock.js';
import type { ClassQueue } from '../queue/class-queue.js';
import { delayQuantiles } from '../queue/delays.js';
import type { FqCodel } from '../queue/fq-codel.js';
import type { QueueMeter } from '../queue/meter.js';
import { classNames, type ClassName } from '../queue/options.js';
import type { QueueCounters, QueueStatus } from './types.js';

export type QueueMeters = Readonly<Record<ClassName, QueueMeter>>;

/** `queue` is undefined while there is no session. */
export function reportQueue(meters: QueueMeters, queue: ClassQueue | undefined, now: Millis): QueueStatus {
  const waiting = queue?.classes ?? [];
  const named = classNames.flatMap((name) => {
    const isUsed = name === 'normal' || meters[name].stats.enqueued > 0;
    return isUsed ? [{ name, meter: meters[name], queue: waiting.find((one) => one.name === name)?.queue }] : [];
  });
  const whole = report(
    named.map(({ meter }) => meter),
    waiting.map((one) => one.queue),
    now,
  );
  const classes = named.map(({ name, meter, queue }) => ({ name, ...report([meter], queue ? [queue] : [], now) }));
  return { ...whole, classes: named.length > 1 ? classes : [] };
}

function report(meters: readonly QueueMeter[], queues: readonly FqCodel[], now: Millis): QueueCounters {
  const sum = (count: (stats: QueueMeter['stats']) => number): number =>
    meters.reduce((total, { stats }) => total + count(stats), 0);
  const waits = (count: (queue: FqCodel) => number): number => queues.reduce((total, queue) => total + count(queue), 0);
  const [delayP50Ms, delayP95Ms] = delayQuantiles(
    meters.map(({ delays }) => delays),
    [0.5, 0.95],
    now,
  ) ?? [undefined, undefined];
  return {
    packets: sum(({ dequeued }) => dequeued),
    bytes: sum(({ dequeuedBytes }) => dequeuedBytes),
    drops: sum(({ droppedCodel, droppedLimit }) => droppedCodel + droppedLimit),
    marks: sum(({ marked }) => marked),
    waitingPackets: waits(({ packets }) => packets),
    waitingBytes: waits(({ bytes }) => bytes),
    flows: waits(({ busyFlows }) => busyFlows),
    delayP50Ms,
    delayP95Ms,
  };
}
