/**
 * The receiving half of Multilink (RFC 1990): fragments come from the members of a bundle, each member's in their order,
 * and leave as whole packets in the order of their numbers. What is missing is given up when every member has gone past it
 * (§4.1), when what follows has waited for too long, or when too much follows.
 */
import { copyOctets, getU16 } from '../base/bytes.js';
import type { Millis } from '../base/clock.js';
import { beginBit, endBit, readSequence, sequenceFormat, type SequenceFormat } from './header.js';

/** `buffer[start..end)` is behind the Protocol field. Valid until the next call. */
export interface ReassembledPacket {
  readonly protocol: number;
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Of those whose numbers are counted apart; 0 where both ends know of none. RFC 2686 §4 */
  readonly class: number;
  /** Something between the packet before and this one is lost: whoever keeps a history has to know. RFC 1990 §5 */
  readonly afterLoss: boolean;
}

export interface ReassemblerOptions {
  /** Our Maximum-Receive-Reconstructed-Unit: the largest Information field of a packet. RFC 1990 §5.1.1 */
  readonly mrru: number;
  /** The peer has acknowledged our wish for the short header. RFC 1990 §5.1.2 */
  readonly shortSequence: boolean;
  /** The class of the fragments, 0 by default. */
  readonly class?: number;
  /** How long a fragment waits for those before it: more than the members' delays and their longest fragments differ. */
  readonly waitMs: Millis;
}

export interface ReassemblerCounters {
  /** Whole packets that were passed on. */
  packets: number;
  /** Everything that was received. */
  fragments: number;
  /** Numbers that were given up. */
  lost: number;
  /** Fragments that came, and were thrown away because others of their packet are lost. */
  discarded: number;
  /** Fragments whose number was passed on or given up before. */
  late: number;
  /** Fragments that are there already. */
  duplicate: number;
  /** Shorter than the Multilink header. */
  runt: number;
  /** From a line that is no member. */
  stranger: number;
  /** Fragments or packets that are longer than the MRRU allows. */
  tooLong: number;
  /** Packets without a Protocol field. */
  badHeader: number;
  /** Times that fragments had waited for too long. */
  aged: number;
  /** Times that too many fragments were waiting. */
  overflow: number;
  /** Times that the peer's numbers jumped so far that we began anew with them. */
  resync: number;
}

/** Numbers that can be waited for at once; a power of two, and far below half of the 4096 short ones. */
const window = 256;
/** Refused fragments in a row after which the peer's numbers are believed more than ours. */
const refusalsBeforeResync = 32;
/** The Protocol field of a packet is a part of its fragments. */
const protocolOctets = 2;
const nothing = -1;

