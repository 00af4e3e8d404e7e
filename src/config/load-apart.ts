/**
 * Reads a config for the daemon, in a thread that ends when it has: the schema and what it stands on (zod, yaml) are a third of
 * what linkd would take for ever, and are needed for a moment, at the start and at each reload.
 */
import { Worker } from 'node:worker_threads';
import type { Millis } from '../base/clock.js';
import { OpError } from '../base/errors.js';
import { deepFreeze } from '../base/frozen.js';
import type { DaemonOverrides, Environment } from './daemon.js';
import type { ParseResult } from './parse.js';

/** What the thread is told. */
export interface LoadRequest {
  readonly file: string;
  readonly overrides: DaemonOverrides;
  readonly environment: Environment;
}

/** Reading takes a moment; a file system that hangs doesn't keep us for ever. */
const longestMs: Millis = 60_000;
const remedy =
  'It is read in a thread of its own: see to it that there is memory for that, and that the file can be read at all';

/** As `loadConfig`. Throws an OpError when the reader itself fails. */
export async function loadConfigApart(
  file: string,
  overrides: DaemonOverrides = {},
  environment: Environment = {},
  program = new URL('./load-thread.js', import.meta.url),
  timeoutMs = longestMs,
): Promise<ParseResult> {
  const request: LoadRequest = { file, overrides, environment: { ...environment } };
  try {
    const thread = new Worker(program, { name: 'config' });
    thread.postMessage(request);
    return deepFreeze(await resultOf(thread, timeoutMs));
  } catch (error) {
    throw new OpError('read', 'the config', error, remedy);
  }
}

/** What the thread says, once it has ended. */
function resultOf(thread: Worker, timeoutMs: Millis): Promise<ParseResult> {
  return new Promise((resolve, reject) => {
    let result: ParseResult | undefined;
    const timer = setTimeout(() => {
      reject(new Error(`the thread takes more than ${timeoutMs / 1000} seconds`));
      void thread.terminate();
    }, timeoutMs);
    thread.once('message', (message: ParseResult) => {
      result = message;
    });
    thread.once('error', reject);
    thread.once('exit', (code) => {
      clearTimeout(timer);
      if (result === undefined) reject(new Error(`the thread ended with exit code ${code}`));
      else resolve(result);
    });
  });
}
