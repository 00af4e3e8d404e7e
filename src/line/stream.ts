/** The octets of an open line as the packet worker sees them. `fd-stream.ts` is the real one; tests have one in memory. */
import type { StreamEnd } from './line.js';

export interface StreamHandlers {
  /** There may be something to read: read at least once, or a hang-up counts as the end. */
  readable(): void;
  /** There may be room again; only after `watchWritable(true)`. */
  writable(): void;
  /** The line is gone. Nothing is called after this; it comes on a stack of its own, never from within a call. */
  ended(end: StreamEnd): void;
}

export interface ByteStream {
  /** Begins to call the handlers. */
  start(handlers: StreamHandlers): void;
  /** Reads what is there into the buffer; the number of octets, 0 when there is nothing now (an end calls `ended` soon). */
  read(into: Uint8Array): number;
  /** Writes what there is room for; the number of octets taken, 0 when there is no room (an end calls `ended` soon). */
  write(from: Uint8Array, offset: number, length: number): number;
  /** Octets taken by `write` and still in the kernel, as far as it tells (TIOCOUTQ); 0 where it does not. */
  unsent(): number;
  watchWritable(on: boolean): void;
  /** Begins or ends a break, where that is said among the octets; elsewhere it is the line's (`Line.sendBreak`). */
  readonly setBreak?: ((on: boolean) => void) | undefined;
  /** Stops calling the handlers. The descriptor stays open: it is the Line's. */
  stop(): void;
}
