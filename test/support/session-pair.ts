/**
 * Two stations on a line in virtual time: two PPP sessions, or a session and a scripted peer. Nothing waits: time jumps
 * from one event to the next. What a session must always keep to is checked at every output.
 */
import assert from 'node:assert/strict';
import type { Cause } from '../../src/base/cause.js';
import type { Millis } from '../../src/base/clock.js';
import { parseIp4, type Ip4 } from '../../src/base/ip.js';
import type { CompressionMethod } from '../../src/compress/method.js';
import { Protocol } from '../../src/ppp/numbers.js';
import type { IpcpOptions, Ipv6cpOptions, LcpOptions, SessionOptions } from '../../src/ppp/options.js';
import { defaultFraming, type AgreedNetwork, type Framing, type SessionOutput } from '../../src/ppp/outputs.js';
import { Session } from '../../src/ppp/session.js';
import type { Frame, LossyLine } from './lossy-line.js';
import { seededRandom } from './random.js';

/** One end of a line. */
export interface Station {
  start(now: Millis): void;
  receive(frame: Frame, now: Millis): void;
  nextTimeout(): Millis | undefined;
  timeout(now: Millis): void;
  /** The frames to be sent since the last call. */
  take(): Frame[];
}

export const defaultLcp: LcpOptions = {
  mru: 1500,
  asyncmap: 0,
  magic: true,
  pfc: true,
  acfc: true,
  restartMs: 3000,
  maxConfigure: 10,
  maxTerminate: 2,
  maxFailure: 5,
  passive: false,
  silent: false,
  echoIntervalMs: 10_000,
  echoFailures: 3,
  lqr: undefined,
};

export function ip(text: string): number {
  const address = parseIp4(text);
  assert(address !== undefined, text);
  return address;
}

/** Two fixed addresses, and nothing else. */
export const plainIpcp: IpcpOptions = {
  local: ip('10.0.0.1'),
  remote: ip('10.0.0.2'),
  acceptLocal: [],
  acceptRemote: [],
  assigned: false,
  dns: { ask: false, offer: [] },
  wins: { ask: false, offer: [] },
  vj: undefined,
};

/** The end with 10.0.0.1, whose peer is 10.0.0.2; what is given replaces the defaults. */
export function sessionOptions(
  lcp: Partial<LcpOptions> = {},
  ipcp: Partial<IpcpOptions> = {},
  ipv6cp?: Partial<Ipv6cpOptions>,
): SessionOptions {
  return {
    lcp: { ...defaultLcp, ...lcp },
    ipcp: { ...plainIpcp, ...ipcp },
    ipv6cp: ipv6cp && { local: undefined, remote: undefined, ...ipv6cp },
  };
}

/** The options of the other end. */
export function mirrored(
  lcp: Partial<LcpOptions> = {},
  ipcp: Partial<IpcpOptions> = {},
  ipv6cp?: Partial<Ipv6cpOptions>,
): SessionOptions {
  return sessionOptions(lcp, { local: ip('10.0.0.2'), remote: ip('10.0.0.1'), ...ipcp }, ipv6cp);
}

/** A session with the duties of its caller: drains the outputs after each input, and watches what comes out. */
export class SessionStation implements Station {
  readonly session: Session;
  readonly outputs: SessionOutput[] = [];
  finished: Cause | undefined;
  framing: Framing = defaultFraming;
  /** What may flow, by the outputs. */
  network: AgreedNetwork | undefined;
  /** What CCP has set, by its outputs. */
  compressor: CompressionMethod | undefined;
  compresses = false;
  decompressor: CompressionMethod | undefined;
  /** What IPCP has set for the headers. */
  compression: Pick<Extract<SessionOutput, { type: 'header-compression' }>, 'send' | 'receive'> | undefined;
  /** The number of the last `address-wanted`. */
  wanted: number | undefined;
  ups = 0;
  downs = 0;
  sends = 0;
  #pending: Frame[] = [];

