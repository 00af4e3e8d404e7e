/** A stream whose first octets have been read already, by whoever spoke on the line before: they come once more. */
import type { ByteStream, StreamHandlers } from './stream.js';

export class ReplayStream implements ByteStream {
  readonly #stream: ByteStream;
  /** What is still to come before the stream's own. */
  #ahead: Uint8Array;
  #started = false;

  constructor(stream: ByteStream, ahead: Uint8Array) {
    this.#stream = stream;
    this.#ahead = ahead;
  }

  start(handlers: StreamHandlers): void {
    this.#stream.start(handlers);
    this.#started = true;
    // The descriptor doesn't know of them.
    queueMicrotask(() => {
      if (this.#started && this.#ahead.length > 0) handlers.readable();
    });
  }

  read(into: Uint8Array): number {
    if (this.#ahead.length === 0 || !this.#started) return this.#stream.read(into);
    const part = this.#ahead.subarray(0, into.length);
    into.set(part);
    this.#ahead = this.#ahead.subarray(part.length);
    return part.length;
  }

  write(from: Uint8Array, offset: number, length: number): number {
    return this.#stream.write(from, offset, length);
  }

  unsent(): number {
    return this.#stream.unsent();
  }

  watchWritable(on: boolean): void {
    this.#stream.watchWritable(on);
  }

  stop(): void {
    this.#started = false;
    this.#stream.stop();
  }
}
