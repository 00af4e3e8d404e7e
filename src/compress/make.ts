/** From what CCP has agreed on to the coders that do it. */
import { assertNever } from '../base/errors.js';
import { BsdCompressor, BsdDecompressor } from './bsd.js';
import type { Compressor, Decompressor } from './coder.js';
import { DeflateCompressor, DeflateDecompressor } from './deflate.js';
import type { CompressionMethod } from './method.js';
import { mppeOverhead, MppeCompressor, MppeDecompressor } from './mppe.js';
import { Predictor1Compressor, Predictor1Decompressor, predictorOverhead } from './predictor1.js';

/** Throws when the method is none: linkd's own mistake. */
export function makeCompressor(method: CompressionMethod): Compressor {
  switch (method.kind) {
    case 'deflate':
      return new DeflateCompressor(method.windowBits);
    case 'bsd':
      return new BsdCompressor(method.codeBits);
    case 'predictor1':
      return new Predictor1Compressor();
    case 'mppe':
      return new MppeCompressor(method);
    default:
      return assertNever(method);
  }
}

/** Throws when the method is none: linkd's own mistake. */
export function makeDecompressor(method: CompressionMethod): Decompressor {
  switch (method.kind) {
    case 'deflate':
      return new DeflateDecompressor(method.windowBits);
    case 'bsd':
      return new BsdDecompressor(method.codeBits);
    case 'predictor1':
      return new Predictor1Decompressor();
    case 'mppe':
      return new MppeDecompressor(method);
    default:
      return assertNever(method);
  }
}

/** By how many octets a packet may grow: the largest IP packet has to be as much smaller than the peer's MRU. RFC 1962 §2.1 */
export function overheadOf(kind: CompressionMethod['kind']): number {
  switch (kind) {
    case 'deflate':
    case 'bsd':
      return 0;
    case 'predictor1':
      return predictorOverhead;
    case 'mppe':
      return mppeOverhead;
    default:
      return assertNever(kind);
  }
}
