/**
 * A line's descriptor as a ByteStream, whatever is behind it: tty, pty or socket. It runs in the packet worker.
 *
 * An end shows in many ways: end of file, an errno of read or write, or a mere hang-up in poll. All of them close the
 * watcher first and are reported once, so that a line that was hung up can't keep the loop spinning.
 */
import { HANGUP, native, READABLE, WRITABLE, type Watcher } from '../native/binding.js';
import type { StreamEnd } from './line.js';
import type { ByteStream, StreamHandlers } from './stream.js';

export class FdStream implements ByteStream {
  readonly #fd: number;
  /** Present while the stream is started and well. Without it the descriptor is not touched: it may be another's by now. */
  #watcher: Watcher | undefined;
  #handlers: StreamHandlers | undefined;
  /** HANGUP alone while nothing is to be read. */
  #reading = READABLE;
  /** What is watched for: that, and room for what is to be written. */
  #events = READABLE;
  /** Octets read so far. */
  #received = 0;
  /** Octets written since all was sent, as far as it was seen. */
  #written = 0;

  /** The descriptor of a Line; it stays the Line's. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  start(handlers: StreamHandlers): void {
    if (this.#watcher !== undefined) throw new Error('the stream is started already');
    this.#watcher = native.createWatcher(this.#fd, (events) => {
      this.#wake(handlers, events);
    });
    this.#reading = this.#events = READABLE;
    this.#watcher.watch(this.#events);
    this.#handlers = handlers;
  }

  read(into: Uint8Array): number {
    if (this.#watcher === undefined) return 0;
    const count = native.read(this.#fd, into, 0, into.length);
    if (count > 0) {
      this.#received += count;
      return count;
    }
    if (count === 0) this.#end({ kind: 'eof' });
    else this.#failed(count);
    return 0;
  }

  write(from: Uint8Array, offset: number, length: number): number {
    if (this.#watcher === undefined || length === 0) return 0;
    const count = native.write(this.#fd, from, offset, length);
    if (count >= 0) {
      this.#written += count;
      return count;
    }
    this.#failed(count);
    return 0;
  }

  /** A Unix socket counts the memory that a write takes, hundreds of octets for a few: no more is unsent than was written. */
  unsent(): number {
    const count = this.#watcher === undefined ? 0 : native.unsentBytes(this.#fd);
    if (count === 0) this.#written = 0;
    return Math.min(count, this.#written);
  }

  watchWritable(on: boolean): void {
    const events = on ? this.#reading | WRITABLE : this.#reading;
    if (events === this.#events) return;
    this.#events = events;
    this.#watcher?.watch(events);
  }

  /** Off: what comes stays in the kernel. The end shows all the same; what came before it is read then. */
  watchReadable(on: boolean): void {
    this.#reading = on ? READABLE : HANGUP;
    this.watchWritable((this.#events & WRITABLE) !== 0);
  }

  stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#handlers = undefined;
  }

  #wake(handlers: StreamHandlers, events: number): void {
    const before = this.#received;
    if ((events & (READABLE | HANGUP)) !== 0) handlers.readable();
    // What was read may have changed everything.
    if ((events & this.#events & WRITABLE) !== 0 && this.#watcher !== undefined) handlers.writable();
    if ((events & HANGUP) === 0) return;
    // Octets that came before the hang-up are read first, the watcher calling again and again. It pauses by itself when the
    // descriptor fails, hence the second watch.
    if (this.#received > before) this.#watcher?.watch(this.#events);
    else this.#end({ kind: 'eof' });
  }

  #failed(errno: number): void {
    if (errno !== -native.EAGAIN) this.#end({ kind: 'error', code: native.errnoName(errno) });
  }

  #end(end: StreamEnd): void {
    if (this.#watcher === undefined) return;
    this.#watcher.close();
    this.#watcher = undefined;
    const handlers = this.#handlers;
    queueMicrotask(() => {
      if (this.#handlers === handlers) handlers?.ended(end); // Unless stopped in between.
    });
  }
}
