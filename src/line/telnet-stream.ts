/** A stream whose octets are wrapped in telnet, unwrapped; what is to be answered goes out between the data. */
import { FdStream } from './fd-stream.js';
import type { Line } from './line.js';
import { ReplayStream } from './replay-stream.js';
import type { ByteStream, StreamHandlers } from './stream.js';
import { escapeData } from './telnet/encoder.js';
import { Telnet } from './telnet/telnet.js';

/** The octets of an open line, for one reader at a time, on either thread. */
export function streamOf({ fd, telnet, initial }: Pick<Line, 'fd' | 'telnet' | 'initial'>): ByteStream {
  const stream = new FdStream(fd);
  const unwrapped = telnet === undefined ? stream : new TelnetStream(stream, Telnet.goOn(telnet));
  return initial === undefined || initial.length === 0 ? unwrapped : new ReplayStream(unwrapped, initial);
}

/** Octets of data that are escaped at once. */
const chunk = 4096;
/** Room for a chunk of nothing but IAC, and for answers. */
const roomOctets = 4 * chunk;

export class TelnetStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #telnet: Telnet;
  /** Escaped octets: those from `#start` to `#end` have been taken and still have to be written. */
  readonly #out = new Uint8Array(roomOctets);
  #start = 0;
  #end = 0;
  #handlers: StreamHandlers | undefined;
  #wantsRoom = false;

  constructor(stream: ByteStream, telnet: Telnet) {
    this.#stream = stream;
    this.#telnet = telnet;
  }

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    this.#stream.start({
      readable: () => {
        handlers.readable();
      },
      writable: () => {
        this.#writable(handlers);
      },
      ended: (end) => {
        handlers.ended(end);
      },
    });
    this.say();
  }

  read(into: Uint8Array): number {
    const length = this.#stream.read(into);
    if (length === 0) return 0;
    const kept = this.#telnet.decode(into, length);
    this.say();
    if (this.#telnet.carrierLost) this.#loseCarrier();
    return kept;
  }

  write(from: Uint8Array, offset: number, length: number): number {
    let taken = 0;
    while (taken < length && !this.#telnet.port.suspended && this.#flush()) {
      const part = Math.min(length - taken, chunk);
      this.#end = escapeData(from, offset + taken, part, this.#out, 0);
      taken += part;
    }
    this.#flush();
    this.#watch();
    return taken;
  }

  unsent(): number {
    return this.#stream.unsent() + this.#end - this.#start;
  }

  watchWritable(on: boolean): void {
    this.#wantsRoom = on;
    this.#watch();
  }

  setBreak(on: boolean): void {
    this.#telnet.port.setBreak(on);
    this.say();
  }

  stop(): void {
    this.#flush();
    this.#handlers = undefined;
    this.#stream.stop();
  }

  /** Sends what the telnet end has to say, as far as there is room. */
  say(): void {
    do this.#fill();
    while (this.#start < this.#end && this.#flush());
    this.#watch();
  }

  /** Takes commands that wait, whole ones, behind what is there. */
  #fill(): void {
    while (this.#end + chunk <= roomOctets) {
      const command = this.#telnet.poll();
      if (command === undefined) return;
      this.#out.set(command, this.#end);
      this.#end += command.length;
    }
  }

  /** Writes what was taken; true when nothing is left of it. */
  #flush(): boolean {
    if (this.#start < this.#end) this.#start += this.#stream.write(this.#out, this.#start, this.#end - this.#start);
    if (this.#start < this.#end) return false;
    this.#start = this.#end = 0;
    return true;
  }

  /** A suspended port has no room, whatever the socket has. */
  #watch(): void {
    this.#stream.watchWritable(this.#start < this.#end || (this.#wantsRoom && !this.#telnet.port.suspended));
  }

  #writable(handlers: StreamHandlers): void {
    this.say();
    if (this.#wantsRoom && this.#start === this.#end && !this.#telnet.port.suspended) handlers.writable();
  }

  #loseCarrier(): void {
    const handlers = this.#handlers;
    if (handlers === undefined) return;
    this.#stream.stop();
    queueMicrotask(() => {
      if (this.#handlers === handlers) handlers.ended({ kind: 'carrier-lost' }); // Unless stopped in between.
      this.#handlers = undefined;
    });
  }
}
