/**
 * The lines of one session as one: a packet goes out whole on a line, or cut over all lines that are open (Multilink,
 * RFC 1990), and what comes in on any of them is put together again. Between the fragments of a long packet a small one may
 * overtake it: as it is, or, while compressed packets have to keep their order, in a class of its own (RFC 2686).
 */
import type { Millis } from '../base/clock.js';
import type { PacketView } from '../compress/coder.js';
import { Fragmenter, type MemberLoad } from '../multilink/fragmenter.js';
import { defaultMrru, type MultilinkOptions } from '../multilink/options.js';
import { ClassReassembler } from '../multilink/class-reassembler.js';
import type { ReassembledPacket } from '../multilink/reassembler.js';
import { Protocol } from '../ppp/numbers.js';
import type { Bundle, Framing } from '../ppp/outputs.js';
import type { Overtaking } from './data-path.js';
import { FragmentQueue } from './fragment-queue.js';
import type { LinePort, PacketSource } from './line-port.js';

/** Where packets for all lines come from. */
export interface BundleSource extends PacketSource {
  readonly overtaking: Overtaking;
  /** A packet of at most so many octets that may overtake the fragments of a long one; undefined when there is none. */
  nextUrgent(largest: number, now: Millis): PacketView | undefined;
}

interface BundledLine {
  readonly number: number;
  readonly port: LinePort;
  readonly bytesPerSecond: number | undefined;
  readonly source: PacketSource;
  /** `mtu` is the largest frame that the peer takes on it. */
  readonly load: { -readonly [Key in keyof MemberLoad]: MemberLoad[Key] };
  /** Fragments that are taken for this line and not framed yet; their numbers are given, so they have to go out. */
  readonly fragments: FragmentQueue;
  /** A fragment went out on it since the last that told the peer that nothing is missing. */
  isBehind: boolean;
}

/** What overtakes others; they are of class 0. */
const urgentClass = 1;
/** Multilink's, and the Protocol field. */
const longestHeader = 6;
/** A line without a speed: any, as long as it is the same for all of them. */
const nominalBytesPerSecond = 125_000_000;
/** Control packets of the bundle that may wait; more than a session sends at once. */
const mostControl = 64;
/** A fragment may be late by this and the time that a packet takes on the slowest line. */
const patienceMs = 250;

export class LineBundle {
  readonly #source: BundleSource;
  readonly #options: MultilinkOptions | undefined;
  readonly #lines = new Map<number, BundledLine>();
  /** Those that are open, in their order. */
  #open: readonly BundledLine[] = [];
  #openLoads: readonly MemberLoad[] = [];
  /** Control packets of the bundle that wait: they go out in order with its data. */
  readonly #control: PacketView[] = [];
  #agreed: Bundle['multilink'];
  #fragmenter: Fragmenter | undefined;
  /** For packets that overtake others; undefined where the peer knows of no classes. */
  #urgentFragmenter: Fragmenter | undefined;
  /** Of them, the one that is on its way to its frame. */
  readonly #urgent = new FragmentQueue();
  /** Small packets get between the fragments of long ones as things stand. */
  #overtakes = true;
  #reassembler: ClassReassembler | undefined;

  constructor(options: MultilinkOptions | undefined, source: BundleSource) {
    this.#options = options;
    this.#source = source;
  }

