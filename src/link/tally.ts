/** A link's counters since linkd started, over all its sessions. */
import { QueueMeter } from '../queue/meter.js';
import type { LineTally } from './line-port.js';
import type { QueueMeters } from './queue-report.js';
import type { LinkCounters } from './types.js';

type Counts = Readonly<Record<string, number>>;

export class Tally {
  rxPackets = 0;
  rxBytes = 0;
  txPackets = 0;
  txBytes = 0;
  /** Packets from this machine for a link that is not up. */
  notUp = 0;
  /** Packets from the peer that the kernel did not take. */
  tunRefused = 0;
  /** Packets from this machine that are larger than the peer takes. */
  tooLarge = 0;
  /** Answers that were dropped, because the peer asks faster than it reads. */
  controlFull = 0;
  /** What its queue counts, by class. */
  readonly queue: QueueMeters = { interactive: new QueueMeter(), normal: new QueueMeter(), bulk: new QueueMeter() };
  readonly #lines: LineTally[] = [];
  #past: Counts = {};

  /** One IP packet from the peer went into the TUN. */
  received(length: number): void {
    this.rxPackets += 1;
    this.rxBytes += length;
  }

  /** One IP packet was framed for the line. */
  sent(length: number): void {
    this.txPackets += 1;
    this.txBytes += length;
  }

  /** Where the octets of the line of this number are counted. */
  line(number: number): LineTally {
    for (let i = this.#lines.length; i < number; i++) this.line(i);
    return (this.#lines[number] ??= { lineRxBytes: 0, lineTxBytes: 0 });
  }

  /** Of each line, by its number. */
  get lines(): readonly Readonly<LineTally>[] {
    return this.#lines;
  }

  get lineRxBytes(): number {
    return this.#lines.reduce((sum, { lineRxBytes }) => sum + lineRxBytes, 0);
  }

  get lineTxBytes(): number {
    return this.#lines.reduce((sum, { lineTxBytes }) => sum + lineTxBytes, 0);
  }

  /** Grows with each octet on the lines, and each packet that is dropped because the link is not up. */
  get changes(): number {
    return this.lineRxBytes + this.lineTxBytes + this.notUp;
  }

  /** A session ended: its errors become part of the past. */
  absorb(errors: Counts): void {
    this.#past = sumOfCounts(this.#past, errors);
  }

  /** The counters, with those of the running session. */
  counters(running: Counts): LinkCounters {
    const { rxPackets, rxBytes, txPackets, txBytes, lineRxBytes, lineTxBytes } = this;
    const stats = Object.values(this.queue).map((meter) => meter.stats);
    const own = {
      'queue-aged': stats.reduce((sum, { droppedCodel }) => sum + droppedCodel, 0),
      'queue-full': stats.reduce((sum, { droppedLimit }) => sum + droppedLimit, 0),
      'not-up': this.notUp,
      'tun-refused': this.tunRefused,
      'too-large': this.tooLarge,
      'control-full': this.controlFull,
    };
    const errors = sumOfCounts(sumOfCounts(this.#past, running), own);
    return { rxPackets, rxBytes, txPackets, txBytes, lineRxBytes, lineTxBytes, errors };
  }
}

/** Adds up by name; what never occurred is left out. */
export function sumOfCounts(a: Counts, b: Counts): Counts {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries(
    [...names].map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)] as const).filter(([, count]) => count > 0),
  );
}
