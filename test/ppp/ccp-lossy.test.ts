/**
 * Two sessions with their data paths over a line that loses frames, in virtual time: under traffic no history stays broken for
 * longer than a second, and no packet comes out that was not sent. RFC 1962 §3
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatHex } from '../../src/base/bytes.js';
import type { Cause } from '../../src/base/cause.js';
import type { Millis } from '../../src/base/clock.js';
import { DataPath } from '../../src/link/data-path.js';
import { Code, Protocol } from '../../src/ppp/numbers.js';
import { nothingCounted } from '../../src/ppp/lqr/report.js';
import type { CcpOptions, SessionOptions } from '../../src/ppp/options.js';
import { Session } from '../../src/ppp/session.js';
import { cleanLine, LossyLine, type Delivery, type Frame } from '../support/lossy-line.js';
import { seededRandom } from '../support/random.js';
import { mirrored, SessionStation, sessionOptions, Wire, type Station } from '../support/session-pair.js';
import { answering, asking } from './auth-support.js';
import { ip4, line } from '../compress/rig.js';

/** Between two packets of the traffic. */
const interval: Millis = 20;
const end: Millis = 60_000;

/** A session and its data path, with traffic from the moment that the network is up. */
class Router implements Station {
  readonly session: Session;
  readonly received = new Map<string, Millis>();
  readonly sent = new Set<string>();
  finished: Cause | undefined;
  resets = 0;
  compressed = 0;
  /** For how long nothing came out although the other end sent. */
  longestSilence: Millis = 0;
  readonly #path: DataPath;
  readonly #random: () => number;
  #lastReceived: Millis | undefined;
  #pending: Frame[] = [];
  #nextPacket: Millis | undefined;
  #number = 0;
  /** Handed to the line. */
  #frames = 0;

  constructor(options: SessionOptions, seed: number) {
    this.#random = seededRandom(seed);
    this.session = new Session(options, seededRandom(seed + 100), () => ({
      ...nothingCounted(),
      outPackets: this.#frames,
    }));
    this.#path = new DataPath(() => {
      this.session.decompressionFailed(this.#now);
    });
  }

  #now: Millis = 0;

  start(now: Millis): void {
    this.session.start(now);
    this.#drain(now);
  }

  receive({ protocol, packet }: Frame, now: Millis): void {
    this.#now = now;
    const isData = protocol === Protocol.compressed ? this.#path.decompresses : this.session.carriesIp4;
    if (isData && protocol < 0x4000) {
      this.session.heard(now);
      const view = this.#path.inbound(protocol, packet, 0, packet.length);
      if (view !== undefined) this.#deliver(view.buffer.subarray(view.start, view.end), now);
    } else {
      this.session.receive(protocol, packet, now);
    }
    this.#drain(now);
  }

  nextTimeout(): Millis | undefined {
    const deadline = this.session.nextTimeout();
    return this.#nextPacket === undefined ? deadline : Math.min(this.#nextPacket, deadline ?? Infinity);
  }

  timeout(now: Millis): void {
    this.#now = now;
    this.session.timeout(now);
    if (this.#nextPacket !== undefined && now >= this.#nextPacket) {
      this.#nextPacket = now + interval;
      if (now < end - 5000) this.#traffic();
    }
    this.#drain(now);
  }

  take(): Frame[] {
    const frames = this.#pending;
    this.#frames += frames.length;
    this.#pending = [];
    return frames;
  }

  #traffic(): void {
    const number = this.#number++;
    const noise = Uint8Array.from({ length: 64 }, () => this.#random() & 0xff);
    const { protocol, data } = number % 13 === 12 ? ip4(noise) : line(number);
    this.sent.add(formatHex(data, ''));
    const view = this.#path.outbound(protocol, data.slice(), 0, data.length);
    if (view.protocol === Protocol.compressed) this.compressed++;
    this.#pending.push({ protocol: view.protocol, packet: view.buffer.slice(view.start, view.end) });
  }

  #deliver(packet: Uint8Array, now: Millis): void {
    if (this.#lastReceived !== undefined) this.longestSilence = Math.max(this.longestSilence, now - this.#lastReceived);
    this.#lastReceived = now;
    this.received.set(formatHex(packet, ''), now);
  }

  #drain(now: Millis): void {
    for (let output = this.session.poll(); output !== undefined; output = this.session.poll()) {
      switch (output.type) {
        case 'send':
          this.#pending.push({ protocol: output.protocol, packet: output.packet });
          break;
        case 'network-up':
          this.#nextPacket ??= now + interval;
          break;
        case 'compressor':
          this.#path.setCompressor(output.method);
          break;
        case 'start-compressor':
          this.#path.startCompressor();
          break;
        case 'decompressor':
          this.#path.setDecompressor(output.method);
          break;
        case 'reset-compressor':
          this.resets++;
          this.#path.resetCompressor();
          break;
        case 'reset-decompressor':
          this.#path.resetDecompressor();
          break;
        case 'finished':
          this.finished = output.cause;
          break;
        default:
          break;
      }
    }
  }
}

