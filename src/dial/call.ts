/** All that is said before PPP, one part behind the other: the modem, a chat script, a login. Pure, like its parts. */
import type { Millis } from '../base/clock.js';
import type { Octets, Script } from '../chat/script.js';
import { gsmCommands } from './gsm.js';
import { LoginTalk } from './login.js';
import { ModemTalk } from './modem.js';
import type { DialOptions } from './options.js';
import { ScriptedTalk } from './scripted.js';
import { nothingKnown, type CallFacts, type FileContent, type Talk, type TalkOutput } from './talk.js';
import { WindowsTalk } from './windows.js';

/** What was read anew for this call. */
export interface CallMaterial {
  readonly script: Script | undefined;
  /** `pin`, `login`, and those of the chat script. */
  readonly secrets: ReadonlyMap<string, Octets>;
  /** The number to begin with. */
  readonly first: number;
}

export class Call {
  readonly #options: DialOptions;
  readonly #parts: (() => Talk)[];
  readonly #material: CallMaterial;
  #part: Talk | undefined;
  #number: number;
  #connected = false;
  #facts: CallFacts = nothingKnown;

  constructor(options: DialOptions, material: CallMaterial) {
    this.#options = options;
    this.#material = material;
    this.#number = material.first;
    const { script, secrets } = material;
    const { modem, login } = options;
    this.#parts = [
      ...(modem === 'hayes' || modem === 'gsm' ? [() => this.#modem()] : []),
      ...(modem === 'windows' ? [() => new WindowsTalk('client', options.timeoutMs)] : []),
      ...(modem === 'windows-server' ? [() => new WindowsTalk('server', options.timeoutMs)] : []),
      ...(script === undefined ? [] : [() => new ScriptedTalk(script, { numbers: this.#numbersOf(), secrets })]),
      ...(login === undefined ? [] : [() => new LoginTalk({ ...login, secret: secrets.get('login') })]),
    ];
  }

  /** A modem has connected: what ends the call now is a hang-up. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Which number was dialed last. */
  get numberIndex(): number {
    return this.#part instanceof ModemTalk ? this.#part.numberIndex : this.#number;
  }

  start(now: Millis): void {
    this.#next(new Uint8Array(0), now);
  }

  receive(octets: Uint8Array, now: Millis): void {
    this.#part?.receive(octets, now);
  }

  advance(now: Millis): void {
    this.#part?.advance(now);
  }

  supply(content: FileContent, now: Millis): void {
    this.#part?.supply(content, now);
  }

  nextTimeout(): Millis | undefined {
    return this.#part?.nextTimeout();
  }

  /** `finished` comes once, when the last part is over or one has failed. */
  poll(now: Millis): TalkOutput | undefined {
    for (;;) {
      const output = this.#part?.poll();
      if (output?.type !== 'finished') return output;
      this.#number = this.numberIndex;
      if (output.outcome.kind === 'failed') return output;
      this.#learn(output.outcome.call);
      if (this.#parts.length === 0) return { ...output, outcome: { kind: 'done', call: this.#facts } };
      this.#next(output.rest, now);
    }
  }

  #next(rest: Uint8Array, now: Millis): void {
    const make = this.#parts.shift();
    if (make === undefined) throw new Error('a call without anything to say');
    this.#part = make();
    this.#part.start(now, rest);
  }

  #learn({ speed, compressed, notes }: CallFacts): void {
    if (this.#part instanceof ModemTalk) this.#connected = true;
    this.#facts = {
      speed: speed ?? this.#facts.speed,
      compressed: compressed ?? this.#facts.compressed ?? false,
      notes: [...this.#facts.notes, ...notes],
    };
  }

  #modem(): Talk {
    const { modem, init, numbers, prefix, timeoutMs, apn } = this.#options;
    const { secrets, first } = this.#material;
    const commands = [
      ...init.map((text) => ({ text })),
      ...(modem === 'gsm' ? gsmCommands(secrets.get('pin'), apn) : []),
    ];
    return new ModemTalk({ commands, numbers, first, prefix, timeoutMs });
  }

  /** The script's numbers, from the one that is tried now. */
  #numbersOf(): { T: string | undefined; U: string | undefined } {
    const { numbers } = this.#options;
    const at = (index: number): string | undefined => numbers[index % Math.max(1, numbers.length)];
    return { T: at(this.#number), U: numbers.length > 1 ? at(this.#number + 1) : undefined };
  }
}
