/** What a pump has while there is a session, and what can be told of it. */
import type { Cause } from '../base/cause.js';
import { Protocol } from '../ppp/numbers.js';
import type { Session } from '../ppp/session.js';
import type { ClassQueue } from '../queue/class-queue.js';
import type { LineBundle } from './bundle.js';
import type { DataPath } from './data-path.js';
import { diagnose } from './diagnose.js';
import type { LinePort } from './line-port.js';
import type { AttachOptions } from './messages.js';
import type { Outlet } from './outlet.js';
import type { SessionMemory } from './session-memory.js';
import { sumOfCounts } from './tally.js';

/** One session on its lines. */
export interface Attachment extends SessionMemory {
  readonly lines: LineBundle;
  readonly session: Session;
  readonly path: DataPath;
  readonly outlet: Outlet;
  readonly queue: ClassQueue;
  readonly options: AttachOptions;
  /** The largest IP packet that may be sent: what the peer receives, and no more than the config says. */
  mtu: number;
}

export function diagnosed(cause: Cause, port: LinePort | undefined): Cause {
  return port === undefined ? cause : diagnose(cause, port.decoder.counters, port.decoder.sample);
}

/** What belongs to the network layer, be it compressed. On a line that has not proved itself nothing does. RFC 1661 §3.5 */
export function isData({ session, path, lines }: Attachment, protocol: number, line: number): boolean {
  if (!lines.isOpen(line)) return false;
  if (protocol === Protocol.compressed) return path.decompresses;
  if (protocol === Protocol.vjCompressed || protocol === Protocol.vjUncompressed) return path.restoresHeaders;
  return carries(session, protocol);
}

export function isUp({ session }: Attachment): boolean {
  return session.carriesIp4 || session.carriesIp6;
}

/** What may flow. The kernel sends IPv6 of its own accord into every interface that is up, whatever PPP agreed on. */
export function carries(session: Session, protocol: number): boolean {
  if (protocol === Protocol.ip) return session.carriesIp4;
  return protocol === Protocol.ip6 && session.carriesIp6;
}

export function errorsOf(attached: Attachment): Record<string, number> {
  return attached.lines.ports.map(errorsOfLine).reduce(sumOfCounts, errorsOfSession(attached));
}

export function errorsOfLine({ decoder }: LinePort): Record<string, number> {
  const { fcs, runt, overrun, abort, badHeader } = decoder.counters;
  return { fcs, runt, overrun, abort, 'bad-header': badHeader };
}

export function errorsOfSession({ session, path, lines }: Attachment): Record<string, number> {
  return {
    ...path.counters,
    ...lines.counters,
    ...session.counters,
  };
}
