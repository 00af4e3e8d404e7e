/** A ladder in virtual time: a line with a speed at each end, and whoever is at the far one. */
import assert from 'node:assert/strict';
import type { Timer } from '../../src/base/clock.js';
import { assertNever } from '../../src/base/errors.js';
import { FrameDecoder } from '../../src/framing/decoder.js';
import { FrameEncoder, maxFrameLength } from '../../src/framing/encoder.js';
import { Ladder, usualSpeeds, type LadderOptions } from '../../src/probe/ladder.js';
import type { Finding } from '../../src/probe/finding.js';
import { buildPacket, parsePacket } from '../../src/ppp/packet.js';
import { Protocol } from '../../src/ppp/numbers.js';
import { Exchange } from '../support/hayes-exchange.js';
import { Modem, type ModemOptions } from '../support/hayes.js';
import { resample } from '../support/uart.js';
import { VirtualScheduler } from '../support/virtual-scheduler.js';

/** Whoever is at the far end, set to a speed. */
export interface FarEnd {
  readonly speed: number;
  hear(octets: Uint8Array): void;
}

/** How long no ladder may take, ms: nine speeds, twice, with everything that is waited for. */
const longest = 300_000;

export class LadderDesk {
  readonly scheduler = new VirtualScheduler();
  readonly spoken: Uint8Array[] = [];
  readonly doing: string[] = [];
  readonly #ladder: Ladder;
  readonly #unknownSpeeds: readonly number[];
  /** Until when the line is busy, each way. */
  readonly #free = { in: 0, out: 0 };
  #far: FarEnd | undefined;
  #speed = 0;
  #timer: Timer | undefined;
  #finding: Finding | undefined;
  /** What comes in comes in pieces of so many octets. */
  chunk = Infinity;
  /** Each octet that comes passes through. */
  onItsWay = (octets: Uint8Array): Uint8Array => octets;

  constructor(options: Partial<LadderOptions> = {}, unknownSpeeds: readonly number[] = []) {
    this.#ladder = new Ladder({ speeds: usualSpeeds, patience: 1, mayBeInCall: false, magic: 0x12345678, ...options });
    this.#unknownSpeeds = unknownSpeeds;
  }

  /** Plugs somebody in; what he says comes in by what is given back. */
  plug(far: FarEnd): (octets: Uint8Array) => void {
    this.#far = far;
    return (octets) => {
      this.#afterWire('in', octets.length, far.speed, () => {
        this.#hear(this.onItsWay(resample(octets, far.speed, this.#speed)));
      });
    };
  }

  /** Climbs to the end. */
  find(): Finding {
    const began = this.scheduler.now();
    this.#ladder.start();
    this.#drain();
    for (let steps = 0; this.#finding === undefined && steps < 100_000; steps++) {
      if (!this.scheduler.step(longest)) break;
    }
    assert.ok(this.#finding, 'nothing happens any more');
    assert.ok(this.scheduler.now() - began < longest, `it took ${this.scheduler.now() - began} ms`);
    return this.#finding;
  }

  /** As text, with dots for what is none. */
  get spokenText(): string {
    return Buffer.concat(this.spoken)
      .toString('latin1')
      .replace(/[^ -~\r]/g, '.');
  }

  #hear(octets: Uint8Array): void {
    if (this.#finding !== undefined) return;
    const piece = octets.subarray(0, this.chunk);
    this.#ladder.receive(piece.slice(), this.scheduler.now());
    this.#drain();
    if (piece.length < octets.length) this.#hear(octets.subarray(piece.length));
  }

  #drain(): void {
    for (let output = this.#ladder.poll(); output !== undefined; output = this.#ladder.poll()) {
      switch (output.type) {
        case 'speed': {
          const { speed } = output;
          this.#speed = speed;
          this.scheduler.after(1, () => {
            this.#ladder.tuned(!this.#unknownSpeeds.includes(speed), this.scheduler.now());
            this.#drain();
          });
          break;
        }
        case 'send':
          this.#send(output.octets);
          break;
        case 'doing':
          this.doing.push(output.text);
          break;
        case 'finished':
          assert.equal(this.#finding, undefined, 'it is finished once');
          this.#finding = output.finding;
          break;
        default:
          assertNever(output);
      }
    }
    this.#timer?.cancel();
    const at = this.#ladder.nextTimeout();
    if (at === undefined || this.#finding !== undefined) return;
    this.#timer = this.scheduler.after(at - this.scheduler.now(), () => {
      this.#ladder.advance(this.scheduler.now());
      this.#drain();
    });
  }

  #send(octets: Uint8Array): void {
    this.spoken.push(octets);
    const speed = this.#speed;
    this.#afterWire('out', octets.length, speed, () => {
      const far = this.#far;
      far?.hear(resample(octets, speed, far.speed));
    });
  }

  /** Octets leave one behind the other. */
  #afterWire(way: 'in' | 'out', length: number, speed: number, then: () => void): void {
    const now = this.scheduler.now();
    const arrives = Math.max(now, this.#free[way]) + (length * 10_000) / speed;
    this.#free[way] = arrives;
    this.scheduler.after(arrives - now, then);
  }
}

/** A modem of the emulator; deaf but at its speed. */
export function plugModem(
  desk: LadderDesk,
  speed: number,
  options: ModemOptions = {},
): { modem: Modem; exchange: Exchange } {
  const exchange = new Exchange(desk.scheduler);
  const heard = desk.plug({
    speed,
    hear: (octets) => {
      modem.fromTerminal(octets);
    },
  });
  const modem = new Modem({ write: heard, room: () => 4096, carrier: () => undefined }, exchange, options);
  exchange.subscribe('100', modem);
  return { modem, exchange };
}

/** Somebody who answers each line with a text. */
export function plugConsole(desk: LadderDesk, speed: number, answer: (line: string) => string, echo = true): void {
  let line = '';
  const say = desk.plug({
    speed,
    hear: (octets) => {
      for (const character of Buffer.from(octets).toString('latin1')) {
        if (echo) say(Buffer.from(character === '\r' ? '\r\n' : character, 'latin1'));
        if (character === '\r') {
          const text = answer(line);
          line = '';
          if (text !== '') say(Buffer.from(text, 'latin1'));
        } else line += character;
      }
    },
  });
}

/** A frame of LCP. */
export function lcpFrame(code: number, id: number, options: readonly number[]): Uint8Array {
  const packet = buildPacket({ code, id, data: Uint8Array.from(options) });
  const frame = new Uint8Array(maxFrameLength(packet.length));
  return frame.subarray(0, new FrameEncoder().encode(Protocol.lcp, packet, 0, packet.length, frame, 0));
}

/** A PPP speaker that waits, and acknowledges what it's asked for; then it asks for these options itself. */
export function plugPpp(desk: LadderDesk, speed: number, options: readonly number[]): (octets: Uint8Array) => void {
  const decoder = new FrameDecoder({ maxFrame: 2048 });
  const say = desk.plug({
    speed,
    hear: (octets) => {
      decoder.push(octets, 0, octets.length);
      while (decoder.next()) {
        const packet = parsePacket(decoder.buffer.slice(decoder.start, decoder.end));
        if (decoder.protocol !== Protocol.lcp || packet?.code !== 1) continue;
        say(lcpFrame(2, packet.id, Array.from(packet.data)));
        say(lcpFrame(1, 7, options));
      }
    },
  });
  return say;
}
