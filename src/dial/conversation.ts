/** Holds a conversation (`call.ts`, `hang-up.ts`) on an open line: octets by its descriptor, time by a scheduler. */
import { open } from 'node:fs/promises';
import { constants } from 'node:fs';
import { concatBytes } from '../base/bytes.js';
import { describeCause, type Cause } from '../base/cause.js';
import type { Millis, Scheduler, Timer } from '../base/clock.js';
import { assertNever, messageOf } from '../base/errors.js';
import { LineError, type Line } from '../line/line.js';
import type { ByteStream } from '../line/stream.js';
import { streamOf } from '../line/telnet-stream.js';
import type { FileContent, TalkOutput } from './talk.js';

/** What `Call` and `Talk` have in common. */
export interface Speaker {
  start(now: Millis): void;
  receive(octets: Uint8Array, now: Millis): void;
  advance(now: Millis): void;
  supply(content: FileContent, now: Millis): void;
  nextTimeout(): Millis | undefined;
  poll(now: Millis): TalkOutput | undefined;
  /** Somebody else speaks through it: `wake` has it polled. */
  attend?(wake: () => void): void;
  /** So many octets wait for room on the line. */
  waiting?(octets: number): void;
}

export interface Listener {
  readonly scheduler: Scheduler;
  doing(text: string): void;
  log(text: string): void;
  say(text: string): void;
}

export type Finished = Extract<TalkOutput, { type: 'finished' }>;

const largestFile = 65_536;
/** As tcsendbreak(3): a quarter of a second at least, half a second at most. */
const breakMs: Millis = 300;

/**
 * Speaks until it is over. Throws a LineError when the line ends meanwhile; an abort throws `signal.reason`. The descriptor
 * is watched no longer then.
 */
export async function converse(
  line: Line,
  speaker: Speaker,
  listener: Listener,
  signal: AbortSignal,
): Promise<Finished> {
  signal.throwIfAborted();
  const conversation = new Conversation(line, speaker, listener);
  const abort = (): void => {
    conversation.fail(signal.reason);
  };
  signal.addEventListener('abort', abort);
  try {
    return await conversation.hold();
  } finally {
    signal.removeEventListener('abort', abort);
    conversation.stop();
  }
}

class Conversation {
  readonly #line: Line;
  readonly #speaker: Speaker;
  readonly #listener: Listener;
  readonly #stream: ByteStream;
  readonly #buffer = new Uint8Array(4096);
  readonly #finished: Promise<Finished>;
  #resolve: (finished: Finished) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;
  #unsent: Uint8Array = new Uint8Array(0);
  #timer: Timer | undefined;
  /** Ends the break that goes on. */
  #break: Timer | undefined;
  #over = false;

  constructor(line: Line, speaker: Speaker, listener: Listener) {
    this.#line = line;
    this.#speaker = speaker;
    this.#listener = listener;
    this.#stream = streamOf(line);
    this.#finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  hold(): Promise<Finished> {
    this.#stream.start({
      readable: () => {
        this.#guard(() => {
          this.#read();
        });
      },
      writable: () => {
        this.#write();
      },
      ended: (end) => {
        void this.#line.explain(end).then((why) => {
          this.#lineEnded(why);
        });
      },
    });
    void this.#line.ended.then((why) => {
      this.#lineEnded(why);
    });
    this.#speaker.attend?.(() => {
      this.#guard(() => {
        this.#drain();
      });
    });
    this.#guard(() => {
      this.#speaker.start(this.#now);
      this.#drain();
    });
    return this.#finished;
  }

  fail(reason: unknown): void {
    this.stop();
    this.#reject(reason);
  }

  stop(): void {
    this.#over = true;
    this.#timer?.cancel();
    this.#endBreak();
    this.#stream.stop();
  }

  get #now(): Millis {
    return this.#listener.scheduler.now();
  }

  /** A mistake of ours ends the conversation and nothing else. */
  #guard(work: () => void): void {
    if (this.#over) return;
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  #lineEnded(why: Cause): void {
    if (!this.#over) this.fail(new LineError('dial on', this.#line.name, why, describeCause(why)));
  }

  #read(): void {
    const length = this.#stream.read(this.#buffer);
    if (length === 0) return;
    this.#speaker.receive(this.#buffer.slice(0, length), this.#now);
    this.#drain();
  }

  #drain(): void {
    for (let output = this.#speaker.poll(this.#now); output !== undefined; output = this.#speaker.poll(this.#now)) {
      this.#carryOut(output);
      if (this.#over) return;
    }
    this.#timer?.cancel();
    const at = this.#speaker.nextTimeout();
    this.#timer =
      at === undefined
        ? undefined
        : this.#listener.scheduler.after(Math.max(0, at - this.#now), () => {
            this.#guard(() => {
              this.#speaker.advance(this.#now);
              this.#drain();
            });
          });
  }

  #carryOut(output: TalkOutput): void {
    switch (output.type) {
      case 'send':
        this.#unsent = concatBytes([this.#unsent, output.octets]);
        this.#write();
        return;
      case 'break':
        void this.#sendBreak();
        return;
      case 'ask':
        void this.#supply(output.path);
        return;
      case 'doing':
        this.#listener.doing(output.text);
        return;
      case 'log':
        this.#listener.log(output.text);
        return;
      case 'say':
        this.#listener.say(output.text);
        return;
      case 'finished':
        this.#flush();
        this.stop();
        this.#resolve(output);
        return;
      default:
        assertNever(output);
    }
  }

  #write(): void {
    if (this.#over) return;
    this.#flush();
    this.#stream.watchWritable(this.#unsent.length > 0);
  }

  #flush(): void {
    this.#unsent = this.#unsent.subarray(this.#stream.write(this.#unsent, 0, this.#unsent.length));
    this.#speaker.waiting?.(this.#unsent.length);
  }

  async #sendBreak(): Promise<void> {
    if (this.#stream.setBreak !== undefined) {
      this.#stream.setBreak(true);
      this.#break ??= this.#listener.scheduler.after(breakMs, () => {
        this.#endBreak();
      });
      return;
    }
    if (this.#line.sendBreak === undefined) {
      this.#listener.log('this kind of line knows no break');
      return;
    }
    try {
      await this.#line.sendBreak();
    } catch (error) {
      this.#listener.log(`no break: ${messageOf(error)}`);
    }
  }

  #endBreak(): void {
    if (this.#break === undefined) return;
    this.#break.cancel();
    this.#break = undefined;
    this.#stream.setBreak?.(false);
  }

  async #supply(path: string): Promise<void> {
    const content = await readFileOf(path);
    this.#guard(() => {
      this.#speaker.supply(content, this.#now);
      this.#drain();
    });
  }
}

/** A file that a script names; no wait for the writer of a FIFO. */
export async function readFileOf(path: string): Promise<FileContent> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = await file.stat();
      if (size > largestFile) return { refused: `it is larger than ${largestFile} octets` };
      return new Uint8Array(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    return { refused: messageOf(error) };
  }
}
