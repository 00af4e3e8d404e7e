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
  /** Gives the kernel's code, when it's needed for the first time. Throws where it can't run. */
  readonly load: () => WebAssembly.Module;
  readonly memoryOctets?: number;
}

export class Codecs {
  readonly #memories: KernelMemory[] = [];
  readonly #memoryOctets: number;
  readonly #load: () => WebAssembly.Module;
  #kernel: WebAssembly.Module | undefined;
  #failed = false;

  constructor({ load, memoryOctets = defaultMemoryOctets }: CodecsOptions) {
    this.#load = load;
    this.#memoryOctets = memoryOctets;
  }

  /** Octets that codecs have taken and not given back. */
  get taken(): number {
    return this.#memories.reduce((sum, { arena }) => sum + arena.taken, 0);
  }

  /**
   * A codec with room for so many octets, in one piece. The first time that the kernel or memory for it can't be had, `told` hears
   * why; no more is asked for then.
   */
  open(octets: number, told: (reason: unknown) => void): Codec {
    const memory = this.#memories.find(({ arena }) => arena.largest >= octets) ?? this.#make(octets, told);
    return memory === undefined ? plainCodec : new KernelCodec(memory);
  }

  #make(octets: number, told: (reason: unknown) => void): KernelMemory | undefined {
    // The kernel's own tables are small beside that.
    if (this.#failed || octets > this.#memoryOctets / 2) return undefined;
    try {
      this.#kernel ??= this.#load();
      const memory = new KernelMemory(this.#kernel, this.#memoryOctets);
      this.#memories.push(memory);
      return memory;
    } catch (error) {
      this.#failed = true;
      told(error);
      return undefined;
    }
  }
}
