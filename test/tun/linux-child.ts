/** Runs one scenario of linux-scenarios.ts: `node linux-child.js NAME main|worker`. */
import assert from 'node:assert/strict';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { refusals, scenarios } from './linux-scenarios.js';

const all: Readonly<Record<string, () => unknown>> = { ...scenarios, ...refusals };
const name: unknown = isMainThread ? process.argv[2] : workerData;
if (isMainThread && process.argv[3] === 'worker') {
  // Its exception becomes ours.
  new Worker(new URL(import.meta.url), { workerData: name });
} else {
  const scenario = all[String(name)];
  assert.ok(scenario !== undefined, `no scenario ${String(name)}`);
  await scenario();
}
