/**
 * The codecs of a thread: by the kernel while it has memory, else plain. Several links share a memory, since each takes 10 GiB of
 * addresses, however small it is.
 */
import type { Codec } from './codec.js';
import { KernelCodec } from './kernel-codec.js';
import { KernelMemory } from './kernel-memory.js';
import { plainCodec } from './plain-codec.js';

/** Takes room only as far as it's used. */
const defaultMemoryOctets = 64 * 1024 * 1024;

export interface CodecsOptions {
  /** The kernel's code; undefined: all codecs are plain. */
  readonly kernel: WebAssembly.Module | undefined;
  /** Hears once that there is no more memory for the kernel, so that codecs are plain from now on. */
  readonly told: (reason: unknown) => void;
  readonly memoryOctets?: number;
}

export class Codecs {
  readonly #memories: KernelMemory[] = [];
  readonly #memoryOctets: number;
  readonly #told: (reason: unknown) => void;
  #kernel: WebAssembly.Module | undefined;

  constructor({ kernel, told, memoryOctets = defaultMemoryOctets }: CodecsOptions) {
    this.#kernel = kernel;
    this.#told = told;
    this.#memoryOctets = memoryOctets;
  }

  /** A codec with room for so many octets, in one piece. */
  open(octets: number): Codec {
    const memory = this.#memories.find(({ arena }) => arena.largest >= octets) ?? this.#make(octets);
    return memory === undefined ? plainCodec : new KernelCodec(memory);
  }

  #make(octets: number): KernelMemory | undefined {
    if (this.#kernel === undefined || octets > this.#memoryOctets / 2) return undefined;
    try {
      const memory = new KernelMemory(this.#kernel, this.#memoryOctets);
      this.#memories.push(memory);
      return memory;
    } catch (error) {
      this.#kernel = undefined;
      this.#told(error);
      return undefined;
    }
  }
}
