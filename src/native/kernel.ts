/** Loads the framing kernel (`framing/kernel/`), which is built beside the compiled JavaScript. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OpError } from '../base/errors.js';

/**
 * The kernel's code, compiled for this machine. Throws an OpError when it isn't there, or this machine has no WebAssembly with
 * SIMD (Node needs SSE4.1 for it on x86).
 */
export function loadKernel(): WebAssembly.Module {
  const path = fileURLToPath(new URL('../framing/kernel.wasm', import.meta.url));
  try {
    return new WebAssembly.Module(readFileSync(path));
  } catch (error) {
    throw new OpError('load', path, error);
  }
}
