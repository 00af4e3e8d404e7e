/**
 * The control API's client, which linkctl is made of. Every answer is checked against the protocol; what is not linkd's is
 * an error that says so. Texts in the answers are fit for a terminal.
 */
import type { ZodType } from 'zod';
import { messageOf } from '../base/errors.js';
import { RefusedError, ForeignAnswerError, UnreachableError } from './client-errors.js';
import { exchange, readLines, readText, type Exchange } from './client-http.js';
import { printableJson } from './printable.js';
import { errorBody, linkBody, logBody, paths, statusBody, streamLine } from './protocol.js';
import type { CommandName, LinkBody, LogBody, StatusBody, StreamLine } from './protocol.js';

/** An answer, and the JSON that it came as. */
export interface Answer<Body> {
  readonly body: Body;
  readonly json: string;
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

  /** Returns when the command has begun; the link's state tells how it goes on. */
  async command(name: string, command: CommandName): Promise<Answer<LinkBody>> {
    return this.#ask('POST', paths.command(name, command), linkBody);
  }

  /** The events of one link, or of all, from now on. Ends when linkd ends, or behind an `overflow`. */
  async *events(link?: string): AsyncGenerator<Answer<StreamLine>, void, undefined> {
    const answer = await exchange({ socketPath: this.#path, method: 'GET', target: paths.events(link), stream: true });
    try {
      if (answer.status !== 200) throw this.#refusal(answer, await readText(answer));
      for await (const line of readLines(answer)) yield this.#parse(line, streamLine);
    } finally {
      answer.abort();
    }
  }

  async #ask<Body>(method: 'GET' | 'POST', target: string, shape: ZodType<Body>): Promise<Answer<Body>> {
    const answer = await exchange({ socketPath: this.#path, method, target, stream: false });
    const text = await readText(answer);
    if (answer.status >= 400) throw this.#refusal(answer, text);
    return this.#parse(text, shape);
  }

  #parse<Body>(text: string, shape: ZodType<Body>): Answer<Body> {
    const result = shape.safeParse(this.#parseJson(text));
    if (result.success) return { body: result.data, json: printableJson(text.trimEnd()) };
    const [issue] = result.error.issues;
    throw new ForeignAnswerError(this.#path, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'of another shape'}`);
  }

  #refusal({ status }: Exchange, text: string): RefusedError {
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
