/**
 * Link quality monitoring: sends reports by a timer or in answer to the peer's, as LCP's option 4 agreed, and measures by
 * them what is lost in each direction. Reports that fail the policy, or don't come, end the link. RFC 1989
 */
import { cause, type Cause } from '../../base/cause.js';
import type { Millis } from '../../base/clock.js';
import type { Context, ControlProtocol } from '../context.js';
import { Protocol } from '../numbers.js';
import type { LqrOptions } from './options.js';
import { Intervals } from './policy.js';
import { buildReport, parseReport, type LineCounts, type Report } from './report.js';

/** What LCP agreed on; undefined where the peer or we don't take part. RFC 1989 §2.5 */
export interface QualityAgreed {
  /** The longest time between two reports from the peer; 0: it only answers ours. */
  readonly theirPeriodMs: Millis | undefined;
  /** The longest time between two reports of ours; 0: we only answer the peer's. */
  readonly ourPeriodMs: Millis | undefined;
}

/** What is lent by LCP, which owns the negotiation. */
export interface QualityLine {
  quality(): QualityAgreed;
  /** Whose a magic number is, and which one is ours. RFC 1661 §6.4 */
  senderOf(magic: number): 'peer' | 'us' | 'stranger';
  readonly ourMagic: number;
}

/** Answers come no faster than this: two ends that only answer would never end. */
const leastAnswerMs = 250;
/** A report is missing when it is late by half its period. */
const patience = 1.5;

interface Received {
  readonly report: Report;
  /** RFC 1989 §2.6: what we had received when the report came. */
  readonly saved: LineCounts;
  /** Reports that we had sent by then, its answer included. */
  readonly outLqrs: number;
}

/** A part of what was sent, 0 to 1; undefined while it isn't known. */
interface Losses {
  readonly rx: number | undefined;
  readonly tx: number | undefined;
}

const unknown: Losses = { rx: undefined, tx: undefined };

export class QualityMonitor implements ControlProtocol {
  readonly protocol = Protocol.lqr;
  readonly carries = [];
  readonly #line: QualityLine;
  readonly #options: LqrOptions | undefined;
  readonly #counts: () => LineCounts;
  readonly #context: Context;
  readonly #failed: (failed: Cause, now: Millis) => void;
  readonly #intervals: Intervals | undefined;
  #agreed: QualityAgreed = { theirPeriodMs: undefined, ourPeriodMs: undefined };
  /** Ours are sent by a timer of this period; undefined: only as answers. */
  #timerMs: Millis | undefined;
  /** The peer's reports come this often. */
  #expectMs: Millis | undefined;
  #sendAt: Millis | undefined;
  #missingAt: Millis | undefined;
  #sentAt: Millis | undefined;
  /** Intervals since the peer's last report that were found to bring none; reports in a row that miss the same of ours. */
  #missed = 0;
  #unseen = 0;
  #outLqrs = 0;
  #inLqrs = 0;
  #last: Received | undefined;
  #losses: Losses = unknown;

  /** `options` undefined: the peer is not asked for reports, only served with ours. */
  constructor(
    line: QualityLine,
    options: LqrOptions | undefined,
    counts: () => LineCounts,
    context: Context,
    failed: (failed: Cause, now: Millis) => void,
  ) {
    this.#line = line;
    this.#options = options;
    this.#counts = counts;
    this.#context = context;
    this.#failed = failed;
    this.#intervals = options && new Intervals(options);
  }

