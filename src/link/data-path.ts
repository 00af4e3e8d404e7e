/**
 * What happens to a packet between the queue and the frame, and back: its headers are compressed (Van Jacobson), then the
 * whole of it (CCP), as far as the session has agreed on it. Without agreement packets pass as they are.
 */
import type { Compressor, Decompressor, PacketView } from '../compress/coder.js';
import { makeCompressor, makeDecompressor } from '../compress/make.js';
import type { CompressionMethod, VjOptions } from '../compress/method.js';
import { VjCompressor } from '../compress/vj/compressor.js';
import { largestPacket, VjDecompressor } from '../compress/vj/decompressor.js';
import type { Codec } from '../framing/codec.js';
import { plainCodec } from '../framing/plain-codec.js';
import { Protocol } from '../ppp/numbers.js';

/** What a session agreed on, one of each for what we send and for what we receive. */
export interface Directions<T> {
  readonly send: T | undefined;
  readonly receive: T | undefined;
}

/** Packets that got lost on this way, by reason; the names are stable. */
export interface DataPathCounters {
  /** Compressed packets that were damaged, or came after a loss. RFC 1962 §3 */
  decompress: number;
  /** Packets that came plain while they have to be encrypted. RFC 3078 §3 */
  'not-encrypted': number;
  /** TCP packets whose compressed header could not be made whole. RFC 1144 §4 */
  'vj-header': number;
}

/**
 * What a packet may do that overtakes others: nothing is in its way; it must not be seen by what compresses them, whose history
 * is made by their order; or it may not go at all, since everything is encrypted (RFC 3078 §3) or the peer doesn't tell it apart.
 */
export type Overtaking = 'free' | 'past the history' | 'none';

/** Compressed packets without a complaint of the peer by which it has shown that it keeps others out of its history. */
const proof = 32;
/** Complaints that suggest the opposite, though noise brings them about as well. */
const mostDoubts = 3;
/** Compressed packets until it is tried once more. */
const pause = 1000;

export class DataPath {
  readonly #codec: Codec;
  /** Where headers are restored; made when that is needed, once. */
  #whole: Uint8Array | undefined;
  /** The peer's compressed packets can't be read, so many in a row: it has to be asked for a reset. */
  readonly #damaged: (inARow: number) => void;
  #inARow = 0;
  readonly #counters: DataPathCounters = { decompress: 0, 'not-encrypted': 0, 'vj-header': 0 };
  /** What `outbound` and `inbound` give, without an allocation for each packet. */
  readonly #out: { -readonly [Key in keyof PacketView]: PacketView[Key] };
  readonly #in: { -readonly [Key in keyof PacketView]: PacketView[Key] };
  #vjCompressor: VjCompressor | undefined;
  #vjDecompressor: VjDecompressor | undefined;
  #compressor: Compressor | undefined;
  /** The compressor's packets are sent; until then it only learns. */
  #compresses = false;
  #encrypts = false;
  /** Packets compressed since one first went past the compressor after the last reset; undefined while none did. */
  #sincePast: number | undefined;
  /** Resets that the peer asked for soon after that; -Infinity once it is proved that none of them came of it. */
  #doubts = 0;
  /** Compressed packets that have to go out before one goes past them again. */
  #pause = 0;
  #decompressor: Decompressor | undefined;
  #decrypts = false;

  /** What is made whole lies in the codec's memory, until that is released. */
  constructor(damaged: (inARow: number) => void, codec: Codec = plainCodec) {
    this.#damaged = damaged;
    this.#codec = codec;
    this.#out = { protocol: Protocol.ip, buffer: new Uint8Array(0), start: 0, end: 0 };
    this.#in = { ...this.#out };
  }

  get counters(): Readonly<DataPathCounters> {
    return this.#counters;
  }

  /** Compressed packets can be read. */
  get decompresses(): boolean {
    return this.#decompressor !== undefined;
  }

