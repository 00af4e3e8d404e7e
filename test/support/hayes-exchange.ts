/**
 * The telephone exchange between the modems of `hayes.ts`: numbers, what becomes of a call to each, and the circuit of a
 * call that was answered, at a rate, with noise, until somebody hangs up or it's cut.
 */
import type { Millis, Scheduler, Timer } from '../../src/base/clock.js';
import { seededRandom, Wire, type Disturbance } from './wire.js';

/** What a caller hears: no dial tone, the busy tone, ringing, or nothing of use (somebody's voice, a wrong number). */
export type Tone = 'no-dialtone' | 'busy' | 'ringing' | 'silence';

/** A modem, as the exchange and the other modem see it. */
export interface Subscriber {
  /** On the hook, and not called by anybody. */
  readonly idle: boolean;
  /** Bits a second at most. */
  readonly maxRate: number;
  hear(tone: Tone): void;
  /** Again and again until it answers or the caller gives up. */
  ring(call: Call): void;
  ringingStopped(): void;
  connected(call: Call, rate: number): void;
  carrierLost(): void;
  /** At most as many octets as it has room for. */
  receive(octets: Uint8Array): void;
  room(): number;
}

export interface ExchangeOptions {
  /** Between two rings; 6 s as in most countries. */
  readonly ringMs?: Millis;
  /** From the answer to the carrier. */
  readonly trainingMs?: Millis;
  /** Of every line, bits a second. */
  readonly rate?: number;
  /** Octets take their time at that rate; without it they are there at once. */
  readonly paced?: boolean;
  readonly seed?: number;
}

export class Exchange {
  readonly scheduler: Scheduler;
  readonly #options: ExchangeOptions;
  readonly #random: () => number;
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #tones = new Map<string, Tone>();
  readonly #calls = new Set<Call>();
  #disturbance: Disturbance = { damage: 0, loss: 0 };
  /** Numbers in the order in which they were dialed. */
  readonly dialed: string[] = [];
  /** Without it nobody hears a dial tone. */
  working = true;

  constructor(scheduler: Scheduler, options: ExchangeOptions = {}) {
    this.scheduler = scheduler;
    this.#options = options;
    this.#random = seededRandom(options.seed ?? 1);
  }

  subscribe(number: string, subscriber: Subscriber): void {
    this.#subscribers.set(number, subscriber);
  }

  /** What whoever dials this number hears from now on; undefined: what there is to hear. */
  answerWith(number: string, tone: Tone | undefined): void {
    if (tone === undefined) this.#tones.delete(number);
    else this.#tones.set(number, tone);
  }