export class Reassembler {
  readonly #options: ReassemblerOptions;
  readonly #format: SequenceFormat;
  readonly #size: number;
  /** The fragments that wait: number n is at place `n % window`, `#lengths` of it is `nothing` when it isn't there. */
  readonly #octets: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(window);
  /** Made as they are needed, and used again: on one line few fragments wait at once. */
  readonly #free: Uint8Array[] = [];
  readonly #lengths = new Int32Array(window).fill(nothing);
  readonly #bits = new Uint8Array(window);
  readonly #arrived = new Float64Array(window);
  #stored = 0;
  /** Numbers count on here, without falling back to 0: what is before `#next` is passed on or given up. */
  #next = 0;
  /** Behind the highest number that waits. */
  #top = 0;
  /** Behind the fragments of the packet at `#next`: see `#followPacket`. */
  #runEnd = 0;
  /** Up to this number nothing is waited for any more, whatever the members say. */
  #givenUp = -1;
  /** The members, and the last number received on each. */
  readonly #members: number[] = [];
  readonly #heard: number[] = [];
  #refusals = 0;
  #afterLoss = false;
  /** The fragment of this call, until it is put into its place: the caller's buffer, and its number (`nothing`: none). */
  #pending = nothing;
  #pendingBuffer: Uint8Array = new Uint8Array(0);
  #pendingStart = 0;
  #pendingEnd = 0;
  #pendingAt: Millis = 0;
  #drained = true;
  /** Packets of several fragments are put together here. */
  readonly #packet: Uint8Array;
  readonly #view: { -readonly [Key in keyof ReassembledPacket]: ReassembledPacket[Key] };
  readonly #counters: ReassemblerCounters = {
    packets: 0,
    fragments: 0,
    lost: 0,
    discarded: 0,
    late: 0,
    duplicate: 0,
    runt: 0,
    stranger: 0,
    tooLong: 0,
    badHeader: 0,
    aged: 0,
    overflow: 0,
    resync: 0,
  };

  constructor(options: ReassemblerOptions) {
    this.#options = options;
    this.#format = sequenceFormat(options.shortSequence);
    this.#size = options.mrru + protocolOctets;
    this.#packet = new Uint8Array(this.#size);
    this.#view = { protocol: 0, buffer: this.#packet, start: 0, end: 0, class: options.class ?? 0, afterLoss: false };
  }

  /** Live: they count on. */
  get counters(): Readonly<ReassemblerCounters> {
    return this.#counters;
  }

  /** A line joins the bundle. Throws when it is a member. */
  join(member: number): void {
    if (this.#members.includes(member)) throw new RangeError(`${member} is a member already`);
    this.#members.push(member);
    this.#heard.push(this.#next - 1);
  }

  /** A line leaves: what it still carried is lost. Call `next` until it gives nothing. Throws when it is no member. */
  leave(member: number): void {
    const place = this.#members.indexOf(member);
    if (place < 0) throw new RangeError(`${member} is no member`);
    this.#members.splice(place, 1);
    this.#heard.splice(place, 1);
    this.#drained = false;
  }

  /**
   * Takes a frame of protocol 0x003d, `buffer[start..end)`, from a member. The buffer must stay as it is until `next` has
   * given nothing. Throws when the call before is not drained yet.
   */
  receive(member: number, buffer: Uint8Array, start: number, end: number, now: Millis): void {
    if (!this.#drained) throw new Error('the packets before are not drained: call next() until it gives nothing');
    const counters = this.#counters;
    counters.fragments++;
    const place = this.#members.indexOf(member);
    if (place < 0) {
      counters.stranger++;
      return;
    }
    if (end - start < this.#format.headerOctets) {
      counters.runt++;
      return;
    }
    this.#drained = false;
    const sequence = readSequence(this.#format, buffer, start);
    if (this.#unwrap(sequence) < this.#next && ++this.#refusals >= refusalsBeforeResync) this.#resync(sequence);
    const number = this.#unwrap(sequence);
    if (number > this.#heard[place]!) this.#heard[place] = number;
    if (number < this.#next) {
      counters.late++;
      return;
    }
    this.#refusals = 0;
    if (end - start - this.#format.headerOctets > this.#size) {
      counters.tooLong++;
      return;
    }
    if (number < this.#next + window && this.#lengths[number % window] !== nothing) {
      counters.duplicate++;
      return;
    }
    if (number >= this.#next + window) {
      counters.overflow++;
      this.#givenUp = Math.max(this.#givenUp, number - window);
    }
    this.#pending = number;
    this.#pendingBuffer = buffer;
    this.#pendingStart = start;
    this.#pendingEnd = end;
    this.#pendingAt = now;
  }

  /** The next whole packet; undefined when there is none. To be called until then after `receive`, `leave` and `timeout`. */
  next(): ReassembledPacket | undefined {
    for (;;) {
      if (this.#pending !== nothing && this.#pending < this.#next + window) this.#storePending();
      if (this.#findPacket()) {
        if (this.#takePacket()) return this.#view;
      } else if (this.#pending === nothing) {
        this.#drained = true;
        return undefined;
      }
    }
  }

  /** When `timeout` has to be called: the oldest fragment has waited for too long. */
  nextTimeout(): Millis | undefined {
    if (this.#stored === 0) return undefined;
    let oldest = Infinity;
    for (let number = this.#next; number < this.#top; number++) {
      const place = number % window;
      if (this.#lengths[place] !== nothing) oldest = Math.min(oldest, this.#arrived[place]!);
    }
    return oldest + this.#options.waitMs;
  }

  /** Gives up what is missing before fragments that have waited for too long. Call `next` until it gives nothing. */
  timeout(now: Millis): void {
    let newest = nothing;
    for (let number = this.#next; number < this.#top; number++) {
      const place = number % window;
      if (this.#lengths[place] !== nothing && this.#arrived[place]! + this.#options.waitMs <= now) newest = number;
    }
    if (newest === nothing) return;
    this.#counters.aged++;
    this.#givenUp = Math.max(this.#givenUp, newest);
    this.#drained = false;
  }

  /** The number that this sequence number means: the one that is nearest to what comes next. */
  #unwrap(sequence: number): number {
    const { mask } = this.#format;
    const ahead = (sequence - this.#next) & mask; // bitwise operators reckon modulo 2^32, which the mask's range divides
    return this.#next + (ahead > mask >>> 1 ? ahead - mask - 1 : ahead);
  }

  /** The peer's numbers have left ours behind, by more lost fragments than the circle of numbers can tell: begin anew. */
  #resync(sequence: number): void {
    this.#counters.resync++;
    this.#counters.discarded += this.#stored;
    for (let place = 0; place < window; place++) if (this.#lengths[place] !== nothing) this.#release(place);
    this.#stored = 0;
    this.#next = this.#top = sequence;
    this.#givenUp = sequence - 1;
    this.#heard.fill(sequence - 1);
    this.#afterLoss = true;
  }

  #storePending(): void {
    const place = this.#pending % window;
    const { headerOctets } = this.#format;
    const payload = this.#pendingStart + headerOctets;
    const octets = this.#free.pop() ?? new Uint8Array(this.#size);
    copyOctets(this.#pendingBuffer, payload, this.#pendingEnd, octets, 0);
    this.#octets[place] = octets;
    this.#lengths[place] = this.#pendingEnd - payload;
    this.#bits[place] = this.#pendingBuffer[this.#pendingStart]!;
    this.#arrived[place] = this.#pendingAt;
    this.#stored++;
    this.#top = Math.max(this.#top, this.#pending + 1);
    this.#pending = nothing;
  }

  /**
   * True when a whole packet begins at `#next` and ends before `#runEnd`; false when it has to be waited for. Gives up what
   * can't become whole on the way. RFC 1990 §4.1
   */
  #findPacket(): boolean {
    const passed = Math.max(this.#lowestHeard(), this.#givenUp);
    while (this.#stored > 0) {
      const next = this.#next;
      if (!this.#has(next)) {
        if (next > passed) return false;
        this.#giveUp(next + 1);
      } else if (!this.#isSet(next, beginBit)) {
        this.#giveUp(next + 1); // the fragments before it are lost
      } else {
        if (this.#followPacket()) return true;
        // Where another packet begins this one has ended, though its end is unseen: it lacks something in any case.
        const mayCome = !this.#has(this.#runEnd) && this.#runEnd > passed && next > this.#givenUp;
        if (mayCome) return false;
        this.#giveUp(this.#runEnd);
      }
    }
    if (this.#next <= this.#givenUp) this.#giveUp(this.#givenUp + 1);
    return false;
  }

  /** Sets `#runEnd` behind the fragments of the packet at `#next` that are there without a gap; true when they are all. */
  #followPacket(): boolean {
    let number = this.#next;
    do {
      if (this.#isSet(number, endBit)) {
        this.#runEnd = number + 1;
        return true;
      }
      number++;
    } while (this.#has(number) && !this.#isSet(number, beginBit));
    this.#runEnd = number;
    return false;
  }

  /** Whether a fragment waits; `number` is none before `#next`. */
  #has(number: number): boolean {
    return number < this.#top && this.#lengths[number % window] !== nothing;
  }

  #isSet(number: number, bit: number): boolean {
    return (this.#bits[number % window]! & bit) !== 0;
  }

  /** The RFC's M: what is missing up to here will not come any more. Without members that is everything. */
  #lowestHeard(): number {
    let lowest = Infinity;
    for (const last of this.#heard) lowest = Math.min(lowest, last);
    return lowest === Infinity ? this.#top - 1 : lowest;
  }

  /** Lets go of all before `number`: what is there is thrown away, what isn't is lost. */
  #giveUp(number: number): void {
    const filledTo = Math.min(number, this.#top);
    let thrown = 0;
    for (let at = this.#next; at < filledTo; at++) {
      if (this.#lengths[at % window] === nothing) continue;
      this.#release(at % window);
      thrown++;
    }
    this.#counters.discarded += thrown;
    this.#counters.lost += number - this.#next - thrown;
    this.#stored -= thrown;
    this.#next = number;
    this.#afterLoss = true;
  }

  /** Takes the fragments from `#next` to `#runEnd` out; true when they are a packet that `#view` now shows. */
  #takePacket(): boolean {
    const first = this.#next;
    const end = this.#runEnd;
    const single = end === first + 1;
    let length = 0;
    for (let number = first; number < end; number++) length += this.#lengths[number % window]!;
    const fits = length <= this.#size;
    if (fits && !single) this.#gather(first, end);
    const octets = this.#octets[first % window]!;
    for (let number = first; number < end; number++) this.#release(number % window);
    this.#stored -= end - first;
    this.#next = end;
    if (!fits) {
      this.#counters.tooLong++;
      this.#afterLoss = true;
      return false;
    }
    return this.#show(single ? octets : this.#packet, length);
  }

  #gather(first: number, end: number): void {
    let at = 0;
    for (let number = first; number < end; number++) {
      const place = number % window;
      const length = this.#lengths[place]!;
      copyOctets(this.#octets[place]!, 0, length, this.#packet, at);
      at += length;
    }
  }

  /** Nothing waits at this place any more. What was there stays as it is until the next fragment is stored. */
  #release(place: number): void {
    this.#lengths[place] = nothing;
    this.#free.push(this.#octets[place]!);
    this.#octets[place] = undefined;
  }

  /** Reads the Protocol field, of one octet or two (RFC 1661 §6.5). A null fragment is nothing to pass on. */
  #show(buffer: Uint8Array, end: number): boolean {
    if (end === 0) return false;
    const short = (buffer[0]! & 1) === 1;
    const payload = short ? 1 : protocolOctets;
    if (payload > end || end - payload > this.#options.mrru) {
      if (payload > end) this.#counters.badHeader++;
      else this.#counters.tooLong++;
      this.#afterLoss = true;
      return false;
    }
    const view = this.#view;
    view.protocol = short ? buffer[0]! : getU16(buffer, 0);
    view.buffer = buffer;
    view.start = payload;
    view.end = end;
    view.afterLoss = this.#afterLoss;
    this.#afterLoss = false;
    this.#counters.packets++;
    return true;
  }
}
