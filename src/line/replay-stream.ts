/** A stream whose first octets have been read already, by whoever spoke on the line before: they come once more. */
import { OuterStream } from './outer-stream.js';
import type { ByteStream, StreamHandlers } from './stream.js';

export class ReplayStream extends OuterStream {
  /** What is still to come before the stream's own. */
  #ahead: Uint8Array;
  #started = false;

  constructor(stream: ByteStream, ahead: Uint8Array) {
    super(stream);
    this.#ahead = ahead;
  }

  override start(handlers: StreamHandlers): void {
    super.start(handlers);
    this.#started = true;
    // The descriptor doesn't know of them.
    queueMicrotask(() => {
      if (this.#started && this.#ahead.length > 0) handlers.readable();
    });
  }

  override read(into: Uint8Array): number {
    if (this.#ahead.length === 0 || !this.#started) return super.read(into);
    const part = this.#ahead.subarray(0, into.length);
    into.set(part);
    this.#ahead = this.#ahead.subarray(part.length);
    return part.length;
  }

  override stop(): void {
    this.#started = false;
    super.stop();
  }
}
