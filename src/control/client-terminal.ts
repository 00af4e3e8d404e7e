/** Offers a connection to a link, as its line or as a terminal on it: HTTP until linkd takes it, octets from then on. */
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { UnreachableError, ForeignAnswerError } from './client-errors.js';
import { quickAnswerMs } from './client-http.js';
import { terminalProtocol } from './wire.js';

/** Taken, or the answer that says why not. */
export type TerminalAnswer =
  | { readonly kind: 'taken'; readonly line: Duplex; readonly head: Uint8Array }
  | { readonly kind: 'refused'; readonly status: number; readonly text: string };

const mostText = 64 * 1024;

/** `path` is one that takes over connections. Throws UnreachableError, or ForeignAnswerError. */
export function offerTerminal(socketPath: string, path: string): Promise<TerminalAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'linkd', connection: 'Upgrade', upgrade: terminalProtocol };
    const outgoing = request({ socketPath, method: 'POST', path, agent: false, headers });
    const timer = setTimeout(() => {
      outgoing.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
    }, quickAnswerMs);
    outgoing.once('close', () => {
      clearTimeout(timer);
    });
    outgoing.on('error', (error) => {
      reject(new UnreachableError(socketPath, error));
    });
    outgoing.once('upgrade', (incoming, line, head) => {
      clearTimeout(timer);
      if (incoming.headers.upgrade === terminalProtocol) resolve({ kind: 'taken', line, head });
      else {
        line.destroy();
        reject(new ForeignAnswerError(socketPath, 'it wants to speak another protocol'));
      }
    });
    outgoing.once('response', (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text = (text + chunk).slice(0, mostText);
      });
      incoming.once('end', () => {
        resolve({ kind: 'refused', status: incoming.statusCode ?? 0, text });
      });
    });
    outgoing.end();
  });
}