  /** Each packet that is compressed counts for those behind it. */
  get overtaking(): Overtaking {
    if (this.#compressor === undefined) return 'free';
    return this.#encrypts || this.#pause > 0 ? 'none' : 'past the history';
  }

  /**
   * A packet went out past the compressor, in a class of its own. No standard says that the peer must keep it out of its history:
   * one that doesn't loses its place in it every time, and asks for a reset.
   */
  wentPast(): void {
    this.#sincePast ??= 0;
  }

  /** Packets with compressed headers can be read. */
  get restoresHeaders(): boolean {
    return this.#vjDecompressor !== undefined;
  }

  /** Both directions of header compression; a direction that is undefined passes headers as they are. RFC 1332 §4 */
  setHeaderCompression({ send, receive }: Directions<VjOptions>): void {
    this.#vjCompressor = send && new VjCompressor(send);
    this.#whole ??= receive && this.#codec.octets(largestPacket);
    this.#vjDecompressor =
      receive && this.#whole && new VjDecompressor(receive, this.#whole, this.#codec.copier(this.#whole));
  }

  /** From now on every packet teaches a new compressor, which is not heard until `startCompressor`. RFC 1979 §2 */
  setCompressor(method: CompressionMethod | undefined): void {
    this.#compressor = method && makeCompressor(method);
    this.#compresses = false;
    this.#encrypts = method?.kind === 'mppe';
    this.#sincePast = undefined;
  }

  startCompressor(): void {
    this.#compresses = true;
  }

  setDecompressor(method: CompressionMethod | undefined): void {
    this.#decompressor = method && makeDecompressor(method);
    this.#decrypts = method?.kind === 'mppe';
    this.#inARow = 0;
  }

  resetCompressor(): void {
    if (this.#sincePast !== undefined && ++this.#doubts >= mostDoubts) this.#pause = pause;
    this.#sincePast = undefined;
    this.#compressor?.reset();
  }

  resetDecompressor(): void {
    this.#decompressor?.reset();
  }

  /**
   * An IP packet on its way to the line, `buffer[start..end)`, whose headers may be changed in place. What this gives has to be
   * sent, and in this order: it is in the peer's history. Valid until the next call.
   */
  outbound(protocol: number, buffer: Uint8Array, start: number, end: number): PacketView {
    const out = this.#out;
    out.protocol = protocol;
    out.buffer = buffer;
    out.start = start;
    out.end = end;
    if (this.#vjCompressor !== undefined && protocol === Protocol.ip) {
      const packet = this.#vjCompressor.compress(buffer, start, end);
      out.protocol = packet.protocol;
      out.start = packet.start;
      out.end = packet.end;
    }
    const compressed = this.#compressor?.compress(out.protocol, out.buffer, out.start, out.end);
    if (compressed === undefined || !this.#compresses) return out;
    if (this.#sincePast !== undefined && ++this.#sincePast >= proof) this.#doubts = -Infinity;
    if (this.#pause > 0) this.#pause--;
    out.protocol = Protocol.compressed;
    out.buffer = compressed.buffer;
    out.start = compressed.start;
    out.end = compressed.end;
    return out;
  }

  /**
   * A packet of the network layer that came from the line, as the IP packet that it was; undefined when it can't be told.
   * One that overtook others (`isPast`) is no part of the history. Valid until the next call.
   */
  inbound(protocol: number, buffer: Uint8Array, start: number, end: number, isPast = false): PacketView | undefined {
    if (protocol !== Protocol.compressed) {
      if (this.#decrypts) {
        this.#counters['not-encrypted']++;
        return undefined;
      }
      if (!isPast) this.#decompressor?.sawPlain(protocol, buffer, start, end);
      const plain = this.#in;
      plain.protocol = protocol;
      plain.buffer = buffer;
      plain.start = start;
      plain.end = end;
      return this.#withHeaders(plain);
    }
    const packet = this.#decompressor?.decompress(buffer, start, end);
    if (packet !== undefined) {
      this.#inARow = 0;
      return this.#withHeaders(packet);
    }
    this.#counters.decompress++;
    this.#vjDecompressor?.lost();
    if (this.#decompressor !== undefined) this.#damaged(++this.#inARow);
    return undefined;
  }

  /** A frame came damaged, and may have been of any kind. RFC 1144 §4.1 */
  lost(): void {
    this.#vjDecompressor?.lost();
  }

  #withHeaders(packet: PacketView): PacketView | undefined {
    const { protocol, buffer, start, end } = packet;
    if (protocol !== Protocol.vjCompressed && protocol !== Protocol.vjUncompressed) return packet;
    const vj = this.#vjDecompressor;
    // Where no number tells of a frame that vanished whole, TCP's checksum does; without it the headers of another frame's history
    // would be delivered. RFC 1144 §4.1 leaves that to the hosts.
    vj?.doubt();
    const whole =
      protocol === Protocol.vjCompressed ? vj?.compressed(buffer, start, end) : vj?.uncompressed(buffer, start, end);
    if (whole === undefined) this.#counters['vj-header']++;
    return whole;
  }
}
