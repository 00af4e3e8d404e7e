/**
 * A source of lines, as the config has it, that also opens the bare line for somebody to talk over by hand. To the rest of linkd
 * that is a call like others: PPP begins on the line when he has led it there, with what the far end said of it already.
 */
import type { HandedLine } from '../line/handed.js';
import { LineError, type Line, type LineSource } from '../line/line.js';
import type { Listener } from './conversation.js';
import type { DialParts } from './dialed-line.js';
import { DialedLine, lineSpeed } from './dialed-line.js';
import { hangUp, type HangUpOptions } from './hang-up-call.js';
import { nothingKnown } from './talk.js';
import type { Visit } from './visit.js';

/** A source that somebody may take a line of by hand. */
export interface HandSource extends LineSource {
  /** As `open`, with a visitor instead of the modem's and the login's part. A LineError tells as well that he has hung up. */
  openByHand?(visit: Visit, signal: AbortSignal): Promise<Line>;
}

export interface HandParts extends Pick<DialParts, 'scheduler' | 'tell'> {
  /** Where a modem is configured: how a call is ended. */
  readonly hangUp: HangUpOptions | undefined;
  /** Why PPP may not begin by hand, for people; without it, it may. */
  readonly bar?: string | undefined;
}

export class HandLineSource implements HandSource {
  readonly #bare: LineSource;
  readonly #whole: LineSource;
  readonly #parts: HandParts;
  #line: DialedLine | undefined;
  #activity: string | undefined;

  /** `whole` is `bare` with all that the config has before PPP. */
  constructor(bare: LineSource, whole: LineSource, parts: HandParts) {
    this.#bare = bare;
    this.#whole = whole;
    this.#parts = parts;
  }

  get activity(): string | undefined {
    return this.#activity ?? this.#whole.activity;
  }

  open(signal: AbortSignal): Promise<Line> {
    return this.#whole.open(signal);
  }

  async openByHand(visit: Visit, signal: AbortSignal): Promise<Line> {
    this.#activity = 'taken by hand';
    if (this.#parts.bar !== undefined) visit.bar(this.#parts.bar);
    try {
      const line = await visit.opens((either) => this.#bare.open(either), signal);
      return await this.#hold(line, visit, signal);
    } catch (error) {
      this.#activity = undefined;
      throw error;
    }
  }

  dispose(): Promise<void> {
    return this.#whole.dispose();
  }

  handable(line: Line | undefined): number | undefined {
    return this.#whole.handable(this.#innerOf(line));
  }

  handOver(line: Line | undefined): Promise<HandedLine> {
    return this.#whole.handOver(this.#innerOf(line));
  }

  async #hold(bare: Line, visit: Visit, signal: AbortSignal): Promise<Line> {
    const listener = this.#listener(visit);
    try {
      const { outcome, rest } = await visit.hold(bare, listener, signal);
      const call = outcome.kind === 'done' ? outcome.call : nothingKnown;
      this.#activity = call.notes.length === 0 ? 'led to PPP by hand' : call.notes.join(', ');
      this.#line = new DialedLine(bare, {
        speed: lineSpeed(bare.speed, call),
        initial: rest,
        hangUp: () => this.#hangUp(bare, this.#listener(undefined)),
        closed: () => {
          this.#line = this.#activity = undefined;
        },
      });
      return this.#line;
    } catch (error) {
      // Of a line that has ended nobody needs to be rid.
      const isAlive = signal.aborted || !(error instanceof LineError) || error.reason.code === 'by-hand';
      if (isAlive) await this.#hangUp(bare, listener);
      await bare.close();
      throw error;
    }
  }

  /** What the modem is doing now nobody knows: it is told in the way that it hears in any case. */
  async #hangUp(line: Line, listener: Listener): Promise<void> {
    if (this.#parts.hangUp !== undefined) await hangUp(line, this.#parts.hangUp, true, listener);
  }

  #innerOf(line: Line | undefined): Line | undefined {
    return line !== undefined && line === this.#line ? this.#line.inner : line;
  }

  #listener(visit: Visit | undefined): Listener {
    const { scheduler, tell } = this.#parts;
    return {
      scheduler,
      doing: (text) => {
        this.#activity = text;
        tell('info', text);
      },
      log: (text) => {
        tell('debug', text);
        visit?.tell(text);
      },
      say: (text) => {
        tell('info', text);
      },
    };
  }
}
