/** Answers that the system has to be asked for: bounded in time, and one question at a time however many ask it. */
import type { Millis } from '../base/clock.js';
import type { Reply } from './answers.js';
import { Refusal } from './refusal.js';

export class PendingReplies {
  readonly #timeoutMs: Millis;
  readonly #looks = new Map<string, Promise<Reply>>();

  constructor(timeoutMs: Millis) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * What `answer` gives, or throws; a Refusal when that takes too long (it goes on by itself then). With a key, whoever
   * asks for the same while it is under way gets the same.
   */
  async get(key: string | undefined, answer: () => Reply | Promise<Reply>): Promise<Reply> {
    const shared = key === undefined ? undefined : this.#looks.get(key);
    const reply = shared ?? answer();
    if (!(reply instanceof Promise)) return reply;
    if (key !== undefined && shared === undefined) this.#share(key, reply);
    return this.#inTime(reply);
  }

  #share(key: string, reply: Promise<Reply>): void {
    this.#looks.set(key, reply);
    const forget = (): void => void this.#looks.delete(key);
    // Whoever asked sees the failure.
    reply.then(forget, forget);
  }

  async #inTime(reply: Promise<Reply>): Promise<Reply> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const message = `no answer within ${this.#timeoutMs / 1000} seconds`;
        reject(
          new Refusal(409, 'failed', message, 'What was begun goes on; see the log of linkd for what holds it up.'),
        );
      }, this.#timeoutMs);
    });
    try {
      return await Promise.race([reply, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
