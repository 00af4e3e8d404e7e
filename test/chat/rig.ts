/** Runs chat scripts in virtual time against a partner that answers what it reads. */
import assert from 'node:assert/strict';
import { ChatEngine, type ChatOptions, type ChatOutput } from '../../src/chat/engine.js';
import { parseChat } from '../../src/chat/parse.js';
import { fromOctets, toOctets, type Outcome, type Script } from '../../src/chat/script.js';

/** What the partner says: at once, or when it has read so much since it spoke last. */
export interface Turn {
  /** Text that it waits for; without it, it speaks as soon as it may. */
  readonly on?: string;
  readonly say: string;
}

export interface Story {
  readonly outcome: Outcome;
  /** Everything that went out; a break is `<break>`. */
  readonly sent: string;
  /** When each piece went out, since the start. */
  readonly times: readonly number[];
  readonly rest: string;
  /** What it said to the person, and what it echoed. */
  readonly shown: string;
  readonly reports: readonly string[];
  readonly log: readonly string[];
  readonly durationMs: number;
}

export interface RigOptions extends ChatOptions {
  readonly turns?: readonly Turn[];
  /** What files and secrets are, by path or reference. */
  readonly contents?: Readonly<Record<string, string>>;
  /** How many octets of the partner come at once. */
  readonly chunk?: number;
}

export function script(text: string | Uint8Array, variables?: ChatOptions['variables']): Script {
  const parsed = parseChat(text, { variables });
  assert.ok(parsed.kind === 'script', JSON.stringify(parsed));
  return parsed.script;
}

/** Runs it to its end; what takes longer than an hour of virtual time fails. */
export function runChat(steps: Script, options: RigOptions = {}): Story {
  return new Rig(steps, options).run();
}

const HOUR_MS = 3_600_000;

class Rig {
  readonly #engine: ChatEngine;
  readonly #options: RigOptions;
  readonly #turns: Turn[];
  readonly #start = 5000;
  #now = this.#start;
  #sent = '';
  #heard = 0;
  readonly #times: number[] = [];
  #shown = '';
  readonly #reports: string[] = [];
  readonly #log: string[] = [];
  #end: { readonly outcome: Outcome; readonly rest: string } | undefined;

  constructor(steps: Script, options: RigOptions) {
    this.#engine = new ChatEngine(steps, { typing: 0, ...options });
    this.#options = options;
    this.#turns = [...(options.turns ?? [])];
  }

  run(): Story {
    this.#engine.start(this.#now);
    this.#drain();
    while (this.#end === undefined) {
      if (this.#speak()) continue;
      const next = this.#engine.nextTimeout();
      assert.ok(
        next !== undefined && next < this.#start + HOUR_MS,
        `nothing happens any more: ${this.#log.join('\n')}`,
      );
      this.#now = Math.max(this.#now, next);
      this.#engine.advance(this.#now);
      this.#drain();
    }
    while (this.#speak());
    return {
      ...this.#end,
      sent: this.#sent,
      times: this.#times,
      shown: this.#shown,
      reports: this.#reports,
      log: this.#log,
      durationMs: this.#now - this.#start,
    };
  }

  #speak(): boolean {
    const turn = this.#turns[0];
    if (turn === undefined) return false;
    const found = turn.on === undefined ? this.#heard : this.#sent.indexOf(turn.on, this.#heard);
    if (found < 0) return false;
    this.#turns.shift();
    this.#heard = found + (turn.on?.length ?? 0);
    const octets = fromOctets(turn.say);
    const chunk = this.#options.chunk ?? octets.length;
    for (let at = 0; at < octets.length; at += chunk) {
      if (this.#end !== undefined) {
        this.#end = { ...this.#end, rest: this.#end.rest + toOctets(octets.subarray(at)) };
        break;
      }
      this.#engine.receive(octets.subarray(at, at + chunk), this.#now);
      this.#drain();
    }
    return true;
  }

  #drain(): void {
    for (let output = this.#engine.poll(); output !== undefined; output = this.#engine.poll()) this.#take(output);
  }

  #take(output: ChatOutput): void {
    assert.equal(this.#end, undefined, `${output.type} behind the end`);
    switch (output.type) {
      case 'send':
        this.#sent += toOctets(output.octets);
        this.#times.push(this.#now - this.#start);
        break;
      case 'break':
        this.#sent += '<break>';
        this.#times.push(this.#now - this.#start);
        break;
      case 'ask': {
        const { wanted } = output;
        const content = this.#options.contents?.[wanted.kind === 'file' ? wanted.path : wanted.reference];
        if (content === undefined) this.#engine.refuse(new Error('there is none'), this.#now);
        else this.#engine.supply(new TextEncoder().encode(content), this.#now);
        break;
      }
      case 'hangup':
        break;
      case 'say':
      case 'echo':
        this.#shown += output.text;
        break;
      case 'report':
        this.#reports.push(output.text);
        break;
      case 'log':
        this.#log.push(output.text);
        break;
      case 'finished':
        this.#end = { outcome: output.outcome, rest: toOctets(output.rest) };
        break;
    }
  }
}
