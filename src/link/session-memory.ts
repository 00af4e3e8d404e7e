/** The memory of one session, which the kernel of framing works on where it lies. */
import { messageOf } from '../base/errors.js';
import type { Codec } from '../framing/codec.js';
import { PacketPool } from '../queue/packet-pool.js';
import type { PumpHost } from './pump-host.js';

export interface SessionMemory {
  /** Whose memory it is; to be released when the session is gone. */
  readonly codec: Codec;
  /** Where packets wait. */
  readonly pool: PacketPool;
  /** What is read from a line at a time. */
  readonly received: Uint8Array;
}

/** What is said once where the kernel can't run. */
export const plainFrames = 'frames are made by plain JavaScript, which takes more time';

const readBuffer = 65_536;
/** What a line, the outlet and the data path take beside it, roughly: see `LinePort`, `Outlet`, `DataPath`. */
const lineOctets = 393_216;

/** For packets of so many octets, on a line with a speed of its own or a fast one. */
export function takeMemory(host: PumpHost, slotSize: number, hasSpeed: boolean): SessionMemory {
  const slots = hasSpeed ? 256 : 1024;
  const codec = host.codecs.open(slots * slotSize + readBuffer + lineOctets, (reason) => {
    host.emit({ type: 'note', level: 'warn', message: `${plainFrames}: ${messageOf(reason)}` });
  });
  const pool = new PacketPool(slots, slotSize, codec.octets(slots * slotSize));
  return { codec, pool, received: codec.octets(readBuffer) };
}
