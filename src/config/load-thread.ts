/** The thread of `load-apart.ts`: reads one config, says what came of it, and ends. */
import { parentPort } from 'node:worker_threads';
import type { LoadRequest } from './load-apart.js';
import { loadConfig } from './load.js';

if (parentPort === null) throw new Error('load-thread.js is a worker thread, not a program');
const port = parentPort;

// Without another listener, the thread ends with its work.
port.once('message', ({ file, overrides, environment }: LoadRequest) => {
  void loadConfig(file, overrides, environment).then((result) => {
    port.postMessage(result);
  });
});