  /** A call, or undefined when the caller hears something else. */
  place(caller: Subscriber, number: string): Call | undefined {
    this.dialed.push(number);
    const called = this.#subscribers.get(number);
    const tone = this.working ? (this.#tones.get(number) ?? toneOf(called)) : 'no-dialtone';
    caller.hear(tone);
    if (tone !== 'ringing' || called === undefined || this.#tones.has(number)) return undefined;
    const rate = Math.min(this.#options.rate ?? Infinity, caller.maxRate, called.maxRate);
    const call = new Call(this.scheduler, caller, called, {
      ringMs: this.#options.ringMs ?? 6000,
      trainingMs: this.#options.trainingMs ?? 3000,
      rate,
      baud: this.#options.paced === true ? rate : undefined,
      random: this.#random,
      over: () => this.#calls.delete(call),
    });
    call.disturb(this.#disturbance);
    this.#calls.add(call);
    call.ring();
    return call;
  }

  /** Noise on every line: those in use, and those of later calls. */
  disturb(disturbance: Disturbance): void {
    this.#disturbance = disturbance;
    for (const call of this.#calls) call.disturb(disturbance);
  }

  /** Every call is cut off. */
  drop(): void {
    for (const call of [...this.#calls]) call.cut();
  }

  get calls(): number {
    return this.#calls.size;
  }
}

interface CallOptions {
  readonly ringMs: Millis;
  readonly trainingMs: Millis;
  readonly rate: number;
  readonly baud: number | undefined;
  readonly random: () => number;
  readonly over: () => void;
}

export class Call {
  readonly #scheduler: Scheduler;
  readonly #caller: Subscriber;
  readonly #called: Subscriber;
  readonly #options: CallOptions;
  readonly #there: Circuit;
  readonly #back: Circuit;
  #state: 'ringing' | 'training' | 'data' | 'over' = 'ringing';
  #timer: Timer | undefined;

  constructor(scheduler: Scheduler, caller: Subscriber, called: Subscriber, options: CallOptions) {
    this.#scheduler = scheduler;
    this.#caller = caller;
    this.#called = called;
    this.#options = options;
    this.#there = new Circuit(scheduler, called, new Wire(options.baud, options.random));
    this.#back = new Circuit(scheduler, caller, new Wire(options.baud, options.random));
  }

  ring(): void {
    if (this.#state !== 'ringing') return;
    this.#timer = this.#scheduler.after(this.#options.ringMs, () => {
      this.ring();
    });
    this.#called.ring(this);
  }

  /** The called one takes it: soon there is a carrier. */
  answer(): void {
    if (this.#state !== 'ringing') return;
    this.#state = 'training';
    this.#timer?.cancel();
    this.#timer = this.#scheduler.after(this.#options.trainingMs, () => {
      this.#state = 'data';
      this.#called.connected(this, this.#options.rate);
      this.#caller.connected(this, this.#options.rate);
    });
  }

  /** One side goes on the hook: the other one loses the carrier, or the ringing. */
  hangUp(by: Subscriber): void {
    const before = this.#state;
    if (before === 'over') return;
    this.#end();
    if (before === 'ringing' && by === this.#caller) this.#called.ringingStopped();
    else this.#other(by).carrierLost();
  }

  /** The line is cut: both lose the carrier. */
  cut(): void {
    const before = this.#state;
    if (before === 'over') return;
    this.#end();
    if (before === 'ringing') this.#called.ringingStopped();
    else this.#called.carrierLost();
    this.#caller.carrierLost();
  }

  /** How many octets of that side may be on their way beyond those that are. */
  room(from: Subscriber): number {
    return this.#circuit(from).room();
  }

  send(from: Subscriber, octets: Uint8Array): void {
    if (this.#state === 'data') this.#circuit(from).send(octets);
  }

  disturb(disturbance: Disturbance): void {
    this.#there.wire.disturb(disturbance);
    this.#back.wire.disturb(disturbance);
  }

  #end(): void {
    this.#state = 'over';
    this.#timer?.cancel();
    this.#there.end();
    this.#back.end();
    this.#options.over();
  }

  #circuit(from: Subscriber): Circuit {
    return from === this.#caller ? this.#there : this.#back;
  }

  #other(one: Subscriber): Subscriber {
    return one === this.#caller ? this.#called : this.#caller;
  }
}

/** What a modem holds of what its terminal sends. */
const BUFFER_OCTETS = 4096;
const TICK_MS: Millis = 5;

/** One way of a call. */
class Circuit {
  readonly wire: Wire;
  readonly #scheduler: Scheduler;
  readonly #to: Subscriber;
  #waiting: Uint8Array = new Uint8Array(0);
  #timer: Timer | undefined;

  constructor(scheduler: Scheduler, to: Subscriber, wire: Wire) {
    this.#scheduler = scheduler;
    this.#to = to;
    this.wire = wire;
  }

  room(): number {
    return Math.max(0, BUFFER_OCTETS - this.#waiting.length);
  }

  send(octets: Uint8Array): void {
    this.#waiting = Buffer.concat([this.#waiting, octets]);
    this.#timer ??= this.#after(0);
  }

  end(): void {
    this.#timer?.cancel();
    this.#waiting = new Uint8Array(0);
  }

  #after(delay: Millis): Timer {
    return this.#scheduler.after(delay, () => {
      this.#serve();
    });
  }

  #serve(): void {
    this.#timer = undefined;
    const length = Math.min(this.wire.budget(this.#scheduler.now()), this.#waiting.length, this.#to.room());
    if (length > 0) {
      const octets = Uint8Array.from(this.#waiting.subarray(0, length));
      this.#waiting = this.#waiting.slice(length);
      const kept = this.wire.carry(octets, length);
      this.wire.arrived(kept, true);
      this.#to.receive(octets.subarray(0, kept));
    }
    if (this.#waiting.length > 0) this.#timer ??= this.#after(TICK_MS);
    else this.wire.rest();
  }
}

function toneOf(called: Subscriber | undefined): Tone {
  if (called === undefined) return 'silence';
  return called.idle ? 'ringing' : 'busy';
}
