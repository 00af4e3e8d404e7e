/**
 * The sending half of Multilink (RFC 1990): cuts a packet into fragments for the members of a bundle, so that all of them
 * are done with it at about the same time. It looks at lengths and loads only; the octets stay where they are.
 */
import { beginBit, endBit, sequenceFormat, writeHeader, type SequenceFormat } from './header.js';

/** A line of the bundle, as it is right now. */
export interface MemberLoad {
  readonly id: number;
  /** What its wire carries; above 0. */
  readonly bytesPerSecond: number;
  /** The largest Information field that the peer takes on it: its MRU. */
  readonly mtu: number;
  /** Octets handed to it that are not on the wire yet. */
  readonly backlog: number;
}

/**
 * What goes out on a member as one frame of protocol 0x003d: `header[0..headerLength)` (the Multilink header, and the
 * packet's Protocol field in its first fragment), then the packet's octets from `start` to `end`.
 */
export interface Fragment {
  readonly member: number;
  readonly header: Uint8Array;
  readonly headerLength: number;
  readonly start: number;
  readonly end: number;
}

export interface FragmenterOptions {
  /** The peer has asked for the short header. RFC 1990 §5.1.2 */
  readonly shortSequence: boolean;
  /** The class of all its fragments, which have numbers of their own; 0 where both ends know of none. RFC 2686 §4 */
  readonly class?: number;
  /** The peer takes a Protocol field of one octet. RFC 1661 §6.5 */
  readonly pfc: boolean;
  /** Octets below which a fragment isn't worth its header; 16 or more. */
  readonly minFragment: number;
  /** How long a fragment may take a member's wire, so that what is urgent can get in between; Infinity: as long as it likes. */
  readonly maxFragmentMs: number;
}

type OwnFragment = { -readonly [Key in keyof Fragment]: Fragment[Key] };

/** Protocol field and the longer header. */
const longestHeader = 6;
/** Flag, Address, Control, Protocol, and FCS, about. */
const framingOctets = 7;
const leastFragment = 16;
const leftOut = -Infinity;

export class Fragmenter {
  readonly #options: FragmenterOptions;
  readonly #format: SequenceFormat;
  readonly #classBits: number;
  /** How long a fragment may take at present. */
  #fragmentMs: number;
  /** What each fragment costs its wire beyond what it carries. */
  readonly #overhead: number;
  /** Made as packets need them, and used again. */
  readonly #fragments: OwnFragment[] = [];
  #count = 0;
  /** Octets of the packet for each member, by its place in the list; `leftOut` while it gets none. */
  #shares = new Float64Array(4);
  /** The first fragment of a bundle has the number 0. RFC 1990 §4.1 */
  #sequence = 0;
  /** Where the search for the least loaded member begins: among equals they take turns. */
  #turn = 0;

  constructor(options: FragmenterOptions) {
    const { minFragment, maxFragmentMs } = options;
    if (!(minFragment >= leastFragment) || !(maxFragmentMs > 0))
      throw new RangeError(`fragments of ${minFragment} octets and more, of up to ${maxFragmentMs} ms`);
    this.#options = options;
    this.#format = sequenceFormat(options.shortSequence);
    this.#classBits = (options.class ?? 0) << this.#format.classShift;
    this.#fragmentMs = maxFragmentMs;
    this.#overhead = framingOctets + this.#format.headerOctets;
  }

  /**
   * Cuts the packet that stands from `start` to `end` behind its Protocol field. Returns the number of fragments, which are
   * `fragment(0)` and so on. Each has to be sent on its member, in this order; a number that is taken can't be given back.
   * Throws without members, and when one's rate or mtu makes no sense.
   */
  split(protocol: number, start: number, end: number, members: readonly MemberLoad[]): number {
    this.#checkMembers(members);
    const protocolOctets = this.#options.pfc && protocol < 0x100 ? 1 : 2;
    this.#share(protocolOctets + end - start, members);
    this.#count = 0;
    let at = start - protocolOctets;
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!;
      let left = this.#shares[i]!;
      for (let pieces = Math.ceil(left / this.#largestFragment(member)); left > 0; pieces--) {
        const octets = Math.ceil(left / pieces);
        this.#add(member.id, Math.max(at, start), at + octets);
        at += octets;
        left -= octets;
      }
    }
    this.#finish(protocol, protocolOctets);
    return this.#count;
  }