/** Loses each frame as likely as its bits are hit: the longer, the likelier. */
class BitErrors extends LossyLine {
  readonly #errors: number;

  constructor(errors: number, seed: number) {
    super({ ...cleanLine, latencyMs: 30 }, seededRandom(seed));
    this.#errors = errors;
  }

  override carry(frame: Frame): Delivery[] {
    const bits = 8 * (frame.packet.length + 8);
    this.faults = { ...this.faults, corrupt: 1 - (1 - this.#errors) ** bits };
    return super.carry(frame);
  }
}

function run(ccp: CcpOptions, errors: number, seed: number): readonly [Router, Router] {
  const silentEcho = { echoIntervalMs: 0 };
  const a = new Router({ ...sessionOptions(silentEcho), ccp }, seed);
  const b = new Router({ ...mirrored(silentEcho), ccp }, seed + 1);
  const wire = new Wire(new BitErrors(errors, seed), a, b);
  wire.start();
  wire.run(end, () => false, 100_000);
  assert.deepEqual([a.finished, b.finished], [undefined, undefined]);
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    for (const packet of to.received.keys()) assert(from.sent.has(packet), `never sent: ${packet}`);
  }
  return [a, b];
}

const kinds = ['deflate', 'bsd', 'predictor1'] as const;

for (const kind of kinds) {
  const ccp: CcpOptions = { send: [kind], receive: [kind], mppe: undefined };

  describe(`traffic with ${kind}`, () => {
    it('passes whole on a good line, and needs no reset', () => {
      for (const end of run(ccp, 0, 5)) {
        assert.equal(end.resets, 0);
        assert(end.received.size > 2500 && end.received.size === end.sent.size, `${end.received.size}`);
        assert(end.compressed > 0.7 * end.sent.size, `${end.compressed} compressed`);
      }
    });

    for (const errors of [1e-5, 1e-4]) {
      it(`is never silent for a second at bit errors of ${errors}`, () => {
        for (const seed of [1, 2]) {
          for (const end of run(ccp, errors, seed)) {
            assert(end.resets > 0, `${end.resets} resets`);
            assert(end.received.size > 0.5 * end.sent.size, `${end.received.size} of ${end.sent.size}`);
            assert(end.longestSilence < 1000, `silent for ${end.longestSilence} ms`);
            // At 1e-4 a tenth of the packets is lost, and plain ones fare better.
            if (errors === 1e-5) assert(end.compressed > 0.7 * end.sent.size, `${end.compressed} compressed`);
          }
        }
      });
    }
  });
}

/** pppd 2.4.9 ends such a link ("MPPE disabled") when it meets a request of ours after it has opened CCP by the first one. */
describe('a line on which an answer takes longer than a first retry', () => {
  for (const latencyMs of [400, 1200]) {
    it(`has one request for MPPE on its way, at ${2 * latencyMs} ms there and back`, () => {
      const ccp: CcpOptions = { send: [], receive: [], mppe: { required: true, bits: [128], stateless: true } };
      const a = new SessionStation({ ...sessionOptions(), ccp, auth: asking(['mschap-v2']) }, 1);
      const b = new SessionStation({ ...mirrored(), ccp, auth: answering(['mschap-v2']) }, 2);
      const wire = new Wire(new LossyLine({ ...cleanLine, latencyMs }, seededRandom(3)), a, b);
      wire.start();
      wire.run(60_000);
      for (const end of [a, b]) {
        assert(end.isUp);
        const requests = end.outputs.filter(
          (output) =>
            output.type === 'send' && output.protocol === Protocol.ccp && output.packet[0] === Code.configureRequest,
        );
        assert.equal(requests.length, 1);
      }
    });
  }
});
