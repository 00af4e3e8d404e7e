/** TCP, both ends. */
import type { Socket } from 'node:net';
import type { Logger } from '../base/log.js';
import type { HandedSocket } from './handed.js';
import type { LineSource } from './line.js';
import type { TcpListenOptions, TcpOptions } from './options.js';
import { ConnectingSource } from './socket-client.js';
import { formatHostPort, tcpTuning } from './socket-line.js';
import { ListeningSource } from './socket-listener.js';

/** Node gives each address of a name 250 ms before it tries the next; a satellite needs more. */
const ATTEMPT_TIMEOUT_MS = 3000;

export function tcpClient({ host, port, speed }: TcpOptions, handed?: HandedSocket): LineSource {
  const to = { ...tcpTuning, host, port, autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT_MS };
  return new ConnectingSource(to, formatHostPort(host, port), speed, { ...(handed && { handed }) });
}

export function tcpListener({ host, port, speed }: TcpListenOptions, log: Logger, handed?: HandedSocket): LineSource {
  const listening = { at: { host, port }, name: formatHostPort(host, port), speed, tuning: tcpTuning, describe };
  return new ListeningSource(listening, log, handed);
}

function describe({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined || remotePort === undefined
    ? undefined
    : formatHostPort(remoteAddress, remotePort);
}
