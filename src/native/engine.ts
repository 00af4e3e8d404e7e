/**
 * V8, set for a process that does little for long; flags hold for all threads, also for those that start later. Left to itself it
 * would make the code fast that runs while linkd starts, and keep a third of its memory for what is never needed again.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Before anything is loaded. */
export function startEngine(): void {
  setFlags(
    // Nurseries grow to tens of megabytes while modules are loaded, and an idle process never gives them back. linkd makes little
    // garbage: a megabyte is enough for any thread.
    '--semi-space-growth-factor=1',
    '--max-semi-space-size=1',
    // What the compilers would take up now is the module loader.
    '--no-opt',
    '--no-sparkplug',
    // The framing kernel's tables are made once. It is worth compiling well when it has carried some hundred packets.
    '--wasm-tiering-budget=50000000',
  );
}

/** Does something that will be done again: its code is compiled quickly, if not well. Gives what it gives. */
export function rehearsing<T>(work: () => T): T {
  setFlags('--sparkplug');
  try {
    return work();
  } finally {
    setFlags('--no-sparkplug');
  }
}

/** There is much to do from now on: code that runs often is worth being compiled, which takes some megabytes. */
export function warmEngine(): void {
  setFlags('--sparkplug', '--opt');
}

/** Collects this thread's garbage, which an idle one would keep, and moves the rest together: some 20 ms, too much for packets. */
export function collectGarbage(): void {
  setFlags('--expose-gc', '--compact-on-every-full-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') Reflect.apply(collect, undefined, []);
  setFlags('--no-expose-gc', '--no-compact-on-every-full-gc');
}

function setFlags(...flags: readonly string[]): void {
  for (const flag of flags) setFlagsFromString(flag);
}
