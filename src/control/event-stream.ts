/**
 * GET /v1/events: events as lines of JSON, for as long as the client reads. What a slow reader has not taken is bounded;
 * beyond the bound its stream ends with an `overflow` line instead of linkd's memory growing.
 */
import type { ServerResponse } from 'node:http';
import type { Millis } from '../base/clock.js';
import type { DaemonSteering, LinkEvent } from '../link/types.js';
import { encodeEvent } from './encode.js';
import { apiVersion, jsonLine } from './wire.js';

export interface StreamLimits {
  /** What may wait for a slow reader, in octets. */
  readonly maxStreamBytes: number;
  /** How long a reader that was too slow may take to fetch what waits. */
  readonly farewellMs: Millis;
}

/** Streams the events of one link, or of all, until the client goes. */
export function streamEvents(
  response: ServerResponse,
  steering: DaemonSteering,
  link: string | undefined,
  { maxStreamBytes, farewellMs }: StreamLimits,
): void {
  const unsubscribe = steering.subscribe((event: LinkEvent) => {
    if (link !== undefined && event.link !== link) return;
    const line = jsonLine(encodeEvent(event));
    if (response.writableLength + Buffer.byteLength(line) <= maxStreamBytes) {
      response.write(line);
      return;
    }
    unsubscribe();
    response.end(jsonLine({ type: 'overflow', time: new Date().toISOString() }));
    response.socket?.setTimeout(farewellMs);
  });
  response.once('close', unsubscribe);
  // A stream without events is not a dead one: the server's idle time-out ends here.
  response.socket?.setTimeout(0);
  response.writeHead(200, {
    'content-type': 'application/x-ndjson',
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.write(jsonLine({ type: 'begin', version: apiVersion, time: new Date().toISOString() }));
}
