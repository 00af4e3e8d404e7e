/**
 * The receiving half of Multilink with classes (RFC 2686): every class has numbers of its own and is put together by itself, so
 * that a packet of one may come between the fragments of another's. Where no classes are agreed on there is one.
 */
import type { Millis } from '../base/clock.js';
import { readClass, sequenceFormat } from './header.js';
import { Reassembler, type ReassembledPacket, type ReassemblerOptions } from './reassembler.js';

export interface ClassReassemblerOptions extends Omit<ReassemblerOptions, 'class'> {
  /** How many the peer may use. RFC 2686 §6.1 */
  readonly classes: number;
}

/** What came to nothing, of all classes. */
export interface FragmentCounters {
  /** Numbers that were given up. */
  lost: number;
  /** Fragments that came, and were thrown away because others of their packet are lost, or their class was not agreed on. */
  discarded: number;
  /** Fragments whose number was passed on or given up before. */
  late: number;
}

export class ClassReassembler {
  readonly #options: ClassReassemblerOptions;
  readonly #members: number[] = [];
  /** By class; made when the first fragment of it comes. */
  readonly #classes: (Reassembler | undefined)[];
  #strangers = 0;

  constructor(options: ClassReassemblerOptions) {
    this.#options = options;
    this.#classes = new Array<Reassembler | undefined>(options.classes);
  }

  /** A line joins the bundle. Throws when it is a member. */
  join(member: number): void {
    if (this.#members.includes(member)) throw new RangeError(`${member} is a member already`);
    this.#members.push(member);
    for (const reassembler of this.#made()) reassembler.join(member);
  }

  /** A line leaves: what it still carried is lost. Call `next` until it gives nothing. Throws when it is no member. */
  leave(member: number): void {
    const place = this.#members.indexOf(member);
    if (place < 0) throw new RangeError(`${member} is no member`);
    this.#members.splice(place, 1);
    for (const reassembler of this.#made()) reassembler.leave(member);
  }

  /** Takes a frame of protocol 0x003d, `buffer[start..end)`, from a member; see `Reassembler.receive`. */
  receive(member: number, buffer: Uint8Array, start: number, end: number, now: Millis): void {
    const { classes, shortSequence } = this.#options;
    // The bits of the class are reserved where there is but one: RFC 1990 §3. What is too short is of none.
    const its = classes > 1 && end > start ? readClass(sequenceFormat(shortSequence), buffer, start) : 0;
    if (its >= classes) this.#strangers++;
    else this.#of(its).receive(member, buffer, start, end, now);
  }

  /** The next whole packet; undefined when there is none. To be called until then after `receive`, `leave` and `timeout`. */
  next(): ReassembledPacket | undefined {
    for (const reassembler of this.#classes) {
      const packet = reassembler?.next();
      if (packet !== undefined) return packet;
    }
    return undefined;
  }

  /** When `timeout` has to be called: the oldest fragment of some class has waited for too long. */
  nextTimeout(): Millis | undefined {
    let first: Millis | undefined;
    for (const reassembler of this.#classes) {
      const deadline = reassembler?.nextTimeout();
      if (deadline !== undefined && (first === undefined || deadline < first)) first = deadline;
    }
    return first;
  }

  /** Gives up what is missing before fragments that have waited for too long. Call `next` until it gives nothing. */
  timeout(now: Millis): void {
    for (const reassembler of this.#made()) reassembler.timeout(now);
  }

  get counters(): Readonly<FragmentCounters> {
    const sum: FragmentCounters = { lost: 0, discarded: this.#strangers, late: 0 };
    for (const { counters } of this.#made()) {
      sum.lost += counters.lost;
      sum.discarded += counters.discarded;
      sum.late += counters.late;
    }
    return sum;
  }

  #of(its: number): Reassembler {
    const there = this.#classes[its];
    if (there !== undefined) return there;
    const made = new Reassembler({ ...this.#options, class: its });
    for (const member of this.#members) made.join(member);
    this.#classes[its] = made;
    return made;
  }

  #made(): readonly Reassembler[] {
    return this.#classes.filter((reassembler) => reassembler !== undefined);
  }
}
