/** A call in virtual time: the engine of `src/dial` at one end, a modem of the emulator or a partner of the test at the other. */
import assert from 'node:assert/strict';
import { Call as Conversation, type CallMaterial } from '../../src/dial/call.js';
import type { DialOptions } from '../../src/dial/options.js';
import type { TalkOutcome } from '../../src/dial/talk.js';
import { toOctets } from '../../src/chat/script.js';
import type { Speaker } from '../../src/dial/conversation.js';
import { Exchange, type ExchangeOptions } from '../support/hayes-exchange.js';
import { Modem, type ModemOptions } from '../support/hayes.js';
import { VirtualScheduler } from '../support/virtual-scheduler.js';
import { goodLink } from '../config/support.js';
import type { Timer } from '../../src/base/clock.js';

/** What `dial` of a config comes to; each of the lines is one of the section. */
export function dialOptions(...lines: readonly string[]): DialOptions {
  const { dial } = goodLink('dial:', ...lines.map((line) => `  ${line}`));
  assert.ok(dial);
  return dial;
}

export function conversation(options: DialOptions, material: Partial<CallMaterial> = {}): Conversation {
  return new Conversation(options, { script: undefined, secrets: new Map(), first: 0, ...material });
}

/** One who speaks by virtual time, with everything that it did. */
export class Desk {
  readonly scheduler: VirtualScheduler;
  readonly log: string[] = [];
  readonly doing: string[] = [];
  readonly said: string[] = [];
  sent = '';
  outcome: TalkOutcome | undefined;
  rest = '';
  endedAt = 0;
  readonly #speaker: Speaker;
  #timer: Timer | undefined;
  /** Where its octets go. */
  out: (octets: Uint8Array) => void = () => undefined;
  /** Octets come in pieces of so many. */
  chunk = Infinity;

  constructor(speaker: Speaker, scheduler = new VirtualScheduler()) {
    this.#speaker = speaker;
    this.scheduler = scheduler;
  }

  start(): void {
    this.#speaker.start(this.scheduler.now());
    this.#drain();
  }

  hear(octets: Uint8Array): void {
    if (this.outcome !== undefined) {
      this.rest += toOctets(octets);
      return;
    }
    const piece = octets.subarray(0, this.chunk);
    this.#speaker.receive(piece.slice(), this.scheduler.now());
    this.#drain();
    if (piece.length < octets.length) this.hear(octets.subarray(piece.length));
  }

  hearText(text: string): void {
    this.hear(Buffer.from(text, 'latin1'));
  }

  /** Lets time pass until it is over, an hour at most. */
  finish(): TalkOutcome {
    for (let steps = 0; this.outcome === undefined && steps < 100_000; steps++) {
      if (!this.scheduler.step(3_600_000)) break;
    }
    assert.ok(this.outcome, `nothing happens any more:\n${this.log.join('\n')}`);
    return this.outcome;
  }

  /** The code of the cause that it failed by. */
  failure(): string {
    const outcome = this.finish();
    return outcome.kind === 'failed' ? outcome.cause.code : `done: ${outcome.call.notes.join(', ')}`;
  }

  get everything(): string {
    return [...this.log, ...this.doing, ...this.said, JSON.stringify(this.outcome)].join('\n');
  }

  #drain(): void {
    for (
      let output = this.#speaker.poll(this.scheduler.now());
      output;
      output = this.#speaker.poll(this.scheduler.now())
    ) {
      switch (output.type) {
        case 'send': {
          const { octets } = output;
          this.sent += toOctets(octets);
          this.scheduler.after(0, () => {
            this.out(octets);
          });
          break;
        }
        case 'log':
          this.log.push(output.text);
          break;
        case 'doing':
          this.doing.push(output.text);
          break;
        case 'say':
          this.said.push(output.text);
          break;
        case 'ask':
        case 'break':
          break;
        case 'finished':
          assert.equal(this.outcome, undefined, 'it is finished once');
          this.outcome = output.outcome;
          this.rest = toOctets(output.rest);
          this.endedAt = this.scheduler.now();
      }
    }
    this.#timer?.cancel();
    const at = this.#speaker.nextTimeout();
    if (at === undefined || this.outcome !== undefined) return;
    this.#timer = this.scheduler.after(at - this.scheduler.now(), () => {
      this.#speaker.advance(this.scheduler.now());
      this.#drain();
    });
  }
}

/** A desk with a modem on its line, and an exchange. */
export function atModem(
  speaker: Speaker,
  modemOptions: ModemOptions = {},
  exchangeOptions: ExchangeOptions = {},
): { desk: Desk; modem: Modem; exchange: Exchange } {
  const desk = new Desk(speaker);
  const exchange = new Exchange(desk.scheduler, exchangeOptions);
  const terminal = {
    write: (octets: Uint8Array): void => {
      desk.hear(octets);
    },
    room: () => 4096,
    carrier: () => undefined,
  };
  const modem = new Modem(terminal, exchange, modemOptions);
  exchange.subscribe('100', modem);
  desk.out = (octets) => {
    modem.fromTerminal(octets);
  };
  return { desk, modem, exchange };
}

/** Somebody at a number who answers by himself, and says this when there is a connection. */
export function answering(exchange: Exchange, number: string, greeting = ''): Modem {
  const modem = new Modem({ write: () => undefined, room: () => 4096, carrier: () => undefined }, exchange);
  const connected = modem.connected.bind(modem);
  modem.connected = (call, rate) => {
    connected(call, rate);
    exchange.scheduler.after(100, () => {
      modem.fromTerminal(Buffer.from(greeting, 'latin1'));
    });
  };
  modem.fromTerminal(Buffer.from('ATS0=1\r', 'latin1'));
  exchange.subscribe(number, modem);
  return modem;
}
