/**
 * A null-modem cable for tests and the demo: what one port sends arrives at the other, at the line's rate, with the bit
 * errors, the losses and the cuts that are asked for. It takes from a sender only what the line has carried away by now,
 * so the sender feels the line. (A pty of the kernel holds a few KiB of its own before that: over a second at 115200 baud.)
 *
 *   node dist/test/support/null-modem.js --a PATH --b PATH [--baud N] [--damage P] [--loss P] [--record BASE]
 *
 * publishes two ptys at these paths and obeys lines on its standard input (pull, plug, hangup a|b, replug a|b, damage P,
 * loss P, counters, quit) and signals: SIGUSR1 pulls the cable and plugs it again. Ends with its input, or by SIGTERM.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Port, type PortOptions } from './modem-port.js';
import { seededRandom, Wire, type Disturbance, type WireCounters } from './wire.js';

export interface NullModemOptions {
  readonly a: PortOptions;
  readonly b: PortOptions;
  /** Undefined: as fast as the ends can. */
  readonly baud?: number;
  readonly disturbance?: Disturbance;
  /** How late its timer may come without the line losing time, in ms; a few dozen unless it is said. */
  readonly catchUpMs?: number;
  /** Makes the disturbances repeatable. */
  readonly seed?: number;
  /** Writes what was delivered to BASE.a2b and BASE.b2a. */
  readonly record?: string;
}

export type Side = 'a' | 'b';

export interface NullModemCounters {
  readonly aToB: WireCounters;
  readonly bToA: WireCounters;
}

/** While anything moves, the wires are served so often. */
const TICK_MS = 1;
/** How often an absent port is looked at: there is no event for the opening of a pty. */
const ABSENT_MS = 20;
/** What is read at once at most; in between, the other direction has its turn. */
const CHUNK_OCTETS = 4096;

export class NullModem {
  readonly #ports: Readonly<Record<Side, Port>>;
  readonly #directions: readonly [Direction, Direction];
  #timer: NodeJS.Timeout | undefined;
  #pulled = false;
  #disturbance: Disturbance;
  #closed = false;

  /** Opens both ports and begins to carry. Throws what the system says. */
  constructor(options: NullModemOptions) {
    const wake = (): void => {
      this.#schedule(0);
    };
    const a = new Port(options.a, wake);
    const b = openSecond(a, options.b, wake);
    this.#ports = { a, b };
    const random = seededRandom(options.seed ?? 1);
    this.#directions = [
      new Direction(a, b, new Wire(options.baud, random, options.catchUpMs), recording(options.record, 'a2b')),
      new Direction(b, a, new Wire(options.baud, random, options.catchUpMs), recording(options.record, 'b2a')),
    ];
    this.#disturbance = options.disturbance ?? { damage: 0, loss: 0 };
    this.disturb(this.#disturbance);
    this.#serve();
  }

  /** Pulls the cable: both ends go on sending, and nothing arrives. */
  pull(): void {
    this.#setPulled(true);
  }

  plug(): void {
    this.#setPulled(false);
  }

  get pulled(): boolean {
    return this.#pulled;
  }

