/**
 * A connected socket as a line. Node makes the connection; its descriptor is then taken over, because the octets belong
 * to the packet worker. A socket that is taken over must not have been read: it is paused before it connects.
 */
import type { Socket } from 'node:net';
import { cause, type Cause } from '../base/cause.js';
import { native } from '../native/binding.js';
import { descriptorOf } from '../native/socket-descriptor.js';
import { DescriptorLine } from './descriptor-line.js';
import type { HandedSocket } from './handed.js';
import type { Line, StreamEnd } from './line.js';

/** For TCP connections and listeners alike: a silent death of the peer's machine is noticed in the end. */
export const tcpTuning = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 } as const;

/** What lies in the socket can't be put into another order any more. On a fast line this is a millisecond. */
const mostUnsent = 65_536;

/** Takes a connected socket over; afterwards it is destroyed, also when that failed. */
export function socketLine(socket: Socket, name: string, speed: number | undefined): Line {
  try {
    return connectedLine({ fd: native.duplicate(descriptorOf(socket)), name }, speed);
  } finally {
    // This closes Node's descriptor and no more: there is no shutdown(2), so the connection lives on in ours.
    socket.destroy();
  }
}

/** The descriptor of a connection as a line; from now on it is the line's. */
export function connectedLine({ fd, name }: Omit<HandedSocket, 'kind'>, speed: number | undefined): Line {
  native.limitUnsent(fd, mostUnsent);
  return new DescriptorLine({
    fd,
    name,
    speed,
    explain: (end) => explainSocketEnd(end, name),
    release: () => {
      native.close(fd);
    },
  });
}

/** For the sources of such lines: what is handed on is the connection alone. */
export function handedConnection(line: Line | undefined): Promise<HandedSocket> {
  if (line === undefined) return Promise.reject(new Error('there is no connection to hand on'));
  return Promise.resolve({ kind: 'socket', fd: line.fd, name: line.name });
}

/** What the end of a connection means. */
export function explainSocketEnd(end: StreamEnd, name: string): Cause {
  if (end.kind === 'eof') return cause('line-closed', name);
  if (end.kind === 'carrier-lost' || end.kind === 'no-carrier') return cause('carrier-lost', name);
  const detail = `${name}: ${end.code}`;
  return cause(end.code === 'ETIMEDOUT' ? 'connection-timeout' : 'connection-reset', detail);
}

/** `10.1.2.3:7000`, `[fd00::1]:7000`; an IPv4 address that came in by an IPv6 socket is shown as what it is. */
export function formatHostPort(host: string, port: number): string {
  const address = host.replace(/^::ffff:(?=\d+\.)/, '');
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