  constructor(options: SessionOptions, seed = 1, random = seededRandom(seed)) {
    this.session = new Session(options, random);
  }

  get isUp(): boolean {
    return this.ups > this.downs;
  }

  /** The notes so far, in order. */
  get notes(): string[] {
    return this.outputs.flatMap((output) => (output.type === 'note' ? [output.message] : []));
  }

  start(now: Millis): void {
    this.session.start(now);
    this.#drain();
  }

  receive({ protocol, packet }: Frame, now: Millis): void {
    const carried =
      (protocol === Protocol.ip && this.session.carriesIp4) || (protocol === Protocol.ip6 && this.session.carriesIp6);
    if (carried) this.session.heard(now);
    else this.session.receive(protocol, packet, now);
    this.#drain();
  }

  nextTimeout(): Millis | undefined {
    return this.session.nextTimeout();
  }

  timeout(now: Millis): void {
    this.session.timeout(now);
    this.#drain();
    const next = this.session.nextTimeout();
    assert(next === undefined || next > now, 'a timer that was due fires and is gone');
  }

  close(now: Millis, cause: Cause): void {
    this.session.close(now, cause);
    this.#drain();
  }

  assign(number: number, remote: Ip4, now: Millis): void {
    this.session.assign(number, remote, now);
    this.#drain();
  }

  lineLost(now: Millis): void {
    const sends = this.sends;
    this.session.lineLost(now);
    this.#drain();
    assert.equal(this.sends, sends, 'nothing is sent when the line is lost');
  }

  take(): Frame[] {
    const frames = this.#pending;
    this.#pending = [];
    return frames;
  }

  #drain(): void {
    for (let output = this.session.poll(); output !== undefined; output = this.session.poll()) this.#watch(output);
    assert.deepEqual(this.session.network, this.network, 'the session says what the outputs say');
    assert.equal(this.session.carriesIp4, this.network?.ip4 !== undefined);
    assert.equal(this.session.carriesIp6, this.network?.ip6 !== undefined);
    if (!this.session.carriesIp4) assert.equal(this.compression, undefined, 'compression ends with IPv4');
    if (this.finished !== undefined) {
      assert.equal(this.isUp, false, 'the network is down when the session is over');
      assert.equal(this.session.nextTimeout(), undefined, 'no timer runs when the session is over');
      assert.equal(this.session.describe().phase, 'dead');
    }
  }

  #watch(output: SessionOutput): void {
    assert.equal(this.finished, undefined, 'nothing comes after finished');
    this.outputs.push(output);
    switch (output.type) {
      case 'send':
        if (output.protocol !== Protocol.lcp) {
          assert.notEqual(this.framing, defaultFraming, 'the agreed framing is in force before an NCP sends');
        }
        this.sends++;
        this.#pending.push({ protocol: output.protocol, packet: output.packet });
        break;
      case 'framing':
        this.framing = output.framing;
        break;
      case 'network-up':
        this.network = output.network;
        this.ups++;
        assert.equal(this.ups, this.downs + 1, 'the network comes up only when it is down');
        break;
      case 'network-changed':
        assert(this.network !== undefined, 'the network changes only while it is up');
        this.network = output.network;
        break;
      case 'header-compression': {
        const { send, receive } = output;
        this.compression = send === undefined && receive === undefined ? undefined : { send, receive };
        break;
      }
      case 'compressor':
        this.compressor = output.method;
        this.compresses = false;
        break;
      case 'start-compressor':
        assert(this.compressor !== undefined, 'only what is there can start');
        this.compresses = true;
        break;
      case 'decompressor':
        this.decompressor = output.method;
        break;
      case 'reset-compressor':
        assert(this.compressor !== undefined, 'only what is there can be reset');
        break;
      case 'reset-decompressor':
        assert(this.decompressor !== undefined, 'only what is there can be reset');
        break;
      case 'address-wanted':
        this.wanted = output.number;
        break;
      case 'network-down':
        this.network = undefined;
        this.downs++;
        assert.equal(this.ups, this.downs, 'the network goes down only when it is up');
        break;
      case 'finished':
        this.finished = output.cause;
        break;
      case 'note':
      case 'echo':
      case 'bundle':
      case 'line-finished':
        break;
    }
  }
}

