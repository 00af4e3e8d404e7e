/**
 * POST /v1/links/NAME/answer and /term: the connection becomes the line of a link, or the terminal of somebody who talks over it.
 * The client says nothing before the answer 101, so that no octet of either gets into the hands of HTTP.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { native } from '../native/binding.js';
import { descriptorOf } from '../native/socket-descriptor.js';
import { encodeText } from '../base/text.js';
import type { BroughtTerminal, DaemonSteering } from '../link/types.js';
import { terminalProtocol } from './wire.js';
import { badRequest, quote, Refusal, unknownLink } from './refusal.js';

/** The last part of a path that takes over the connection. */
export type TakingPath = 'answer' | 'term';

/** The answer to a request that doesn't offer its connection. */
export function wantsUpgrade(): never {
  const headers = { upgrade: terminalProtocol, connection: 'Upgrade' };
  const remedy = 'Use linkctl answer, or linkctl term.';
  throw new Refusal(426, 'bad-request', 'this path takes over the connection', remedy, headers);
}

/** What the path does with the connection. Throws a Refusal when the request doesn't offer what the path takes. */
export function expectTerminal({ headers }: IncomingMessage, path: readonly string[], head: Uint8Array): TakingPath {
  const last = path.at(-1);
  if ((last !== 'answer' && last !== 'term') || headers.upgrade !== terminalProtocol)
    throw badRequest('there is no such protocol to change to', 'Send the request without Upgrade.');
  if (head.length > 0) throw badRequest('the terminal speaks too early', 'Wait for the answer 101.');
  return last;
}

/** Hands the connection over to the link; `user` has brought it. Throws a Refusal. */
export function bringTerminal(
  steering: DaemonSteering,
  path: TakingPath,
  link: string,
  socket: Socket,
  user: string,
): void {
  if (path === 'answer') bringLine(steering, link, () => take(socket, `terminal of ${user}`));
  else bringVisitor(steering, link, () => take(socket, user));
  // Node's descriptor alone: the connection lives on in the other one.
  socket.destroy();
}

function bringLine(steering: DaemonSteering, link: string, connect: () => BroughtTerminal): void {
  const outcome = steering.bringTerminal(link, connect);
  switch (outcome) {
    case 'taken':
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

function bringVisitor(steering: DaemonSteering, link: string, connect: () => BroughtTerminal): void {
  const outcome = steering.takeByHand(link, connect);
  if (outcome === 'taken') return;
  if (outcome === undefined) throw unknownLink(steering, link);
  const remedy = `Take it down first: linkctl down ${link}.`;
  throw new Refusal(409, 'line-in-use', `the line of the link ${quote(link)} is in use: it is ${outcome}`, remedy);
}

/** A descriptor of ours for the connection, which speaks no HTTP any more. */
function take(socket: Socket, name: string): BroughtTerminal {
  const fd = native.duplicate(descriptorOf(socket));
  const head = encodeText(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${terminalProtocol}\r\n\r\n`,
  );
  native.write(fd, head, 0, head.length);
  return { fd, name };
}
