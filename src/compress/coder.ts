/**
 * What stands between the queue and the frame while compression is on (CCP, RFC 1962): one coder for each direction of a
 * session. Coders are synchronous and work on offsets; what they give is theirs until the next call.
 */

/** A PPP packet within a buffer: `start` is behind the Protocol field, `end` is exclusive. */
export interface PacketView {
  readonly protocol: number;
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export interface Compressor {
  /**
   * The packet as what a compressed datagram (protocol 0x00fd) carries; undefined when it goes out as it is, because it can't
   * be made smaller, or because its protocol is none that is compressed. The history is up to date either way.
   */
  compress(protocol: number, source: Uint8Array, start: number, end: number): Octets | undefined;
  /** The peer has asked for it (Reset-Request): the history starts afresh. RFC 1962 §3 */
  reset(): void;
}

export interface Octets {
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export interface Decompressor {
  /** What a compressed datagram held; undefined when it is damaged, or the history is: the peer has to be asked for a reset. */
  decompress(source: Uint8Array, start: number, end: number): PacketView | undefined;
  /** A packet that came uncompressed while compression is on: most methods keep it in their history. */
  sawPlain(protocol: number, source: Uint8Array, start: number, end: number): void;
  /** The peer has reset its compressor (Reset-Ack, by its id). RFC 1962 §3 */
  reset(): void;
}
