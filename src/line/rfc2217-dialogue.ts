/** What is said to a terminal server before and after the line, on the main thread: set the port up, hang up. */
import { EventEmitter } from 'node:events';
import { concatBytes } from '../base/bytes.js';
import { cause, type Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { printable } from '../base/printable.js';
import { decodeText } from '../base/text.js';
import { FdStream } from './fd-stream.js';
import type { Line, StreamEnd } from './line.js';
import type { Rfc2217Options } from './options.js';
import { explainSocketEnd } from './socket-line.js';
import { Telnet, type TelnetTerms } from './telnet/telnet.js';
import { TelnetStream } from './telnet-stream.js';
import { event } from './wait.js';

export type SetUp =
  /** `carrier` and `signature` as far as the server told. */
  | { readonly kind: 'ready'; readonly carrier: boolean | undefined; readonly signature: string | undefined }
  | { readonly kind: 'failed'; readonly cause: Cause };

/** How long the last octets (a Terminate-Ack) may take through the server, and then the server to drop DTR. */
const FAREWELL_MS = 100;
const DROP_MS = 300;
/** How long the server may take to say how DTR is; one that takes longer knows of none. */
const ASK_MS = 1000;
/** As much of it is kept as a person would read. */
const WORDS_OCTETS = 200;
const BUFFER_OCTETS = 4096;

/**
 * Sets the port up over a new connection, and waits for the carrier where the config requires one: that for as long as it
 * takes. Data that comes meanwhile is dropped. An abort throws `signal.reason`.
 */
export async function setUpPort(
  { fd, name }: Pick<Line, 'fd' | 'name'>,
  { speed, flow, carrier }: Rfc2217Options,
  timeoutMs: Millis,
  signal: AbortSignal,
): Promise<SetUp> {
  const telnet = Telnet.begin({ speed, flow, tellCarrier: carrier !== 'ignore' });
  const dialogue = new Dialogue(fd, telnet);
  try {
    const settled = await dialogue.until(() => telnet.progress.kind !== 'waiting', timeoutMs, signal);
    if (settled && carrier === 'require') {
      const isClear = (): boolean => telnet.port.carrier === true || !telnet.port.tellsCarrier;
      await dialogue.until(() => isClear() && telnet.progress.kind !== 'waiting', undefined, signal);
    }
    const failed = (code: 'terminal-server-refused' | 'terminal-server-silent', what: string): SetUp => ({
      kind: 'failed',
      cause: cause(code, `${name}: ${what}`),
    });
    const { progress } = telnet;
    if (progress.kind === 'refused') return failed('terminal-server-refused', progress.what);
    if (dialogue.end !== undefined)
      return { kind: 'failed', cause: explainSocketEnd(dialogue.end, dialogue.title(name)) };
    if (progress.kind === 'waiting') return failed('terminal-server-silent', `no answer to ${progress.for.join(', ')}`);
    if (carrier === 'require' && telnet.port.carrier !== true)
      return failed('terminal-server-refused', 'to tell of the carrier, and the config says `carrier: require`');
    const signature = telnet.port.signature;
    return { kind: 'ready', carrier: telnet.port.carrier, signature: signature && printable(signature) };
  } finally {
    dialogue.stop();
  }
}

/** A line that is set up. */
export interface SetUpLine {
  readonly fd: number;
  readonly telnet: TelnetTerms;
}

/** Whether the server steers DTR: it says then how that is. What comes from the far end meanwhile is dropped. */
export async function steersDtr({ fd, telnet: terms }: SetUpLine): Promise<boolean> {
  const telnet = Telnet.goOn({ ...terms, watchCarrier: false });
  const dialogue = new Dialogue(fd, telnet);
  try {
    telnet.port.askDtr();
    dialogue.say();
    return await dialogue.until(() => telnet.port.dtr !== undefined, ASK_MS, new AbortController().signal);
  } finally {
    dialogue.stop();
  }
}

/** Drops DTR, as far as the server still listens. */
export async function hangUp({ fd, telnet: terms }: SetUpLine): Promise<void> {
  const telnet = Telnet.goOn({ ...terms, watchCarrier: false });
  const dialogue = new Dialogue(fd, telnet);
  const { signal } = new AbortController();
  try {
    if (await dialogue.until(() => dialogue.end !== undefined, FAREWELL_MS, signal)) return;
    telnet.port.dropDtr();
    dialogue.say();
    await dialogue.until(() => telnet.port.dtrAnswered, DROP_MS, signal);
  } finally {
    dialogue.stop();
  }
}

/** A telnet connection on this thread, for a while. */
class Dialogue {
  readonly #stream: TelnetStream;
  readonly #buffer = new Uint8Array(BUFFER_OCTETS);
  /** `change`: something came, or the end. */
  readonly #changes = new EventEmitter();
  #words: Uint8Array = new Uint8Array(0);
  #end: StreamEnd | undefined;

  constructor(fd: number, telnet: Telnet) {
    this.#stream = new TelnetStream(new FdStream(fd), telnet);
    this.#stream.start({
      readable: () => {
        const length = this.#stream.read(this.#buffer);
        this.#hear(this.#buffer.subarray(0, length));
        this.#changes.emit('change');
      },
      writable: () => undefined,
      ended: (end) => {
        this.#end = end;
        this.#changes.emit('change');
      },
    });
  }

  /** How the connection ended. */
  get end(): StreamEnd | undefined {
    return this.#end;
  }

  /** The name of the line, with what the server had to say in plain words (`Port already in use`). */
  title(name: string): string {
    const words = printable(decodeText(this.#words).trim().replace(/\s+/g, ' '));
    return words === '' ? name : `${name}: ${words}`;
  }

  say(): void {
    this.#stream.say();
  }

  stop(): void {
    this.#stream.stop();
  }

  /**
   * True as soon as it is so; false when it takes too long, or the connection ends before. An abort throws
   * `signal.reason`.
   */
  async until(isSo: () => boolean, timeoutMs: Millis | undefined, signal: AbortSignal): Promise<boolean> {
    const patience = timeoutMs === undefined ? signal : AbortSignal.timeout(timeoutMs);
    const over = AbortSignal.any([signal, patience]);
    while (!isSo()) {
      if (this.#end !== undefined) return false;
      try {
        await event(this.#changes, 'change', over);
      } catch (thrown) {
        signal.throwIfAborted();
        if (!patience.aborted) throw thrown;
        return false;
      }
    }
    return true;
  }

  #hear(data: Uint8Array): void {
    if (this.#words.length < WORDS_OCTETS) this.#words = concatBytes([this.#words, data]).subarray(0, WORDS_OCTETS);
  }
}
