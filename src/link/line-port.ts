/**
 * One line of a link: frames go out as far as the line has room, control packets first; octets come in and are unframed one
 * by one. Which packets go out is the caller's matter, who is asked for each just before it is framed.
 */
import type { PacketView } from '../compress/coder.js';
import type { Millis } from '../base/clock.js';
import type { Codec } from '../framing/codec.js';
import { FrameDecoder } from '../framing/decoder.js';
import { FrameEncoder, maxFrameLength } from '../framing/encoder.js';
import type { ByteStream, StreamHandlers } from '../line/stream.js';
import type { LineCounts } from '../ppp/lqr/report.js';
import { defaultFraming, type Framing } from '../ppp/outputs.js';
import { LineRoom } from '../queue/line-room.js';
import { lineCounts } from './line-counts.js';

/** What a line is told of. */
export interface LinePortOptions {
  /** Octets per second; undefined where the line has no speed of its own. */
  readonly bytesPerSecond: number | undefined;
  /** Characters to escape beyond the peer's ACCM. */
  readonly escape: readonly number[];
  /** The largest packet that is sent. */
  readonly mtu: number;
  /** The largest packet that is received. */
  readonly mru: number;
  /** Where the octets of the line are counted. */
  readonly tally: LineTally;
  /** Frames, on memory of its own; the port gives it back. */
  readonly codec: Codec;
}

/** Octets on the line, framing included. */
export interface LineTally {
  lineRxBytes: number;
  lineTxBytes: number;
}

/** Where a line takes its packets from. */
export interface PacketSource {
  /** The next packet for the line, which is framed before the next call; undefined when there is none. */
  next(now: Millis): PacketView | undefined;
  /** There is one, whether or not it is taken now. */
  readonly waiting: boolean;
}

/** Address, Control and Protocol. */
const headerOctets = 4;
/** Flags, Address, Control, Protocol and FCS. */
const frameOverhead = 8;
/** What compression may add to a packet: MPPE's header, and the Protocol field within. RFC 3078 §3.1 */
const longestAddition = 8;
/** Octets framed ahead of one write. */
const writeAhead = 65_536;
/** Octets of control packets that may wait for the line. */
const controlLimit = 65_536;
/** Control packets in a row while data waits: a peer that asks all the time must not stop the traffic with our answers. */
const longestControlRun = 8;

export class LinePort {
  readonly #stream: ByteStream;
  readonly #codec: Codec;
  readonly #encoder: FrameEncoder;
  readonly #decoder: FrameDecoder;
  readonly #room: LineRoom;
  readonly #mtu: number;
  /** Without a speed the line's own buffer is the limit, and says when it takes more (`Binding.limitUnsent`). */
  readonly #hasSpeed: boolean;
  /** A full frame on the wire, when nothing in it is escaped. */
  #fullFrame: number;
  /** Control packets, which go ahead of all data. */
  readonly #control: { readonly protocol: number; readonly packet: Uint8Array }[] = [];
  #controlOctets = 0;
  /** Control packets that went out since the last of the data. */
  #controlRun = 0;
  /** Framed octets: those from `#unwritten` to `#framed` still have to be written. */
  readonly #frames: Uint8Array;
  #unwritten = 0;
  #framed = 0;
  readonly #tally: LineTally;
  #ended = false;

  constructor(stream: ByteStream, { bytesPerSecond, escape, mtu, mru, tally, codec }: LinePortOptions) {
    this.#stream = stream;
    this.#tally = tally;
    this.#codec = codec;
    this.#encoder = new FrameEncoder({ escape, codec });
    this.#decoder = new FrameDecoder({ maxFrame: mru + headerOctets, codec });
    this.#mtu = mtu;
    this.#hasSpeed = bytesPerSecond !== undefined;
    this.#fullFrame = mtu + frameOverhead;
    this.#room = new LineRoom(bytesPerSecond, { frameOctets: this.#fullFrame });
    this.#frames = codec.octets(writeAhead + maxFrameLength(Math.max(mtu, mru) + longestAddition));
    this.setFraming(defaultFraming);
  }

  /** Received frames; `read` feeds it. */
  get decoder(): FrameDecoder {
    return this.#decoder;
  }

