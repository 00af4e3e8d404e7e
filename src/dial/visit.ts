/**
 * Somebody's visit to a line (`linkctl term`): his terminal, a connection, and what passes between it and the line (`hand.ts`).
 * It begins before the line is open, outlasts him when he leaves the line as it is, and ends with PPP or with the line.
 */
import { describeCause, type Cause } from '../base/cause.js';
import { concatBytes } from '../base/bytes.js';
import { FdStream } from '../line/fd-stream.js';
import { LineError, type Line } from '../line/line.js';
import { native } from '../native/binding.js';
import { converse, type Finished, type Listener, type Speaker } from './conversation.js';
import { HandTalk } from './hand.js';

/** A connection at whose other end a person sits, or a program; whoever takes it closes the descriptor. */
export interface Terminal {
  readonly fd: number;
  /** For people: the user. */
  readonly name: string;
}

/** What was typed and the line has no room for: nothing further is read then. */
const mostTyped = 16_384;
/** What is kept for a terminal that takes nothing; what comes then is not shown. */
const mostShown = 65_536;

export class Visit {
  readonly #talk = new HandTalk();
  /** Aborted when the visitor wants no line any more. */
  readonly #over = new AbortController();
  #screen: Screen | undefined;
  #wake: (() => void) | undefined;
  #isOpen = false;
  #waiting = 0;

  constructor(terminal: Terminal) {
    this.attach(terminal);
  }

  /** Nobody is there, and somebody may go on. */
  get isLeft(): boolean {
    return this.#screen === undefined && !this.#talk.over;
  }

  /** Who is there. */
  get visitor(): string | undefined {
    return this.#talk.visitor;
  }

  /** Somebody comes to a line that was left as it is. Throws when another is there. */
  attach(terminal: Terminal): void {
    if (this.#screen !== undefined) throw new Error('there is a visitor already');
    this.#screen = new Screen(terminal, {
      typed: (octets) => {
        // The line is given up already, and he is about to be told.
        if (this.#isOpen && this.#wake === undefined) return;
        this.#talk.typed(octets);
        if (!this.#isOpen) this.#waiting += octets.length;
        this.#attend();
      },
      gone: () => {
        this.#talk.vanish();
        this.#attend();
      },
    });
    this.#talk.come(terminal.name);
    this.#attend();
  }

  /** Someone wants PPP on the line as it is. */
  beginPpp(): void {
    this.#talk.beginPpp();
    this.#attend();
  }

  /** PPP isn't to begin by hand, for this reason; to be said before the line is open. */
  bar(why: string): void {
    this.#talk.bar(why);
  }

  /** What is done with the line, for his eyes. */
  tell(text: string): void {
    this.#talk.tell(text);
    this.#show();
  }

  /** Opens the line for the visitor. Throws what `open` throws, or a LineError when he doesn't want it any more. */
  async opens(open: (signal: AbortSignal) => Promise<Line>, signal: AbortSignal): Promise<Line> {
    const over = this.#over.signal;
    try {
      return await open(AbortSignal.any([signal, over]));
    } catch (error) {
      if (over.aborted && !signal.aborted) throw over.reason;
      throw error;
    }
  }

  /** Until PPP begins, or else throws as `converse` does, and a LineError when the visitor has hung up. */
  async hold(line: Line, listener: Listener, signal: AbortSignal): Promise<Finished> {
    this.tell(`On the line: ${line.name}${line.speed === undefined ? '' : `, ${line.speed} baud`}.`);
    this.#isOpen = true;
    try {
      const finished = await converse(line, this.#speaker, listener, signal);
      if (finished.outcome.kind === 'failed') throw endedBy(finished.outcome.cause);
      return finished;
    } finally {
      this.#wake = undefined;
    }
  }

  /** It is over: PPP has the line, or nobody, and the visitor is told why. */
  end(why: Cause | undefined): void {
    if (why !== undefined) this.tell(why.code === 'by-hand' ? (why.detail ?? '') : `${describeCause(why)}.`);
    this.#screen?.close();
    this.#screen = undefined;
  }

  /** Has the talk's words carried out that octets of the line have not brought about. */
  #attend(): void {
    this.#wake?.();
    this.#show();
    const { ended } = this.#talk;
    if (ended !== undefined && !this.#isOpen) this.#over.abort(endedBy(ended));
  }

  #show(): void {
    for (let octets = this.#talk.pollShown(); octets !== undefined; octets = this.#talk.pollShown())
      this.#screen?.show(octets);
    this.#screen?.listen(this.#waiting < mostTyped);
    if (this.#talk.visitor !== undefined || this.#talk.over) return;
    this.#screen?.close();
    this.#screen = undefined;
  }

  get #speaker(): Speaker {
    const talk = this.#talk;
    return {
      start: (now) => {
        this.#waiting = 0;
        talk.start(now);
      },
      receive: (octets, now) => {
        talk.receive(octets, now);
        this.#show();
      },
      advance: (now) => {
        talk.advance(now);
      },
      supply: (content, now) => {
        talk.supply(content, now);
      },
      nextTimeout: () => talk.nextTimeout(),
      poll: () => talk.poll(),
      attend: (wake) => {
        this.#wake = wake;
      },
      waiting: (octets) => {
        this.#waiting = octets;
        this.#screen?.listen(octets < mostTyped);
      },
    };
  }
}

function endedBy(why: Cause): LineError {
  return new LineError('talk on', 'the line', why, describeCause(why));
}

interface ScreenHandlers {
  typed(octets: Uint8Array): void;
  /** The connection has ended, and is closed. */
  gone(): void;
}

/** A visitor's connection. */
class Screen {
  readonly #fd: number;
  readonly #stream: FdStream;
  readonly #buffer = new Uint8Array(4096);
  #unsent: Uint8Array = new Uint8Array(0);
  #closed = false;

  constructor({ fd }: Terminal, handlers: ScreenHandlers) {
    this.#fd = fd;
    this.#stream = new FdStream(fd);
    this.#stream.start({
      readable: () => {
        const length = this.#stream.read(this.#buffer);
        if (length > 0) handlers.typed(this.#buffer.slice(0, length));
      },
      writable: () => {
        this.#flush();
      },
      ended: () => {
        handlers.gone();
      },
    });
  }

  /** Reads on, or leaves in the kernel what is typed; that he is gone shows in any case. */
  listen(on: boolean): void {
    this.#stream.watchReadable(on);
  }

  show(octets: Uint8Array): void {
    if (this.#closed || this.#unsent.length + octets.length > mostShown) return;
    this.#unsent = concatBytes([this.#unsent, octets]);
    this.#flush();
  }

  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#stream.stop();
    native.close(this.#fd);
  }

  #flush(): void {
    const { length } = this.#unsent;
    this.#unsent = this.#unsent.subarray(this.#stream.write(this.#unsent, 0, length));
    this.#stream.watchWritable(this.#unsent.length > 0);
  }
}
