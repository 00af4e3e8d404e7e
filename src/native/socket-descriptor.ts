/** The descriptor below one of Node's sockets, which Node keeps to itself. */
import type { Socket } from 'node:net';

/** Throws when the socket has none: it is closed, or not connected yet. */
export function descriptorOf(socket: Socket): number {
  const handle: unknown = '_handle' in socket ? socket._handle : undefined;
  if (
    typeof handle === 'object' &&
    handle !== null &&
    'fd' in handle &&
    typeof handle.fd === 'number' &&
    handle.fd >= 0
  ) {
    return handle.fd;
  }
  throw new Error('the socket is not connected');
}