/** A peer that knows no state: it answers each frame with what its script makes of it. */
export class ScriptedPeer implements Station {
  readonly received: Frame[] = [];
  readonly #opening: readonly Frame[];
  readonly #answer: (frame: Frame, now: Millis) => readonly Frame[];
  #pending: Frame[] = [];

  /** `opening` is sent at the start. */
  constructor(answer: (frame: Frame, now: Millis) => readonly Frame[], opening: readonly Frame[] = []) {
    this.#answer = answer;
    this.#opening = opening;
  }

  start(): void {
    this.#pending.push(...this.#opening);
  }

  receive(frame: Frame, now: Millis): void {
    this.received.push(frame);
    this.#pending.push(...this.#answer(frame, now));
  }

  nextTimeout(): undefined {
    return undefined;
  }

  timeout(): void {
    // a script has no timers
  }

  take(): Frame[] {
    const frames = this.#pending;
    this.#pending = [];
    return frames;
  }
}

interface Arrival {
  readonly at: Millis;
  readonly order: number;
  readonly to: Station;
  readonly frame: Frame;
}

/** Joins two stations, or one to itself, and lets time pass. */
export class Wire {
  now: Millis = 0;
  readonly #stations: readonly Station[];
  readonly #line: LossyLine;
  readonly #opposite: (station: Station) => Station;
  #arrivals: Arrival[] = [];
  #sent = 0;

  /** `b` undefined loops the line back to `a`. */
  constructor(line: LossyLine, a: Station, b?: Station) {
    this.#line = line;
    this.#stations = b === undefined ? [a] : [a, b];
    this.#opposite = (station) => (station === a ? (b ?? a) : a);
  }

  /** Frames sent by both ends so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Puts a frame on the line, as if from the other end. */
  inject(to: Station, frame: Frame): void {
    this.#arrivals.push({ at: this.now, order: this.#sent++, to, frame });
  }

  start(): void {
    for (const station of this.#stations) station.start(this.now);
    this.#collect();
  }

  /** Runs until `until` (virtual time), or until `done`; fails when the ends exchange more than `maxFrames` frames. */
  run(until: Millis, done: () => boolean = () => false, maxFrames = 20_000): void {
    this.#collect();
    for (let next = this.#next(); next <= until && !done(); next = this.#next()) {
      this.now = Math.max(this.now, next);
      this.#deliver();
      for (const station of this.#stations) station.timeout(this.now);
      this.#collect();
      assert(this.#sent < maxFrames, `more than ${maxFrames} frames by ${this.now} ms`);
    }
    if (!done()) this.now = Math.max(this.now, until);
  }

  #next(): Millis {
    let next = Infinity;
    for (const { at } of this.#arrivals) next = Math.min(next, at);
    for (const station of this.#stations) next = Math.min(next, station.nextTimeout() ?? Infinity);
    return next;
  }

  #deliver(): void {
    const due = this.#arrivals.filter(({ at }) => at <= this.now).sort((a, b) => a.at - b.at || a.order - b.order);
    this.#arrivals = this.#arrivals.filter(({ at }) => at > this.now);
    for (const { to, frame } of due) to.receive(frame, this.now);
  }

  #collect(): void {
    for (const station of this.#stations) {
      for (const frame of station.take()) {
        this.#sent++;
        for (const { afterMs, frame: arriving } of this.#line.carry(frame)) {
          const order = this.#sent;
          this.#arrivals.push({ at: this.now + afterMs, order, to: this.#opposite(station), frame: arriving });
        }
      }
    }
  }
}
