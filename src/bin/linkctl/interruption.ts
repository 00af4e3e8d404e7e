/** Ctrl-C, a hang-up and the like end work in order: what is to be put back is put back first. */
import { OpError } from '../../base/errors.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs work that ends early by its signal. Throws what it throws; after a signal that is an OpError that names it. */
export async function withSignals<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    controller.abort(new OpError('go on', 'after a signal', new Error(signal)));
  };
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