  get ports(): readonly LinePort[] {
    return Array.from(this.#lines.values(), ({ port }) => port);
  }

  get numbers(): readonly number[] {
    return [...this.#lines.keys()];
  }

  /** Some line is there to send on. */
  get isAlive(): boolean {
    return this.ports.some(({ ended }) => !ended);
  }

  /** Packets may come and go on it. */
  isOpen(line: number): boolean {
    return this.#open.some(({ number }) => number === line);
  }

  /** The first that is open; 0 while none is. */
  get first(): number {
    return this.#open[0]?.number ?? 0;
  }

  port(line: number): LinePort | undefined {
    return this.#lines.get(line)?.port;
  }

  /** A line is there; control packets go out on it. */
  add(number: number, port: LinePort, bytesPerSecond: number | undefined): void {
    const next = (now: Millis): PacketView | undefined => this.#next(line, now);
    const isWaiting = (): boolean => this.#isWaiting(line);
    const source: PacketSource = {
      next,
      get waiting() {
        return isWaiting();
      },
    };
    const load = { id: number, bytesPerSecond: bytesPerSecond ?? nominalBytesPerSecond, mtu: 0, backlog: 0 };
    const fragments = new FragmentQueue();
    const line: BundledLine = { number, port, bytesPerSecond, source, load, fragments, isBehind: false };
    this.#lines.set(number, line);
    if (this.#options === undefined) this.#open = [line];
  }

  remove(number: number): void {
    const line = this.#lines.get(number);
    this.#lines.delete(number);
    this.#open = this.#open.filter((other) => other !== line);
    this.#openLoads = this.#open.map(({ load }) => load);
  }

  /** What the session says of its lines: who is open, and how packets are cut. */
  set({ lines, multilink }: Bundle): void {
    const before = this.#open;
    this.#open = lines.flatMap(({ line: number, mru }) => {
      const line = this.#lines.get(number);
      if (line === undefined) return [];
      line.load.mtu = mru;
      return [line];
    });
    if (multilink === undefined || this.#open.length === 0 || !sameAgreement(multilink, this.#agreed)) {
      this.#begin(this.#open.length === 0 ? undefined : multilink);
      for (const line of this.#open) this.#reassembler?.join(line.number);
    } else {
      for (const line of before) if (!this.#open.includes(line)) this.#reassembler?.leave(line.number);
      for (const line of this.#open) if (!before.includes(line)) this.#reassembler?.join(line.number);
    }
    for (const line of before) if (!this.#open.includes(line)) line.fragments.clear();
    this.#openLoads = this.#open.map(({ load }) => load);
    this.#adapt();
  }

  /** What all lines that are open carry together, in octets per second; undefined where one has no speed. */
  get bytesPerSecond(): number | undefined {
    let sum: number | undefined = 0;
    for (const { bytesPerSecond } of this.#open)
      sum = sum === undefined || bytesPerSecond === undefined ? undefined : sum + bytesPerSecond;
    return sum;
  }

  /** Frames whatever the lines have room for; gives the time when there will be room for what waits, if something does. */
  flush(now: Millis): Millis | undefined {
    if (this.#mayOvertake !== this.#overtakes) this.#adapt();
    let wake: Millis | undefined;
    // What one line takes from the queue may be for another one as well.
    for (let round = 0; round <= this.#lines.size; round++) {
      wake = undefined;
      for (const { port, source } of this.#lines.values()) {
        if (port.ended) continue;
        const room = port.flush(source, now);
        if (room !== undefined && (wake === undefined || room < wake)) wake = room;
      }
      if (!this.#open.some(({ fragments, port }) => fragments.length > 0 && port.hasRoom(now))) break;
    }
    return wake;
  }

  /**
   * A control packet for a line, or for the bundle. What is the bundle's gets a number as its data does: a Reset-Ack of CCP has
   * to stay between what was compressed before it and behind it (RFC 1962 §3), whatever the lines do to the order. False when
   * too many wait.
   */
  sendControl(line: number | undefined, protocol: number, packet: Uint8Array): boolean {
    if (line === undefined && this.#fragmenter !== undefined) {
      if (this.#control.length >= mostControl) return false;
      this.#control.push({ protocol, buffer: packet, start: 0, end: packet.length });
      return true;
    }
    return this.#portOf(line)?.sendControl(protocol, packet) ?? true;
  }

  /** Frames on a line, or on the only one, are built and read so from now on. */
  setFraming(line: number | undefined, framing: Framing): void {
    this.#portOf(line)?.setFraming(framing);
  }

  /** Multilink's frames are understood. */
  get reassembles(): boolean {
    return this.#reassembler !== undefined;
  }

  /** A fragment came in on a line; `next` gives what it completes, and must be called until it gives nothing. */
  receive(line: number, buffer: Uint8Array, start: number, end: number, now: Millis): void {
    this.#reassembler?.receive(line, buffer, start, end, now);
  }

  next(): ReassembledPacket | undefined {
    let packet = this.#reassembler?.next();
    while (packet !== undefined && concernsOneLine(packet)) packet = this.#reassembler?.next();
    return packet;
  }

  nextTimeout(): Millis | undefined {
    return this.#reassembler?.nextTimeout();
  }

  /** Gives up what is missing for too long; `next` must be called until it gives nothing. */
  timeout(now: Millis): void {
    const deadline = this.nextTimeout();
    if (deadline !== undefined && deadline <= now) this.#reassembler?.timeout(now);
  }

  /** Fragments that were no use, by reason. */
  get counters(): Readonly<Record<string, number>> {
    const { lost = 0, discarded = 0, late = 0 } = this.#reassembler?.counters ?? {};
    return { 'fragments-lost': lost, 'fragments-discarded': discarded, 'fragments-late': late };
  }

  #begin(agreed: Bundle['multilink']): void {
    this.#agreed = agreed;
    this.#fragmenter = this.#urgentFragmenter = undefined;
    this.#reassembler = undefined;
    this.#control.length = 0;
    if (agreed === undefined || this.#options === undefined) return;
    const { minFragment, maxFragmentMs } = this.#options;
    const { send, receive } = agreed;
    // RFC 1990 §4: within a bundle the Protocol field is compressed, whatever its lines agreed on.
    const options = { ...send, pfc: true, minFragment };
    this.#fragmenter = new Fragmenter({ ...options, maxFragmentMs });
    if (send.classes > urgentClass)
      this.#urgentFragmenter = new Fragmenter({ ...options, class: urgentClass, maxFragmentMs: Infinity });
    const slowest = Math.min(...Array.from(this.#lines.values(), ({ load }) => load.bytesPerSecond));
    const waitMs = patienceMs + (1000 * 2 * receive.mrru) / slowest;
    // RFC 1990 §5.1.1: whatever was agreed on.
    this.#reassembler = new ClassReassembler({ ...receive, mrru: Math.max(receive.mrru, defaultMrru), waitMs });
  }

  get #mayOvertake(): boolean {
    const { overtaking } = this.#source;
    return overtaking === 'free' || (overtaking === 'past the history' && this.#urgentFragmenter !== undefined);
  }

  /** To cut for time is of use only where something gets in between. */
  #adapt(): void {
    this.#overtakes = this.#mayOvertake;
    if (this.#fragmenter !== undefined) this.#fragmenter.cutsForTime = this.#overtakes;
    for (const line of this.#open) {
      const isWhole = this.#isSingle && !this.#overtakes;
      line.port.setLargest(isWhole ? undefined : this.#fragmenter?.largestFrame(line.load));
    }
  }

  get #isSingle(): boolean {
    return this.#options?.isSingle === true;
  }

  #portOf(line: number | undefined): LinePort | undefined {
    return line === undefined ? (this.#open[0]?.port ?? this.ports[0]) : this.port(line);
  }

  #isWaiting(line: BundledLine): boolean {
    if (line.fragments.length > 0) return true;
    return (this.#control.length > 0 || this.#source.waiting) && this.#carriesData(line);
  }

  #carriesData(line: BundledLine): boolean {
    return this.#fragmenter === undefined ? this.#open[0] === line : this.#open.includes(line);
  }

  #next(line: BundledLine, now: Millis): PacketView | undefined {
    if (!this.#carriesData(line)) return undefined;
    const fragmenter = this.#fragmenter;
    if (fragmenter === undefined) return this.#source.next(now);
    const urgent = this.#nextUrgent(fragmenter, line, now);
    if (urgent !== undefined) return urgent;
    while (line.fragments.length === 0) {
      const packet = this.#control.shift() ?? this.#source.next(now);
      if (packet === undefined) {
        this.#tellThatNothingIsMissing(fragmenter);
        break;
      }
      if (this.#goesWhole(fragmenter, line, packet)) return packet;
      this.#cut(fragmenter, packet, now);
    }
    return line.fragments.shift();
  }

  /** On a single line the order is kept anyway, and what one frame takes needs no number. */
  #goesWhole(fragmenter: Fragmenter, line: BundledLine, { start, end }: PacketView): boolean {
    if (!this.#isSingle) return false;
    return end - start <= (this.#overtakes ? fragmenter.largestFrame(line.load) : line.load.mtu);
  }

  /**
   * What goes between the fragments of something long; it is not put off until they are all gone. On one line only, so that such
   * packets stay in order among themselves. As a whole and without a number (RFC 1990 §8), or else as the only fragment of
   * another class (RFC 2686 §4).
   */
  #nextUrgent(fragmenter: Fragmenter, line: BundledLine, now: Millis): PacketView | undefined {
    if (!this.#overtakes || line.fragments.length === 0 || line !== this.#open[0]) return undefined;
    const packet = this.#source.nextUrgent(fragmenter.largestFrame(line.load) - longestHeader, now);
    if (packet === undefined || this.#source.overtaking === 'free' || this.#urgentFragmenter === undefined)
      return packet;
    this.#urgentFragmenter.split(packet.protocol, packet.start, packet.end, [line.load]);
    this.#urgent.push(this.#urgentFragmenter.fragment(0), packet.buffer);
    return this.#urgent.shift();
  }

  #cut(fragmenter: Fragmenter, { protocol, buffer, start, end }: PacketView, now: Millis): void {
    const count = fragmenter.split(protocol, start, end, this.#loads(now));
    for (const line of this.#open) line.isBehind = true;
    for (let i = 0; i < count; i++) {
      const fragment = fragmenter.fragment(i);
      const line = this.#lines.get(fragment.member);
      if (line === undefined) continue;
      line.fragments.push(fragment, buffer);
      line.isBehind = i + 1 < count;
    }
  }

  /**
   * The queue is empty: a line that had no part in the last packets tells the peer their numbers. Not by a null fragment (RFC 1990
   * §4.1): Linux throws it away before it looks at its number, and then waits for that. LCP's Discard-Request is allowed in a
   * bundle (RFC 1990 §2) and does nothing (RFC 1661 §5.9).
   */
  #tellThatNothingIsMissing(fragmenter: Fragmenter): void {
    const behind = this.#open.filter(({ isBehind }) => isBehind);
    for (const line of behind) {
      if (this.#open.length > 1) {
        fragmenter.split(Protocol.lcp, 0, discardRequest.length, [line.load]);
        line.fragments.push(fragmenter.fragment(0), discardRequest);
      }
      line.isBehind = false;
    }
  }

  /** Of the lines that are open, as they are now. */
  #loads(now: Millis): readonly MemberLoad[] {
    // One alone gets everything, however much waits for it.
    if (this.#open.length > 1)
      for (const { load, port, fragments } of this.#open) load.backlog = port.backlog(now) + fragments.octets;
    return this.#openLoads;
  }
}

/** Code 11, without a magic number. RFC 1661 §5.9 */
const discardRequest = Uint8Array.of(11, 0, 0, 8, 0, 0, 0, 0);

/** The codes of LCP from Configure-Request to Terminate-Ack: which line they mean can't be told. RFC 1990 §2 */
const lastOfOneLine = 6;

function concernsOneLine({ protocol, buffer, start }: ReassembledPacket): boolean {
  return protocol === Protocol.lcp && (buffer[start] ?? 0) <= lastOfOneLine;
}

function sameAgreement(a: NonNullable<Bundle['multilink']>, b: Bundle['multilink']): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
