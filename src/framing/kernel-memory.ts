/** An instance of the kernel and its memory: functions that it exports, octets in it by address. Code comes from the caller. */
import { Arena } from './arena.js';

const pageOctets = 65_536;
/** How far the kernel may read behind what it is given. */
const readAhead = 64;

/** What the kernel exports: see `kernel/index.ts`. All numbers are 32 bits. */
export interface Kernel {
  encode(
    set: number,
    header: number,
    headerOctets: number,
    from: number,
    to: number,
    at: number,
    openFlag: boolean,
  ): number;
  /** 1 when a frame has ended. */
  readToFlag(receiver: number): number;
  countHigh(from: number, to: number): number;
  makeSet(set: number): void;
  /** The sum is folded. */
  copyAndSum(from: number, to: number, at: number): number;
  freeFrom(): number;
}

export class KernelMemory {
  readonly kernel: Kernel;
  readonly arena: Arena;
  /** All of it. */
  readonly bytes: Uint8Array;

  /** Memory of so many octets, which take no room before they are used. Throws a RangeError when it can't be had. */
  constructor(module: WebAssembly.Module, octets: number) {
    const pages = Math.ceil(octets / pageOctets);
    // Of a fixed size: growing would detach every array that looks into it.
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    if (!isKernel(exports)) throw new Error('this is not the kernel of this version; run: npm run build');
    this.kernel = exports;
    this.bytes = new Uint8Array(memory.buffer);
    this.arena = new Arena(exports.freeFrom(), this.bytes.length - readAhead);
  }

  /** The octets at an address. */
  octets(at: number, length: number): Uint8Array {
    return new Uint8Array(this.bytes.buffer, at, length);
  }

  /** Where an array begins in this memory; -1 when it lies elsewhere. */
  addressOf(octets: Uint8Array): number {
    return octets.buffer === this.bytes.buffer ? octets.byteOffset : -1;
  }
}

function isKernel(exports: Readonly<Record<string, unknown>>): exports is Readonly<Record<string, unknown>> & Kernel {
  const names = ['encode', 'readToFlag', 'countHigh', 'makeSet', 'copyAndSum', 'freeFrom'];
  return names.every((name) => typeof exports[name] === 'function');
}
