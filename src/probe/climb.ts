/** Carries out what a ladder says on an open port: octets by its descriptor, speeds by its driver, time by a scheduler. */
import { concatBytes } from '../base/bytes.js';
import { cause, describeCause } from '../base/cause.js';
import type { Scheduler, Timer } from '../base/clock.js';
import { assertNever } from '../base/errors.js';
import { FdStream } from '../line/fd-stream.js';
import { LineError, type StreamEnd } from '../line/line.js';
import type { SerialPort } from '../line/serial-port.js';
import type { Finding } from './finding.js';
import type { Ladder, LadderOutput } from './ladder.js';

export interface Ground {
  /** For people. */
  readonly device: string;
  readonly port: SerialPort;
  readonly scheduler: Scheduler;
  /** Told what is done now. */
  readonly doing: (text: string) => void;
}

/** A driver may round a speed; beyond this the far end would not understand it. */
const speedTolerance = 0.03;

/** Lets the ladder speak until it is over. Throws LineError when the port goes away; an abort throws `signal.reason`. */
export async function climb(ground: Ground, ladder: Ladder, signal: AbortSignal): Promise<Finding> {
  const climber = new Climber(ground, ladder);
  const abort = (): void => {
    climber.fail(signal.reason);
  };
  signal.addEventListener('abort', abort);
  try {
    signal.throwIfAborted();
    return await climber.finding();
  } finally {
    signal.removeEventListener('abort', abort);
    climber.stop();
  }
}

class Climber {
  readonly #ground: Ground;
  readonly #ladder: Ladder;
  readonly #stream: FdStream;
  readonly #buffer = new Uint8Array(4096);
  readonly #finding: Promise<Finding>;
  #resolve: (finding: Finding) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;
  #unsent: Uint8Array = new Uint8Array(0);
  #timer: Timer | undefined;
  #over = false;

  constructor(ground: Ground, ladder: Ladder) {
    this.#ground = ground;
    this.#ladder = ladder;
    this.#stream = new FdStream(ground.port.fd);
    this.#finding = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  finding(): Promise<Finding> {
    this.#stream.start({
      readable: () => {
        this.#guard(() => {
          this.#read();
        });
      },
      writable: () => {
        this.#write();
      },
      ended: (end) => {
        this.#ended(end);
      },
    });
    this.#guard(() => {
      this.#ladder.start();
      this.#drain();
    });
    return this.#finding;
  }

  fail(reason: unknown): void {
    this.stop();
    this.#reject(reason);
  }

  stop(): void {
    this.#over = true;
    this.#timer?.cancel();
    this.#stream.stop();
  }

  /** A mistake of ours ends this probe, and the port is given back. */
  #guard(work: () => void): void {
    if (this.#over) return;
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  #ended(end: StreamEnd): void {
    const { device } = this.#ground;
    const reason = cause('line-hangup', end.kind === 'error' ? `${device}: ${end.code}` : device);
    this.fail(new LineError('probe', device, reason, describeCause(reason)));
  }

  #read(): void {
    this.#receive();
    this.#drain();
  }

  #receive(): void {
    const length = this.#stream.read(this.#buffer);
    if (length > 0) this.#ladder.receive(this.#buffer.slice(0, length), this.#ground.scheduler.now());
  }

  #drain(): void {
    for (let output = this.#ladder.poll(); output !== undefined; output = this.#ladder.poll()) {
      this.#carryOut(output);
      if (this.#over) return;
    }
    this.#timer?.cancel();
    const { scheduler } = this.#ground;
    const at = this.#ladder.nextTimeout();
    this.#timer =
      at === undefined
        ? undefined
        : scheduler.after(Math.max(0, at - scheduler.now()), () => {
            this.#guard(() => {
              // A timer that is late must not judge without what has come meanwhile.
              this.#receive();
              this.#ladder.advance(scheduler.now());
              this.#drain();
            });
          });
  }

  #carryOut(output: LadderOutput): void {
    switch (output.type) {
      case 'speed':
        void this.#tune(output.speed);
        return;
      case 'send':
        this.#unsent = concatBytes([this.#unsent, output.octets]);
        this.#write();
        return;
      case 'doing':
        this.#ground.doing(output.text);
        return;
      case 'finished':
        this.stop();
        this.#resolve(output.finding);
        return;
      default:
        assertNever(output);
    }
  }

  #write(): void {
    if (this.#over) return;
    this.#unsent = this.#unsent.subarray(this.#stream.write(this.#unsent, 0, this.#unsent.length));
    this.#stream.watchWritable(this.#unsent.length > 0);
  }

  /** What came before, or waits to go out, belongs to the speed before. */
  async #tune(speed: number): Promise<void> {
    this.#unsent = new Uint8Array(0);
    const done = await this.#setSpeed(speed);
    this.#guard(() => {
      this.#ladder.tuned(done, this.#ground.scheduler.now());
      this.#drain();
    });
  }

  async #setSpeed(speed: number): Promise<boolean> {
    try {
      await this.#ground.port.discard();
      await this.#ground.port.setSpeed(speed);
      const actual = await this.#ground.port.speed();
      return Math.abs(actual / speed - 1) <= speedTolerance;
    } catch {
      // The driver knows no such speed; a port that is gone shows by its descriptor.
      return false;
    }
  }
}
