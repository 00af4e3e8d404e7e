/**
 * The kernel: what `../codec.ts` asks for, in WebAssembly with SIMD, for octets in its own memory. Written in AssemblyScript, made
 * into dist/src/framing/kernel.wasm by `npm run build:codec`; `../kernel-codec.ts` calls it. All numbers are addresses there, or
 * plain 32-bit numbers; it keeps no state but what the caller gives it, and checks nothing.
 *
 * It may read up to 63 octets before and 32 behind what it is given.
 */
import { makeTables } from './tables';

export { countHigh } from './count';
export { makeSet } from './escapes';
export { copyAndSum } from './sum';
export { encode } from './stuff';
export { readToFlag } from './unstuff';

makeTables();

/** Where the memory begins that the kernel leaves to the caller. */
export function freeFrom(): usize {
  return __heap_base;
}
