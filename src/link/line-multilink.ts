/** Whether a session has Multilink: as it is written, or by the speed of its only line. */
import type { LinkConfig } from '../config/types.js';
import type { Endpoint } from '../multilink/endpoint.js';
import type { MultilinkOptions } from '../multilink/options.js';

/** With start and stop bit. */
const bitsPerOctet = 10;

/**
 * Undefined: the session has none. `speed` is the line's in baud, as far as it is known, and `endpoint` what tells whose lines they
 * are. Where nothing is written, a single line has it while it is slow; nothing of another link belongs to that one, and
 * no peer shall think so: its endpoint is of one session alone.
 */
export function multilinkOn(
  { multilink, lcp }: Pick<LinkConfig, 'multilink' | 'lcp'>,
  speed: number | undefined,
  endpoint: Endpoint | undefined,
): MultilinkOptions | undefined {
  if (multilink === undefined) return undefined;
  const { onlyIfSlow, ...options } = multilink;
  if (!onlyIfSlow) return { ...options, endpoint: options.endpoint ?? endpoint };
  const frameMs = speed === undefined ? 0 : (1000 * bitsPerOctet * lcp.mru) / speed;
  return frameMs > options.maxFragmentMs ? options : undefined;
}
