/**
 * Framing by the kernel (`kernel/`), on octets in its memory: packets, received octets and frames to be written that were made by
 * `octets` are never copied. A packet from elsewhere is copied in; where there is no room left, plain JavaScript does the work.
 */
import { type Copier, OctetCopy } from '../base/octet-copy.js';
import type { Codec, FrameReader, FrameWriter } from './codec.js';
import { CONTROL_ESCAPE, FLAG } from './constants.js';
import type { Kernel, KernelMemory } from './kernel-memory.js';
import { PlainReader, PlainWriter } from './plain-codec.js';

/** A set of octets: see `kernel/escapes.ts`. */
const setOctets = 304;
/** A packet from elsewhere is framed by the kernel up to this length; larger than any MTU of a serial line. */
const scratchOctets = 4096;
/** Beyond a frame so many octets may be overwritten. */
const frameSlack = 64;

/** What is taken from a memory and given back together. */
export class KernelCodec implements Codec {
  readonly #memory: KernelMemory;
  readonly #taken: number[] = [];

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  octets(length: number): Uint8Array {
    const at = this.#take(length);
    return at === undefined ? new Uint8Array(length) : this.#memory.octets(at, length);
  }

  writer(): FrameWriter {
    const at = this.#take(2 * setOctets + scratchOctets);
    return at === undefined ? new PlainWriter() : new KernelWriter(this.#memory, at);
  }

  reader(capacity: number): FrameReader {
    const at = this.#take(receiverOctets + setOctets + scratchOctets + capacity + frameSlack);
    return at === undefined ? new PlainReader(capacity) : new KernelReader(this.#memory, at, capacity);
  }

  copier(target: Uint8Array): Copier {
    const at = this.#memory.addressOf(target);
    return at < 0 ? new OctetCopy(target) : new KernelCopier(this.#memory, at, target);
  }

  another(): Codec {
    return new KernelCodec(this.#memory);
  }

  release(): void {
    for (const at of this.#taken.splice(0)) this.#memory.arena.give(at);
  }

  #take(length: number): number | undefined {
    const at = this.#memory.arena.take(length);
    if (at !== undefined) this.#taken.push(at);
    return at;
  }
}

class KernelWriter implements FrameWriter {
  readonly #kernel: Kernel;
  readonly #packets: Place;
  readonly #frames: Place;
  readonly #scratch: Uint8Array;
  readonly #scratchAt: number;
  /** The sets of octets that are escaped, and that of LCP's frames. */
  readonly #set: number;
  readonly #lcpSet: number;
  readonly #setBytes: Uint8Array;
  readonly #lcpSetBytes: Uint8Array;
  /** For frames that go elsewhere, and packets that are too long. */
  readonly #plain = new PlainWriter();

  constructor(memory: KernelMemory, at: number) {
    this.#kernel = memory.kernel;
    this.#packets = new Place(memory);
    this.#frames = new Place(memory);
    this.#set = at;
    this.#lcpSet = at + setOctets;
    this.#setBytes = memory.octets(this.#set, 256);
    this.#lcpSetBytes = memory.octets(this.#lcpSet, 256);
    this.#scratchAt = at + 2 * setOctets;
    this.#scratch = memory.octets(this.#scratchAt, scratchOctets);
  }

  setEscapes(lcp: boolean, escapes: Uint8Array): void {
    this.#plain.setEscapes(lcp, escapes);
    (lcp ? this.#lcpSetBytes : this.#setBytes).set(escapes);
    this.#kernel.makeSet(lcp ? this.#lcpSet : this.#set);
  }

  write(
    lcp: boolean,
    header: number,
    headerOctets: number,
    packet: Uint8Array,
    from: number,
    to: number,
    out: Uint8Array,
    at: number,
    openFlag: boolean,
  ): number {
    const frames = this.#frames.of(out);
    let packets = this.#packets.of(packet);
    if (frames < 0 || (packets < 0 && to - from > scratchOctets)) {
      return this.#plain.write(lcp, header, headerOctets, packet, from, to, out, at, openFlag);
    }
    if (packets < 0) {
      copy(packet, from, to, this.#scratch);
      packets = this.#scratchAt - from;
    }
    const set = lcp ? this.#lcpSet : this.#set;
    const start = packets + from;
    return this.#kernel.encode(set, header, headerOctets, start, packets + to, frames + at, openFlag) - frames;
  }
}

/** Fields of a receiver, as `kernel/unstuff.ts` has them, i32 each; `buffer` and `capacity` are in between. */
const AT = 0;
const TO = 1;
const LENGTH = 4;
const ESCAPED = 5;
const FCS = 6;
const SET = 7;
const receiverOctets = 64;

class KernelReader implements FrameReader {
  readonly buffer: Uint8Array;
  readonly #kernel: Kernel;
  readonly #pieces: Place;
  readonly #receiver: number;
  readonly #fields: Int32Array;
  readonly #set: number;
  readonly #setBytes: Uint8Array;
  readonly #scratch: Uint8Array;
  readonly #scratchAt: number;
  /** The piece; a part of it at a time is in the scratch memory when it lies elsewhere. */
  #bytes: Uint8Array = new Uint8Array(0);
  #to = 0;
  /** The address of the piece's octet 0, as if all of it were where the part is that is being read, which ends at `#partTo`. */
  #base = 0;
  #partTo = 0;

  constructor(memory: KernelMemory, at: number, capacity: number) {
    this.#kernel = memory.kernel;
    this.#pieces = new Place(memory);
    this.#receiver = at;
    this.#fields = new Int32Array(memory.bytes.buffer, at, SET + 1);
    this.#set = at + receiverOctets;
    this.#setBytes = memory.octets(this.#set, 256);
    this.#scratchAt = this.#set + setOctets;
    this.#scratch = memory.octets(this.#scratchAt, scratchOctets);
    const bufferAt = this.#scratchAt + scratchOctets;
    this.buffer = memory.octets(bufferAt, capacity);
    this.#fields.set([0, 0, bufferAt, capacity, 0, 0, 0, this.#set]);
  }

  get length(): number {
    return this.#fields[LENGTH]!;
  }

  get escaped(): boolean {
    return this.#fields[ESCAPED] !== 0;
  }

  get fcs(): number {
    return this.#fields[FCS]!;
  }

  get at(): number {
    return this.#fields[AT]! - this.#base;
  }

  setDropped(dropped: Uint8Array): void {
    this.#setBytes.set(dropped);
    this.#setBytes[FLAG] = 1;
    this.#setBytes[CONTROL_ESCAPE] = 1;
    this.#kernel.makeSet(this.#set);
  }

  push(bytes: Uint8Array, from: number, to: number): number {
    const address = this.#pieces.of(bytes);
    this.#bytes = bytes;
    this.#to = to;
    if (address >= 0) {
      this.#base = address;
      this.#partTo = to;
      this.#fields[AT] = address + from;
      this.#fields[TO] = address + to;
      return this.#kernel.countHigh(address + from, address + to);
    }
    let high = 0;
    for (let at = from; at < to; at++) high += bytes[at]! >>> 7;
    this.#copyPart(from);
    return high;
  }

  readToFlag(): boolean {
    while (this.#kernel.readToFlag(this.#receiver) === 0) {
      if (this.#partTo === this.#to) return false;
      this.#copyPart(this.#partTo);
    }
    return true;
  }

  begin(): void {
    this.#fields[LENGTH] = 0;
    this.#fields[ESCAPED] = 0;
  }

  #copyPart(from: number): void {
    const to = Math.min(from + scratchOctets, this.#to);
    copy(this.#bytes, from, to, this.#scratch);
    this.#base = this.#scratchAt - from;
    this.#partTo = to;
    this.#fields[AT] = this.#scratchAt;
    this.#fields[TO] = this.#scratchAt + to - from;
  }
}

/** Within the memory, as one array, octets move without a view of either part, and fifteen times as fast as one by one. */
class KernelCopier implements Copier {
  readonly #kernel: Kernel;
  readonly #bytes: Uint8Array;
  readonly #sources: Place;
  readonly #at: number;
  readonly #length: number;
  /** For what lies elsewhere. */
  readonly #plain: OctetCopy;

  constructor(memory: KernelMemory, at: number, target: Uint8Array) {
    this.#kernel = memory.kernel;
    this.#bytes = memory.bytes;
    this.#sources = new Place(memory);
    this.#at = at;
    this.#length = target.length;
    this.#plain = new OctetCopy(target);
  }

  copy(source: Uint8Array, from: number, to: number, at: number): void {
    const address = this.#sources.of(source);
    if (address < 0) {
      this.#plain.copy(source, from, to, at);
      return;
    }
    this.#check(source, from, to, at);
    this.#bytes.copyWithin(this.#at + at, address + from, address + to);
  }

  copyAndSum(source: Uint8Array, from: number, to: number, at: number): number {
    const address = this.#sources.of(source);
    if (address < 0) return this.#plain.copyAndSum(source, from, to, at);
    this.#check(source, from, to, at);
    return this.#kernel.copyAndSum(address + from, address + to, this.#at + at);
  }

  #check(source: Uint8Array, from: number, to: number, at: number): void {
    if (from < 0 || from > to || to > source.length || at < 0 || at + to - from > this.#length) {
      throw new RangeError(`${from}..${to} of ${source.length} octets do not fit at ${at} of ${this.#length}`);
    }
  }
}

/** Where arrays lie in the memory; most often it's the same array again, and to ask an array costs more than to frame it. */
class Place {
  readonly #memory: KernelMemory;
  #octets: Uint8Array | undefined;
  #address = -1;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
  }

  /** -1 when it lies elsewhere. */
  of(octets: Uint8Array): number {
    if (octets !== this.#octets) {
      this.#octets = octets;
      this.#address = this.#memory.addressOf(octets);
    }
    return this.#address;
  }
}

/** Not by `set`, which would need a view of the part. */
function copy(source: Uint8Array, from: number, to: number, target: Uint8Array): void {
  for (let at = from; at < to; at++) target[at - from] = source[at]!;
}