  /** For link quality monitoring: what was framed, and waits to be, and what came. `discards` were not taken. */
  counts(discards: number): LineCounts {
    return lineCounts(this.#encoder.counters, this.#decoder.counters, this.#control, discards);
  }

  get ended(): boolean {
    return this.#ended;
  }

  start(handlers: StreamHandlers): void {
    this.#stream.start(handlers);
  }

  /** Lets go of the stream; nothing is heard of it afterwards, and nothing may be read or written any more. */
  stop(): void {
    this.#stream.stop();
    this.#ended = true;
    this.#codec.release();
  }

  /** The stream showed its end: nothing is written any more. */
  end(): void {
    this.#ended = true;
  }

  setFraming({ txAccm, txPfc, txAcfc, rxAccm }: Framing): void {
    this.#encoder.setFraming(txAccm, txPfc, txAcfc);
    this.#decoder.setAccm(rxAccm);
  }

  /**
   * The largest packet that `flush` will get from now on; by default the largest that is sent. The smaller it is, the less lies
   * in the line's buffer, out of reach.
   */
  setLargest(packetOctets = this.#mtu): void {
    this.#fullFrame = packetOctets + frameOverhead;
    this.#room.setFrame(this.#fullFrame);
  }

  /**
   * A control packet for the next flush. False when too many wait: a peer that asks and never reads must not fill the memory
   * with our answers; what matters is sent again by its timer.
   */
  sendControl(protocol: number, packet: Uint8Array): boolean {
    if (this.#controlOctets + packet.length > controlLimit) return false;
    this.#controlOctets += packet.length;
    this.#control.push({ protocol, packet });
    return true;
  }

  /** Octets that wait for the wire, as far as known. */
  backlog(now: Millis): number {
    return this.#room.onTheWay(this.#stream.unsent(), now) + this.#framed - this.#unwritten + this.#controlOctets;
  }

  /** A full frame fits. */
  hasRoom(now: Millis): boolean {
    return !this.#ended && this.#framed === 0 && this.#room.room(this.#stream.unsent(), now) >= this.#fullFrame;
  }

  /** Writes what the line has room for; gives the time when there will be room for what waits, if something does. */
  flush(source: PacketSource, now: Millis): Millis | undefined {
    while (this.#write(now)) {
      const room = this.#room.room(this.#hasSpeed ? this.#stream.unsent() : 0, now);
      this.#frame(source, Math.min(room, writeAhead), now);
      if (this.#framed > 0) continue;
      const waits = this.#control.length > 0 || source.waiting;
      return waits ? now + (this.#room.wakeAfterMs(now) ?? 1) : undefined;
    }
    return undefined;
  }

  /** Reads once into `buffer` and feeds the decoder; gives the octets that came. */
  read(buffer: Uint8Array): number {
    const length = this.#stream.read(buffer);
    this.#tally.lineRxBytes += length;
    if (length > 0) this.#decoder.push(buffer, 0, length);
    return length;
  }

  /** Frames packets while a full frame fits; behind that control packets which fit by themselves. */
  #frame(source: PacketSource, room: number, now: Millis): void {
    const most = room - this.#fullFrame;
    for (;;) {
      const first = this.#control[0];
      const fits = this.#framed <= most;
      if (first !== undefined && this.#controlRun < longestControlRun && (fits || this.#isShort(first.packet, room))) {
        this.#control.shift();
        this.#controlRun++;
        this.#controlOctets -= first.packet.length;
        this.#encode(first.protocol, first.packet, 0, first.packet.length);
        continue;
      }
      if (!fits) return;
      this.#controlRun = 0;
      const packet = source.next(now);
      if (packet !== undefined) this.#encode(packet.protocol, packet.buffer, packet.start, packet.end);
      else if (this.#control.length === 0) return;
    }
  }

  #isShort({ length }: Uint8Array, room: number): boolean {
    return this.#framed + maxFrameLength(length) <= room;
  }

  #encode(protocol: number, buffer: Uint8Array, start: number, end: number): void {
    const openFlag = this.#framed === 0;
    this.#framed = this.#encoder.encode(protocol, buffer, start, end, this.#frames, this.#framed, openFlag);
  }

  /** Writes what is framed; false when some of it has to wait. */
  #write(now: Millis): boolean {
    if (this.#unwritten < this.#framed) {
      const taken = this.#stream.write(this.#frames, this.#unwritten, this.#framed - this.#unwritten);
      this.#room.handed(taken, now);
      this.#tally.lineTxBytes += taken;
      this.#unwritten += taken;
      if (this.#unwritten < this.#framed) {
        if (!this.#ended) this.#stream.watchWritable(true);
        return false;
      }
      this.#stream.watchWritable(false);
    }
    this.#unwritten = this.#framed = 0;
    return !this.#ended;
  }
}
