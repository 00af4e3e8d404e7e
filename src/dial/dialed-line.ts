/**
 * A source of dialed lines: opens the line of another source, holds the conversation that leads to PPP on it, and ends the
 * call when the line is closed. To the rest of linkd it is a line like others that takes long to open.
 */
import { cause, type Cause } from '../base/cause.js';
import type { Scheduler } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import { stepsOfEntries } from '../chat/entries.js';
import { parseChat } from '../chat/parse.js';
import { toOctets, type Octets, type Script } from '../chat/script.js';
import type { HandedLine } from '../line/handed.js';
import { LineError, type Line, type LineSource, type StreamEnd } from '../line/line.js';
import type { SecretSource } from '../secrets/options.js';
import { Call, type CallMaterial } from './call.js';
import { converse, readFileOf, type Listener } from './conversation.js';
import { hangUp } from './hang-up-call.js';
import type { ChatSource, DialOptions } from './options.js';
import { nothingKnown, type CallFacts } from './talk.js';

export interface DialParts {
  readonly scheduler: Scheduler;
  /** The conversation, line by line, and what scripts have to say; no secrets. */
  tell(level: 'debug' | 'info' | 'warn', message: string): void;
  /** Throws what it says to a person, with what to do about it. */
  readSecret(source: SecretSource, signal: AbortSignal): Promise<Uint8Array>;
  /** The first line is one that an earlier process has dialed. */
  readonly connected?: boolean;
}

/** How much of a conversation a warning shows. */
const keptLines = 40;

export class DialedLineSource implements LineSource {
  readonly #inner: LineSource;
  readonly #options: DialOptions;
  readonly #parts: DialParts;
  #connected: boolean;
  #activity: string | undefined;
  /** The number to begin with. */
  #first = 0;
  /** The cause of the last failure that was told in full. */
  #told: Cause['code'] | undefined;
  #kept: string[] = [];

  constructor(inner: LineSource, options: DialOptions, parts: DialParts) {
    this.#inner = inner;
    this.#options = options;
    this.#parts = parts;
    this.#connected = parts.connected ?? false;
  }

  /** What is done now (`dialing 5551234`), or how the line that is open came about. */
  get activity(): string | undefined {
    return this.#activity;
  }

  async open(signal: AbortSignal): Promise<Line> {
    if (this.#connected) {
      this.#connected = false;
      return this.#dialed(await this.#inner.open(signal), nothingKnown, undefined);
    }
    const material = await this.#prepare(signal);
    const line = await this.#inner.open(signal);
    const call = new Call(this.#options, material);
    this.#kept = [];
    try {
      const { outcome, rest } = await converse(line, call, this.#listener, signal);
      if (outcome.kind === 'failed') throw new LineError('dial on', line.name, outcome.cause, 'the call failed');
      this.#told = undefined;
      this.#first = call.numberIndex;
      this.#activity = outcome.call.notes.length === 0 ? undefined : outcome.call.notes.join(', ');
      return this.#dialed(line, outcome.call, rest);
    } catch (error) {
      this.#first = (call.numberIndex + 1) % Math.max(1, this.#options.numbers.length);
      await this.#giveUp(line, call, error);
      throw error;
    }
  }

  dispose(): Promise<void> {
    return this.#inner.dispose();
  }

  handable(line: Line | undefined): number | undefined {
    return this.#inner.handable(innerOf(line));
  }

  handOver(line: Line | undefined): Promise<HandedLine> {
    return this.#inner.handOver(innerOf(line));
  }

  /** Script and secrets, as they are now. Throws a LineError. */
  async #prepare(signal: AbortSignal): Promise<CallMaterial> {
    const { pin, login, chat } = this.#options;
    const sources: Record<string, SecretSource | undefined> = {
      ...(chat?.kind === 'steps' && chat.secrets),
      pin,
      login: login?.secret,
    };
    const secrets = new Map<string, Octets>();
    for (const [name, source] of Object.entries(sources)) {
      if (source !== undefined) secrets.set(name, toOctets(await this.#readSecret(source, signal)));
    }
    return { script: chat && (await readScript(chat)), secrets, first: this.#first };
  }

  async #readSecret(source: SecretSource, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await this.#parts.readSecret(source, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw new LineError('dial with', 'the secrets', cause('secrets-failed', messageOf(error)), error);
    }
  }

  #dialed(inner: Line, call: CallFacts, initial: Uint8Array | undefined): DialedLine {
    return new DialedLine(inner, {
      speed: lineSpeed(inner.speed, call),
      initial,
      hangUp: () => this.#hangUp(inner, true),
      closed: () => {
        this.#activity = undefined;
      },
    });
  }

  /** Ends an attempt: the call, then the line; what was said is told once for each cause. */
  async #giveUp(line: Line, call: Call, error: unknown): Promise<void> {
    const reason = error instanceof LineError ? error.reason : undefined;
    if (reason !== undefined && reason.code !== this.#told && this.#kept.length > 0)
      this.#parts.tell('warn', `the conversation was: ${this.#kept.join(' | ')}`);
    if (reason !== undefined) this.#told = reason.code;
    // A line that has ended, or a modem that doesn't answer, has nothing to hang up.
    const isAlive = reason === undefined || dialCauses.includes(reason.code);
    if (isAlive) await this.#hangUp(line, call.connected);
    this.#activity = undefined;
    await line.close();
  }

  async #hangUp(line: Line, connected: boolean): Promise<void> {
    await hangUp(line, this.#options, connected, this.#listener);
  }

  get #listener(): Listener {
    const parts = this.#parts;
    return {
      scheduler: parts.scheduler,
      doing: (text) => {
        this.#activity = text;
      },
      log: (text) => {
        this.#kept = [...this.#kept, text].slice(-keptLines);
        parts.tell('debug', text);
      },
      say: (text) => {
        parts.tell('info', text);
      },
    };
  }
}

