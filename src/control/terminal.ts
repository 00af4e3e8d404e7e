/**
 * POST /v1/links/NAME/answer: the connection becomes the line of a link. The client says nothing before the answer 101, so
 * that no octet of the line gets into the hands of HTTP.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { native } from '../native/binding.js';
import { descriptorOf } from '../native/socket-descriptor.js';
import { encodeText } from '../base/text.js';
import type { DaemonSteering } from '../link/types.js';
import { terminalProtocol } from './protocol.js';
import { badRequest, quote, Refusal, unknownLink } from './refusal.js';

/** The answer to a request that doesn't offer its connection. */
export function wantsUpgrade(): never {
  const headers = { upgrade: terminalProtocol, connection: 'Upgrade' };
  throw new Refusal(426, 'bad-request', 'this path takes over the connection', 'Use linkctl answer.', headers);
}

/** Throws a Refusal when the request doesn't offer what the path takes. */
export function expectTerminal({ headers }: IncomingMessage, path: readonly string[], head: Uint8Array): void {
  if (path.at(-1) !== 'answer' || headers.upgrade !== terminalProtocol)
    throw badRequest('there is no such protocol to change to', 'Send the request without Upgrade.');
  if (head.length > 0) throw badRequest('the terminal speaks too early', 'Wait for the answer 101.');
}

/** Hands the connection over to the link; `user` has brought it. Throws a Refusal. */
export function bringTerminal(steering: DaemonSteering, link: string, socket: Socket, user: string): void {
  const outcome = steering.bringTerminal(link, () => {
    const fd = native.duplicate(descriptorOf(socket));
    const head = encodeText(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${terminalProtocol}\r\n\r\n`,
    );
    native.write(fd, head, 0, head.length);
    return { fd, name: `terminal of ${user}` };
  });
  switch (outcome) {
    case 'taken':
      // Node's descriptor alone: the connection lives on in the other one.
      socket.destroy();
      return;
    case 'not-waiting':
      throw new Refusal(
        409,
        'not-waiting',
        `the link ${quote(link)} waits for no caller now`,
        'Look at linkctl status.',
      );
    case 'no-terminal': {
      const remedy = 'Write `line: {terminal: on}` into its config.';
      throw new Refusal(409, 'not-waiting', `the line of the link ${quote(link)} is no terminal`, remedy);
    }
    case undefined:
      throw unknownLink(steering, link);
  }
}
