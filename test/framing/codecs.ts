/** Both codecs, for tests that must hold with either: plain JavaScript, and the kernel. */
import type { Copier } from '../../src/base/octet-copy.js';
import type { Codec, FrameReader, FrameWriter } from '../../src/framing/codec.js';
import { KernelCodec } from '../../src/framing/kernel-codec.js';
import { KernelMemory } from '../../src/framing/kernel-memory.js';
import { PlainReader, PlainWriter, plainCodec } from '../../src/framing/plain-codec.js';
import { loadKernel } from '../../src/native/kernel.js';

export const kernel = loadKernel();

/** Of all that a test makes, so much is in use at a time. */
const inUse = 64;

/** The kernel, for tests that make more than its memory holds: what was made long ago is given back. */
class RecentCodec implements Codec {
  readonly #codec: Codec;
  readonly #recent: Codec[] = [];

  constructor(memory: KernelMemory) {
    this.#codec = new KernelCodec(memory);
  }

  octets(length: number): Uint8Array {
    return this.another().octets(length);
  }

  writer(): FrameWriter {
    const writer = this.another().writer();
    if (writer instanceof PlainWriter) throw new Error('the kernel has no memory left');
    return writer;
  }

  reader(capacity: number): FrameReader {
    const reader = this.another().reader(capacity);
    if (reader instanceof PlainReader) throw new Error('the kernel has no memory left');
    return reader;
  }

  copier(target: Uint8Array): Copier {
    return this.#codec.copier(target);
  }

  another(): Codec {
    const codec = this.#codec.another();
    if (this.#recent.push(codec) > inUse) this.#recent.shift()?.release();
    return codec;
  }

  release(): void {
    for (const codec of this.#recent.splice(0)) codec.release();
  }
}

export const kernelCodec: Codec = new RecentCodec(new KernelMemory(kernel, 4 * 2 ** 20));

export const bothCodecs: readonly { readonly name: string; readonly codec: Codec }[] = [
  { name: 'plain', codec: plainCodec },
  { name: 'kernel', codec: kernelCodec },
];

/** A copy in the codec's memory. */
export function within(codec: Codec, octets: Uint8Array): Uint8Array {
  const copy = codec.octets(octets.length);
  copy.set(octets);
  return copy;
}