  /** Changes what is disturbed; what is not named stays. */
  disturb(disturbance: Partial<Disturbance>): void {
    this.#disturbance = { ...this.#disturbance, ...disturbance };
    for (const direction of this.#directions) direction.wire.disturb(this.#disturbance);
  }

  /** Takes a port away, as a USB adapter that is pulled out: who holds it gets a hang-up. */
  hangUp(side: Side): void {
    this.#ports[side].close();
  }

  /** Brings a port back under its name (ptys only). */
  replug(side: Side): void {
    this.#ports[side].reopen();
    this.#schedule(0);
  }

  counters(): NullModemCounters {
    return { aToB: this.#directions[0].wire.counters(), bToA: this.#directions[1].wire.counters() };
  }

  /** Takes everything away. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const direction of this.#directions) direction.close();
    this.#ports.a.close();
    this.#ports.b.close();
  }

  #setPulled(pulled: boolean): void {
    this.#pulled = pulled;
    for (const direction of this.#directions) direction.wire.pull(pulled);
  }

  #serve(): void {
    const now = performance.now();
    const pauses = this.#directions.map((direction) => direction.serve(now));
    const pause = Math.min(...pauses);
    if (pause !== Infinity) this.#schedule(pause);
  }

  #schedule(delay: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#serve();
    }, delay);
  }
}

/** One way through the cable: from a port over a wire to the other port. */
class Direction {
  readonly wire: Wire;
  readonly #from: Port;
  readonly #to: Port;
  readonly #record: number | undefined;
  readonly #buffer = new Uint8Array(CHUNK_OCTETS);
  /** What was carried and the receiver has not taken yet: octets from `#start` to `#end`. Nothing is read meanwhile. */
  #start = 0;
  #end = 0;

  constructor(from: Port, to: Port, wire: Wire, record: number | undefined) {
    this.#from = from;
    this.#to = to;
    this.wire = wire;
    this.#record = record;
  }

  /** Moves what may be moved now. In how many ms to call again; Infinity: when the port is readable. */
  serve(now: number): number {
    const budget = this.wire.budget(now);
    if (!this.#deliver() || budget === 0) return TICK_MS;
    const length = this.#from.read(this.#buffer, Math.min(budget, CHUNK_OCTETS));
    if (length === 'absent' || length === 0) {
      this.wire.rest();
      if (length === 'absent') return ABSENT_MS;
      this.#from.watch();
      return Infinity;
    }
    this.#start = 0;
    this.#end = this.wire.carry(this.#buffer, length);
    this.#deliver();
    return budget === Infinity && this.#start === this.#end ? 0 : TICK_MS;
  }

  close(): void {
    if (this.#record !== undefined) closeSync(this.#record);
  }

  /** True when nothing is left over. */
  #deliver(): boolean {
    const waiting = this.#end - this.#start;
    if (waiting === 0) return true;
    const taken = this.#to.write(this.#buffer, this.#start, waiting);
    this.wire.arrived(taken === 'absent' ? waiting : taken, taken !== 'absent');
    if (this.#record !== undefined && taken !== 'absent') writeSync(this.#record, this.#buffer, this.#start, taken);
    this.#start += taken === 'absent' ? waiting : taken;
    return this.#start === this.#end;
  }
}

function openSecond(first: Port, options: PortOptions, wake: () => void): Port {
  try {
    return new Port(options, wake);
  } catch (error) {
    first.close();
    throw error;
  }
}

function recording(base: string | undefined, way: string): number | undefined {
  return base === undefined ? undefined : openSync(`${base}.${way}`, 'w');
}

/** The program: see the head of this file. */
function main(): void {
  const { values } = parseArgs({
    options: {
      a: { type: 'string' },
      b: { type: 'string' },
      baud: { type: 'string' },
      damage: { type: 'string', default: '0' },
      loss: { type: 'string', default: '0' },
      record: { type: 'string' },
    },
  });
  if (values.a === undefined || values.b === undefined) throw new Error('--a PATH and --b PATH are needed');
  const modem = new NullModem({
    a: { kind: 'pty', link: values.a },
    b: { kind: 'pty', link: values.b },
    disturbance: { damage: Number(values.damage), loss: Number(values.loss) },
    ...(values.baud === undefined ? {} : { baud: Number(values.baud) }),
    ...(values.record === undefined ? {} : { record: values.record }),
  });
  const end = (): void => {
    modem.close();
    process.exit(0);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  process.on('SIGUSR1', () => {
    if (modem.pulled) modem.plug();
    else modem.pull();
  });
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const answer = obey(modem, line.trim().split(/\s+/));
      if (answer === undefined) end();
      console.log(answer);
    })
    .on('close', end);
  console.log('ready');
}

/** Carries one line of the input out. The answer; undefined for `quit`. */
function obey(modem: NullModem, [command, argument]: string[]): string | undefined {
  const side = argument === 'b' ? 'b' : 'a';
  switch (command) {
    case 'pull':
      modem.pull();
      return 'pulled';
    case 'plug':
      modem.plug();
      return 'plugged';
    case 'hangup':
      modem.hangUp(side);
      return `${side} hung up`;
    case 'replug':
      modem.replug(side);
      return `${side} is back`;
    case 'damage':
    case 'loss':
      modem.disturb({ [command]: Number(argument) });
      return `${command} ${String(argument)}`;
    case 'counters':
      return JSON.stringify(modem.counters());
    case 'quit':
      return undefined;
    default:
      return `unknown: ${String(command)}`;
  }
}

if (process.argv[1] === import.meta.filename) main();
