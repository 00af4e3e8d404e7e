/** A chat script as a part of what is said before PPP. Its aborts and time-outs become causes. */
import { cause, type Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { assertNever } from '../base/errors.js';
import { ChatEngine, describeOutcome, type ChatOutput } from '../chat/engine.js';
import { fromOctets, type Octets, type Outcome, type Script, type Step } from '../chat/script.js';
import { readResult } from './results.js';
import { nothingKnown, Talk, type FileContent } from './talk.js';

export interface ScriptedOptions {
  /** What `\T` and `\U` stand for. */
  readonly numbers: { readonly T?: string | undefined; readonly U?: string | undefined };
  readonly secrets: ReadonlyMap<string, Octets>;
}

export class ScriptedTalk extends Talk {
  readonly #engine: ChatEngine;
  readonly #secrets: ReadonlyMap<string, Octets>;
  /** What was reported, for the status. */
  readonly #notes: string[] = [];

  constructor(script: Script, { numbers, secrets }: ScriptedOptions) {
    super();
    this.#engine = new ChatEngine(withQuietPasswords(script), { numbers });
    this.#secrets = secrets;
  }

  override supply(content: FileContent, now: Millis): void {
    if (content instanceof Uint8Array) this.#engine.supply(content, now);
    else this.#engine.refuse(content.refused, now);
    this.#drain(now);
  }

  protected begin(now: Millis): void {
    this.doing('running the chat script');
    this.#engine.start(now);
    this.#drain(now);
  }

  protected heard(octets: Uint8Array, now: Millis): void {
    this.unread = new Uint8Array(0);
    this.#engine.receive(octets, now);
    this.#drain(now);
  }

  protected due(now: Millis): void {
    this.#engine.advance(now);
    this.#drain(now);
  }

  #drain(now: Millis): void {
    for (let output = this.#engine.poll(); output !== undefined; output = this.#engine.poll()) this.#take(output, now);
    this.deadline = this.#engine.nextTimeout();
  }

  #take(output: ChatOutput, now: Millis): void {
    switch (output.type) {
      case 'send':
      case 'break':
      case 'log':
        this.put(output);
        return;
      case 'say':
        this.put({ type: 'say', text: output.text.trim() });
        return;
      case 'report':
        this.#notes.push(output.text.trim());
        return;
      case 'ask':
        if (output.wanted.kind === 'file') this.put({ type: 'ask', path: output.wanted.path });
        else this.#tellSecret(output.wanted.reference, now);
        return;
      case 'hangup':
      case 'echo':
        return;
      case 'finished':
        if (output.outcome.kind === 'done')
          this.finish({ kind: 'done', call: { ...nothingKnown, notes: this.#notes } }, output.rest);
        else this.fail(this.#causeOf(output.outcome));
        return;
      default:
        assertNever(output);
    }
  }

  #tellSecret(reference: string, now: Millis): void {
    const secret = this.#secrets.get(reference);
    if (secret === undefined) this.#engine.refuse('there is none of this name', now);
    else this.#engine.supply(fromOctets(secret), now);
  }

  /** An abort text that is a modem's result is the cause that it names. */
  #causeOf(outcome: Exclude<Outcome, { kind: 'done' }>): Cause {
    const result = outcome.kind === 'abort' ? readResult(outcome.text) : undefined;
    if (result?.kind === 'failed') return cause(result.code, `the chat script: ${result.text}`);
    return cause('chat-failed', describeOutcome(outcome).replace(/^failed: /, ''));
  }
}

/** What answers the question for a password is shown by no log, though scripts of old write it down. */
function withQuietPasswords(script: Script): Script {
  return script.map((step, i): Step => {
    const before = script[i - 1];
    const isAsked =
      before?.kind === 'expect' && before.attempts.some(({ expect }) => /pass|word|\bpin\b|secret/i.test(expect));
    if (!isAsked || step.kind !== 'send' || step.send.kind !== 'text') return step;
    return { kind: 'send', send: { ...step.send, quiet: true } };
  });
}