  /** LCP is open. */
  up(now: Millis): void {
    this.#reset();
    this.#agreed = this.#line.quality();
    const { ourPeriodMs, theirPeriodMs } = this.#agreed;
    // Where neither end has a timer, nobody would begin: then it is we, who wanted the reports.
    const own = theirPeriodMs === 0 ? this.#options?.intervalMs : undefined;
    this.#timerMs = ourPeriodMs !== undefined && ourPeriodMs > 0 ? ourPeriodMs : own;
    this.#expectMs = theirPeriodMs === 0 ? this.#timerMs : theirPeriodMs;
    if (this.#timerMs !== undefined) this.#sendAt = now;
    if (this.#expectMs !== undefined) this.#missingAt = now + patience * this.#expectMs;
    this.timeout(now);
  }

  down(): void {
    this.#reset();
  }

  receive(packet: Uint8Array, now: Millis): void {
    if (!this.#takesPart) {
      this.#context.count('not-open');
      return;
    }
    const report = parseReport(packet);
    if (report === undefined) {
      this.#context.count('malformed');
      return;
    }
    const sender = this.#line.senderOf(report.magic);
    if (sender !== 'peer') {
      this.#context.count(sender === 'us' ? 'looped' : 'magic-mismatch');
      return;
    }
    this.#inLqrs++;
    const before = this.#last;
    const saved = this.#counts();
    if (before !== undefined) this.#measure(before, report, saved);
    this.#last = { report, saved, outLqrs: this.#outLqrs };
    // RFC 1989 §2.7: in answer where there is no timer, and where the peer seems to have missed our last one.
    if (this.#timerMs === undefined || before?.report.peerInLqrs === report.peerInLqrs) this.#answer(now);
    this.#last = { report, saved, outLqrs: this.#outLqrs };
    if (this.#expectMs !== undefined) {
      this.#missingAt = now + patience * this.#expectMs;
      if (before !== undefined) this.#judge(now);
    }
    this.#missed = 0;
  }

  /** RFC 1661 §5.7: it agreed, and knows nothing of it now. The echoes keep watch. */
  rejected(): void {
    this.#context.note('info', 'the peer takes no link quality reports: none are sent');
    this.#reset();
  }

  timeout(now: Millis): void {
    if (this.#sendAt !== undefined && this.#timerMs !== undefined && now >= this.#sendAt) {
      this.#sendAt = now + this.#timerMs;
      this.#send(now);
    }
    if (this.#missingAt !== undefined && this.#expectMs !== undefined && now >= this.#missingAt) {
      this.#missingAt = now + this.#expectMs;
      this.#missed++;
      // One lost report is no more than one lost packet: what the next one says of it will do.
      if (this.#missed === 2) this.#intervals?.add(undefined);
      if (this.#missed >= 2) this.#intervals?.add(undefined);
      this.#check(now);
    }
  }

  nextTimeout(): Millis | undefined {
    if (this.#sendAt === undefined || this.#missingAt === undefined) return this.#sendAt ?? this.#missingAt;
    return Math.min(this.#sendAt, this.#missingAt);
  }

  trouble(): undefined {
    return undefined;
  }

  /** For the status: what was lost between the last two reports. */
  describe(): Record<string, string> {
    const { rx, tx } = this.#losses;
    const described: Record<string, string> = {};
    if (rx !== undefined) described['rx-loss'] = percent(rx);
    if (tx !== undefined) described['tx-loss'] = percent(tx);
    return described;
  }

  get #takesPart(): boolean {
    return this.#agreed.ourPeriodMs !== undefined || this.#agreed.theirPeriodMs !== undefined;
  }

  #reset(): void {
    this.#agreed = { theirPeriodMs: undefined, ourPeriodMs: undefined };
    this.#timerMs = this.#expectMs = undefined;
    this.#sendAt = this.#missingAt = this.#sentAt = undefined;
    this.#missed = this.#unseen = this.#outLqrs = this.#inLqrs = 0;
    this.#last = undefined;
    this.#losses = unknown;
    this.#intervals?.clear();
  }

  #answer(now: Millis): void {
    if (this.#sentAt === undefined || now - this.#sentAt >= leastAnswerMs) this.#send(now);
  }

  /** RFC 1989 §2.6: the report counts itself; of the peer's it tells what came with its last one. */
  #send(now: Millis): void {
    this.#outLqrs++;
    this.#sentAt = now;
    const { outPackets, outOctets } = this.#counts();
    const { report, saved } = this.#last ?? {};
    const packet = buildReport({
      magic: this.#line.ourMagic,
      lastOutLqrs: report?.peerOutLqrs ?? 0,
      lastOutPackets: report?.peerOutPackets ?? 0,
      lastOutOctets: report?.peerOutOctets ?? 0,
      peerInLqrs: this.#inLqrs,
      peerInPackets: saved?.inPackets ?? 0,
      peerInDiscards: saved?.inDiscards ?? 0,
      peerInErrors: saved?.inErrors ?? 0,
      peerInOctets: saved?.inOctets ?? 0,
      peerOutLqrs: this.#outLqrs,
      peerOutPackets: outPackets + 1,
      peerOutOctets: outOctets + frameOctets,
    });
    this.#context.emit({ type: 'send', protocol: Protocol.lqr, packet });
  }

  /** What was lost between two reports of the peer's. RFC 1989 §2.8 */
  #measure({ report: last, saved: before, outLqrs }: Received, report: Report, saved: LineCounts): void {
    const rx = loss(
      difference(report.peerOutPackets, last.peerOutPackets),
      difference(saved.inPackets, before.inPackets),
    );
    const isNew = report.peerInLqrs !== last.peerInLqrs;
    this.#unseen = isNew || report.lastOutLqrs >= outLqrs ? 0 : this.#unseen + 1;
    this.#losses = { rx, tx: isNew ? lossToPeer(last, report) : this.#unseen >= 2 ? 1 : undefined };
  }

  #judge(now: Millis): void {
    const { rx, tx } = this.#losses;
    // Intervals that brought no report were bad already; this one tells of the same loss once more.
    if (this.#missed < 2) this.#intervals?.add(Math.max(rx ?? 0, tx ?? 0));
    this.#check(now);
  }

  #check(now: Millis): void {
    if (this.#intervals?.failed !== true || this.#options === undefined) return;
    const { of, intervalMs } = this.#options;
    const { rx, tx } = this.#losses;
    const figures = [
      ...(rx === undefined ? [] : [`${percent(rx)} of what the peer sends is lost`]),
      ...(tx === undefined ? [] : [`${percent(tx)} of what we send is lost`]),
      ...(this.#missed === 0 ? [] : [`the last ${this.#missed} reports are missing`]),
    ].join(', ');
    const bad = `${this.#intervals.bad} of the last ${of} intervals of ${intervalMs / 1000} s were bad`;
    this.#reset();
    this.#failed(cause('line-quality', `${bad}; ${figures}`), now);
  }
}

/** Octets of a report's frame: Address, Control, Protocol, the report, FCS and a flag. */
const frameOctets = 4 + 48 + 3;

/** RFC 1989 §2.6: before the first report of ours came through, what the peer says of them means nothing. */
function lossToPeer(last: Report, report: Report): number | undefined {
  if (last.peerInLqrs === 0) return undefined;
  return loss(
    difference(report.lastOutPackets, last.lastOutPackets),
    difference(report.peerInPackets, last.peerInPackets),
  );
}

/** Undefined where the counters went backwards: the peer began anew, or makes them up. */
function loss(sent: number, received: number): number | undefined {
  if (sent >= 0x8000_0000 || received >= 0x8000_0000) return undefined;
  return sent === 0 ? 0 : Math.max(0, sent - received) / sent;
}

/** Counters go round at 2^32. */
function difference(newer: number, older: number): number {
  return (newer - older) >>> 0;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)}%`;
}