/** Causes of a conversation that failed while the line itself was well. */
const dialCauses: readonly Cause['code'][] = [
  'modem-error',
  'number-busy',
  'call-unanswered',
  'chat-failed',
  'login-failed',
  'login-refused',
];

export interface DialedParts {
  readonly speed: number | undefined;
  readonly initial: Uint8Array | undefined;
  readonly caller?: Line['caller'];
  hangUp(): Promise<void>;
  closed(): void;
}

/** A line on which there was a conversation before PPP, and whose call is ended with it. */
export class DialedLine implements Line {
  readonly inner: Line;
  readonly fd: number;
  readonly name: string;
  readonly speed: number | undefined;
  readonly telnet: Line['telnet'];
  readonly isCall = true;
  readonly ended: Promise<Cause>;
  readonly initial: Uint8Array | undefined;
  readonly caller: Line['caller'];
  readonly #parts: DialedParts;
  /** The line has ended by itself: there is no call any more. */
  #isOver = false;
  #closing: Promise<void> | undefined;

  constructor(inner: Line, parts: DialedParts) {
    this.inner = inner;
    this.fd = inner.fd;
    this.name = inner.name;
    this.speed = parts.speed;
    this.telnet = inner.telnet;
    this.initial = parts.initial;
    this.caller = parts.caller;
    this.#parts = parts;
    this.ended = inner.ended.then((why) => {
      this.#isOver = true;
      return why;
    });
  }

  explain(end: StreamEnd): Promise<Cause> {
    this.#isOver = true;
    if (end.kind === 'no-carrier') return Promise.resolve(cause('carrier-lost', `${this.name}: NO CARRIER`));
    return this.inner.explain(end);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (!this.#isOver) await this.#parts.hangUp();
    await this.inner.close();
    this.#parts.closed();
  }
}

/** The line of the inner source. */
export function innerOf(line: Line | undefined): Line | undefined {
  return line instanceof DialedLine ? line.inner : line;
}

/**
 * What the queue reckons with. The port is locked at a higher speed than the modems' rate, and what the modem holds can't be
 * put into another order any more: so their rate counts. Where they compress, only flow control knows how much they take.
 */
export function lineSpeed(port: number | undefined, { speed, compressed }: CallFacts): number | undefined {
  if (speed === undefined || compressed === true) return port;
  return Math.min(port ?? Infinity, speed);
}

/** Throws a LineError. */
async function readScript(chat: ChatSource): Promise<Script> {
  switch (chat.kind) {
    case 'steps':
      return stepsOfEntries(chat.steps);
    case 'text':
      return scriptOf(chat.text, 'dial.chat');
    case 'file': {
      const content = await readFileOf(chat.path);
      if (content instanceof Uint8Array) return scriptOf(content, chat.path);
      throw new LineError('read', chat.path, cause('chat-failed', `${chat.path}: ${content.refused}`), content.refused);
    }
  }
}

function scriptOf(text: string | Uint8Array, where: string): Script {
  const parsed = parseChat(text);
  if (parsed.kind === 'script') return parsed.script;
  const [mistake] = parsed.mistakes;
  const problem = mistake === undefined ? '' : `:${mistake.line}:${mistake.column}: ${mistake.message}`;
  throw new LineError('read', where, cause('chat-failed', where + problem), problem);
}
