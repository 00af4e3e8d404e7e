/**
 * V8, set for a process that does little for long; flags hold for all threads, also for those that start later. Left to itself it
 * would make the code fast that runs while linkd starts, and keep a third of its memory for what is never needed again.
 */
import { setFlagsFromString } from 'node:v8';

/** Before anything is loaded. */
export function startEngine(): void {
  // Nurseries grow to tens of megabytes while modules are loaded, and an idle process never gives them back. linkd makes little
  // garbage: a megabyte is enough for any thread.
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--max-semi-space-size=1');
  // What the optimizing compiler would take up now is the module loader.
  setFlagsFromString('--no-opt');
  // The framing kernel's tables are made once; it's worth compiling well when it has carried some hundred packets.
  setFlagsFromString('--wasm-tiering-budget=50000000');
}

/** From now on, code that runs often is worth being compiled well. */
export function warmEngine(): void {
  setFlagsFromString('--opt');
}