  /**
   * A fragment that carries nothing: for a member that is about to be idle, it tells the peer that nothing is missing.
   * RFC 1990 §4.1
   */
  nullFragment(member: number): Fragment {
    this.#count = 0;
    const fragment = this.#add(member, 0, 0);
    writeHeader(this.#format, beginBit | endBit | this.#classBits, this.#takeSequence(), fragment.header);
    fragment.headerLength = this.#format.headerOctets;
    return fragment;
  }

  /** The fragments of the last packet, from 0; valid until the next one. Throws when there is none of that number. */
  fragment(index: number): Fragment {
    const fragment = index < this.#count ? this.#fragments[index] : undefined;
    if (fragment === undefined) throw new RangeError(`fragment ${index} of ${this.#count}`);
    return fragment;
  }

  /** Whether fragments are bounded by the time that they take: without anything that could get in between, that is no use. */
  set cutsForTime(does: boolean) {
    this.#fragmentMs = does ? this.#options.maxFragmentMs : Infinity;
  }

  /** Octets behind the Protocol field of the largest frame that goes out on a member. */
  largestFrame(member: MemberLoad): number {
    return this.#format.headerOctets + this.#largestFragment(member);
  }

  #checkMembers(members: readonly MemberLoad[]): void {
    if (members.length === 0) throw new RangeError('a bundle without members');
    if (members.length > this.#shares.length) this.#shares = new Float64Array(members.length);
    for (const { id, bytesPerSecond, mtu } of members) {
      if (!(bytesPerSecond > 0) || !(mtu >= leastFragment + this.#format.headerOctets))
        throw new RangeError(`member ${id} carries ${bytesPerSecond} octets a second, ${mtu} in a frame`);
    }
  }

  /** Sets the shares of a packet of `length` octets. */
  #share(length: number, members: readonly MemberLoad[]): void {
    const shares = this.#shares;
    shares.fill(0);
    let active = members.length;
    while (active > 1) {
      const finish = this.#commonFinish(length, members);
      let least = 0;
      let leastShare = Infinity;
      for (let i = 0; i < members.length; i++) {
        if (shares[i] === leftOut) continue;
        const { bytesPerSecond, backlog } = members[i]!;
        shares[i] = Math.floor(bytesPerSecond * finish - backlog - this.#overhead);
        if (shares[i]! >= leastShare) continue;
        leastShare = shares[i]!;
        least = i;
      }
      if (leastShare >= this.#options.minFragment) break;
      shares[least] = leftOut;
      active--;
    }
    if (active === 1) this.#giveWhole(length, members);
    else this.#giveRemainder(length, members.length);
  }

  /** When all members that are not left out are done, if they share the packet: in seconds from now. */
  #commonFinish(length: number, members: readonly MemberLoad[]): number {
    let octets = length;
    let rate = 0;
    for (let i = 0; i < members.length; i++) {
      if (this.#shares[i] === leftOut) continue;
      octets += members[i]!.backlog + this.#overhead;
      rate += members[i]!.bytesPerSecond;
    }
    return octets / rate;
  }

  /** To the member that is done with it first. */
  #giveWhole(length: number, members: readonly MemberLoad[]): void {
    let best = 0;
    let bestFinish = Infinity;
    for (let i = 0; i < members.length; i++) {
      const index = (this.#turn + i) % members.length;
      const { bytesPerSecond, backlog } = members[index]!;
      const finish = (backlog + this.#overhead + length) / bytesPerSecond;
      if (finish >= bestFinish) continue;
      bestFinish = finish;
      best = index;
    }
    this.#turn = best + 1;
    this.#shares.fill(0);
    this.#shares[best] = length;
  }

  /** What rounding has left over goes to the first that has a share. */
  #giveRemainder(length: number, members: number): void {
    const shares = this.#shares;
    let first = -1;
    let given = 0;
    for (let i = 0; i < members; i++) {
      shares[i] = Math.max(0, shares[i]!);
      if (first < 0 && shares[i]! > 0) first = i;
      given += shares[i]!;
    }
    shares[first] = shares[first]! + length - given;
  }

  /** Octets of the packet that one frame may carry. */
  #largestFragment({ bytesPerSecond, mtu }: MemberLoad): number {
    const inTime = Math.floor((bytesPerSecond * this.#fragmentMs) / 1000) - this.#overhead;
    return Math.min(mtu - this.#format.headerOctets, Math.max(this.#options.minFragment, inTime));
  }

  #add(member: number, start: number, end: number): OwnFragment {
    let fragment = this.#fragments[this.#count];
    if (fragment === undefined) {
      fragment = { member, header: new Uint8Array(longestHeader), headerLength: 0, start, end };
      this.#fragments.push(fragment);
    }
    this.#count++;
    fragment.member = member;
    fragment.start = start;
    fragment.end = end;
    return fragment;
  }

  /** Writes all headers, now that it is known which fragment is the last one. */
  #finish(protocol: number, protocolOctets: number): void {
    const { headerOctets } = this.#format;
    for (let i = 0; i < this.#count; i++) {
      const fragment = this.#fragments[i]!;
      const bits = (i === 0 ? beginBit : 0) | (i === this.#count - 1 ? endBit : 0);
      writeHeader(this.#format, bits | this.#classBits, this.#takeSequence(), fragment.header);
      fragment.headerLength = headerOctets;
      if (i > 0) continue;
      if (protocolOctets === 2) fragment.header[fragment.headerLength++] = protocol >>> 8;
      fragment.header[fragment.headerLength++] = protocol;
    }
  }

  #takeSequence(): number {
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) & this.#format.mask;
    return sequence;
  }
}
