/**
 * The octets of a line with a modem, that says in words when the call is over: `NO CARRIER` behind everything else, and nothing
 * after it but complaints about what is sent on. Where its DCD isn't wired, nothing else tells of it but the peer's silence.
 */
import type { Millis, Scheduler, Timer } from '../base/clock.js';
import { toOctets } from '../chat/script.js';
import { OuterStream } from '../line/outer-stream.js';
import type { ByteStream, StreamHandlers } from '../line/stream.js';

/** In a frame there would be its end behind these words, and a line that stalls just there goes on before this. */
const silenceMs: Millis = 1500;

const callOver = /[\r\n]NO CARRIER\r\n(?:\r?\n?(?:ERROR|OK)\r\n)*$/;
const tailOctets = 128;
const lineFeed = 0x0a;

export class ModemStream extends OuterStream {
  readonly #scheduler: Pick<Scheduler, 'after'>;
  /** The last octets that came, without their eighth bit. */
  readonly #tail = new Uint8Array(tailOctets);
  #timer: Timer | undefined;
  #handlers: StreamHandlers | undefined;

  constructor(stream: ByteStream, scheduler: Pick<Scheduler, 'after'>) {
    super(stream);
    this.#scheduler = scheduler;
  }

  override start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    super.start(handlers);
  }

  override read(into: Uint8Array): number {
    const length = super.read(into);
    if (length > 0) this.#listen(into, length);
    return length;
  }

  override stop(): void {
    this.#calm();
    this.#handlers = undefined;
    super.stop();
  }

  #listen(octets: Uint8Array, length: number): void {
    const kept = Math.min(length, tailOctets);
    this.#tail.copyWithin(0, kept);
    for (let i = 0; i < kept; i++) this.#tail[tailOctets - kept + i] = (octets[length - kept + i] ?? 0) & 0x7f;
    if (this.#tail[tailOctets - 1] !== lineFeed || !callOver.test(toOctets(this.#tail))) this.#calm();
    else
      this.#timer ??= this.#scheduler.after(silenceMs, () => {
        this.#end();
      });
  }

  #calm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #end(): void {
    const handlers = this.#handlers;
    this.stop();
    handlers?.ended({ kind: 'no-carrier' });
  }
}
