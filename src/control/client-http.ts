/** One HTTP exchange over a Unix socket, with every wait and every size bounded. Throws the errors of `client-errors.ts`. */
import { request, type IncomingMessage } from 'node:http';
import type { Millis } from '../base/clock.js';
import { codeOf } from '../base/errors.js';
import { ForeignAnswerError, UnreachableError } from './client-errors.js';

/** Most questions linkd answers at once; a daemon that takes this long is stuck. */
export const quickAnswerMs: Millis = 10_000;
/** For those that it has to ask the system about: longer than linkd itself lets an answer take. */
export const slowAnswerMs: Millis = 40_000;
/** Thousands of links fit; something that sends without end does not. */
const maxAnswerChars = 16 * 1024 * 1024;
const maxLineChars = 1024 * 1024;

export interface ExchangeOptions {
  readonly socketPath: string;
  readonly method: 'GET' | 'POST';
  readonly target: string;
  /** The body goes on for as long as it likes; only its beginning is waited for. */
  readonly stream: boolean;
  /** How long to wait for the whole answer; for the beginning of a stream. */
  readonly timeoutMs: Millis;
}

export interface Exchange {
  readonly socketPath: string;
  readonly status: number;
  readonly incoming: IncomingMessage;
  abort(): void;
}

/** Sends a request and waits for the head of the answer. */
export function exchange({ socketPath, method, target, stream, timeoutMs }: ExchangeOptions): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path: target, agent: false, headers: { host: 'linkd' } });
    let answered: IncomingMessage | undefined;
    const timer = setTimeout(() => {
      (answered ?? outgoing).destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    outgoing.once('close', () => {
      clearTimeout(timer);
    });
    outgoing.on('error', (error) => {
      reject(explain(socketPath, error));
    });
    outgoing.once('response', (incoming) => {
      answered = incoming;
      if (stream) clearTimeout(timer);
      incoming.setEncoding('utf8');
      resolve({ socketPath, status: incoming.statusCode ?? 0, incoming, abort: () => outgoing.destroy() });
    });
    // Without a listener an upgrade would end the wait without an answer.
    outgoing.once('upgrade', (_incoming, socket) => {
      socket.destroy();
      reject(new ForeignAnswerError(socketPath, 'it wants to speak another protocol'));
    });
    outgoing.end();
  });
}

/** The whole body as text. */
export async function readText(answer: Exchange): Promise<string> {
  let text = '';
  for await (const chunk of chunks(answer)) {
    text += chunk;
    if (text.length > maxAnswerChars) throw new ForeignAnswerError(answer.socketPath, 'the answer is without end');
  }
  return text;
}

/** The body's lines, as they come. What follows the last line's end is not a line. */
export async function* readLines(answer: Exchange): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const chunk of chunks(answer)) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLineChars) throw new ForeignAnswerError(answer.socketPath, 'a line is without end');
    yield* lines;
  }
}

async function* chunks({ incoming, socketPath }: Exchange): AsyncGenerator<string, void, undefined> {
  try {
    for await (const chunk of incoming) yield String(chunk);
  } catch (thrown) {
    throw explain(socketPath, thrown);
  }
}

function explain(socketPath: string, thrown: unknown): UnreachableError | ForeignAnswerError {
  const code = codeOf(thrown) ?? '';
  return code.startsWith('HPE_')
    ? new ForeignAnswerError(socketPath, 'it does not speak HTTP')
    : new UnreachableError(socketPath, thrown);
}
