/** A stream around another one, which does all that a subclass doesn't do differently. */
import type { ByteStream, StreamHandlers } from './stream.js';

export abstract class OuterStream implements ByteStream {
  protected readonly inner: ByteStream;

  constructor(inner: ByteStream) {
    this.inner = inner;
  }

  start(handlers: StreamHandlers): void {
    this.inner.start(handlers);
  }

  read(into: Uint8Array): number {
    return this.inner.read(into);
  }

  write(from: Uint8Array, offset: number, length: number): number {
    return this.inner.write(from, offset, length);
  }

  unsent(): number {
    return this.inner.unsent();
  }

  watchWritable(on: boolean): void {
    this.inner.watchWritable(on);
  }

  get setBreak(): ByteStream['setBreak'] {
    const { inner } = this;
    return inner.setBreak && ((on) => inner.setBreak?.(on));
  }

  stop(): void {
    this.inner.stop();
  }
}
