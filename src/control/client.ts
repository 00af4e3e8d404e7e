/**
 * The control API's client, which linkctl is made of. Every answer is checked against the protocol; what is not linkd's is
 * an error that says so. Texts in the answers are fit for a terminal.
 */
import type { Duplex } from 'node:stream';
import type { ZodType } from 'zod';
import type { Millis } from '../base/clock.js';
import { messageOf } from '../base/errors.js';
import { RefusedError, ForeignAnswerError, UnreachableError } from './client-errors.js';
import { exchange, quickAnswerMs, readLines, readText, slowAnswerMs } from './client-http.js';
import { offerTerminal } from './client-terminal.js';
import { printableJson } from '../base/printable.js';
import {
  errorBody,
  historyBody,
  linkBody,
  logBody,
  planBody,
  reloadBody,
  restartBody,
  routesBody,
  statusBody,
  streamLine,
  totalsBody,
} from './protocol.js';
import { paths } from './wire.js';
import type {
  HistoryBody,
  LinkBody,
  LogBody,
  PlanBody,
  ReloadBody,
  RestartBody,
  RoutesBody,
  StatusBody,
  StreamLine,
  TotalsBody,
} from './protocol.js';
import type { CommandName } from './wire.js';

/** An answer, and the JSON that it came as. */
export interface Answer<Body> {
  readonly body: Body;
  readonly json: string;
}

/** A connection that linkd has taken; `head` is what it has said already. */
export interface Taken {
  readonly line: Duplex;
  readonly head: Uint8Array;
}

/**
 * Every method throws RefusedError for what linkd refuses, UnreachableError when it cannot be reached or goes away, and
 * ForeignAnswerError when the answer is not one of version 1.
 */
export class ControlClient {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async status(): Promise<Answer<StatusBody>> {
    return this.#ask('GET', paths.status, statusBody);
  }

  async link(name: string): Promise<Answer<LinkBody>> {
    return this.#ask('GET', paths.link(name), linkBody);
  }

  async log(name: string): Promise<Answer<LogBody>> {
    return this.#ask('GET', paths.log(name), logBody);
  }

  /** Offers a connection as the line of a link. Where it is taken, the octets of the line follow. */
  terminal(name: string): Promise<Taken> {
    return this.#offer(paths.answer(name));
  }

  /** Offers a connection as a terminal on a link's line, for somebody to talk over it by hand. */
  byHand(name: string): Promise<Taken> {
    return this.#offer(paths.term(name));
  }

  /** Returns when the command has begun; the link's state tells how it goes on. */
  async command(name: string, command: CommandName): Promise<Answer<LinkBody>> {
    return this.#ask('POST', paths.command(name, command), linkBody);
  }

  /** Returns when it is done; whether it was, and the mistakes of a bad config, are in the answer. */
  async reload(): Promise<Answer<ReloadBody>> {
    return this.#ask('POST', paths.reload, reloadBody, slowAnswerMs);
  }

  /** Returns when the new linkd has taken over, or the old one goes on; which of them is in the answer. */
  async restart(): Promise<Answer<RestartBody>> {
    return this.#ask('POST', paths.restart, restartBody, slowAnswerMs);
  }

  /** What `reload` would do. */
  async diff(): Promise<Answer<ReloadBody>> {
    return this.#ask('GET', paths.diff, reloadBody, slowAnswerMs);
  }

  async plan(name: string): Promise<Answer<PlanBody>> {
    return this.#ask('GET', paths.plan(name), planBody, slowAnswerMs);
  }

  async routes(): Promise<Answer<RoutesBody>> {
    return this.#ask('GET', paths.routes, routesBody, slowAnswerMs);
  }

  /** The sessions of one link, or of all, newest first; at most `limit` of them (1 to 1000). */
  async history(link: string | undefined, limit?: number): Promise<Answer<HistoryBody>> {
    return this.#ask('GET', paths.history(link, limit), historyBody);
  }

  async totals(link: string | undefined): Promise<Answer<TotalsBody>> {
    return this.#ask('GET', paths.totals(link), totalsBody);
  }

  /** The events of one link, or of all, from now on. Ends when linkd ends, or behind an `overflow`. */
  async *events(link?: string): AsyncGenerator<Answer<StreamLine>, void, undefined> {
    const socketPath = this.#path;
    const target = paths.events(link);
    const answer = await exchange({ socketPath, method: 'GET', target, stream: true, timeoutMs: quickAnswerMs });
    try {
      if (answer.status !== 200) throw this.#refusal(answer.status, await readText(answer));
      for await (const line of readLines(answer)) yield this.#parse(line, streamLine);
    } finally {
      answer.abort();
    }
  }

  async #offer(path: string): Promise<Taken> {
    const answer = await offerTerminal(this.#path, path);
    if (answer.kind === 'taken') return answer;
    throw this.#refusal(answer.status, answer.text);
  }

  async #ask<Body>(
    method: 'GET' | 'POST',
    target: string,
    shape: ZodType<Body>,
    timeoutMs: Millis = quickAnswerMs,
  ): Promise<Answer<Body>> {
    const answer = await exchange({ socketPath: this.#path, method, target, stream: false, timeoutMs });
    const text = await readText(answer);
    if (answer.status >= 400) throw this.#refusal(answer.status, text);
    return this.#parse(text, shape);
  }

  #parse<Body>(text: string, shape: ZodType<Body>): Answer<Body> {
    const result = shape.safeParse(this.#parseJson(text));
    if (result.success) return { body: result.data, json: printableJson(text.trimEnd()) };
    const [issue] = result.error.issues;
    throw new ForeignAnswerError(this.#path, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'of another shape'}`);
  }

  #refusal(status: number, text: string): RefusedError {
    const { error } = this.#parse(text, errorBody).body;
    return new RefusedError(status, error.code, error.message, error.remedy ?? undefined);
  }

  #parseJson(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (thrown) {
      throw new ForeignAnswerError(this.#path, messageOf(thrown));
    }
  }
}

export { ForeignAnswerError, RefusedError, UnreachableError };
