/**
 * A worker that sends back whatever its FdStream reads and says how the stream ended. The descriptor is the main
 * thread's (`workerData`), as a line's is; `stop` lets go of it.
 */
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { FdStream } from '../../src/line/fd-stream.js';

assert.ok(parentPort !== null && typeof workerData === 'number');
const port = parentPort;
const stream = new FdStream(workerData);
const buffer = new Uint8Array(1000);
/** Octets of the buffer that were read and are still to be written. */
let from = 0;
let to = 0;
let calls = 0;

function pass(): void {
  calls += 1;
  for (;;) {
    from += stream.write(buffer, from, to - from);
    stream.watchWritable(from < to);
    if (from < to) return;
    from = 0;
    to = stream.read(buffer);
    if (to === 0) return;
  }
}

stream.start({
  readable: pass,
  writable: pass,
  ended(end) {
    port.postMessage({ ended: end });
  },
});
port.on('message', (message) => {
  if (message === 'stop') {
    stream.stop();
    port.close();
  }
  port.postMessage({ calls });
});
