/**
 * Serial ports. A port is found afresh by its name at each opening, and is ours alone while it is open: by a UUCP lock
 * file, by flock and by TIOCEXCL, since every program that might want it honours another one of these.
 */
import { realpath, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { cause, describeCause, type Cause, type CauseCode } from '../base/cause.js';
import { codeOf, messageOf } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { native } from '../native/binding.js';
import { CarrierPoll } from './carrier.js';
import { claim, unclaim } from './exclusive.js';
import type { HandedSerial } from './handed.js';
import { LineError, type Line, type LineSource, type StreamEnd } from './line.js';
import type { SerialOptions } from './options.js';
import { inheritSerialPort, openSerialPort, type SerialPort } from './serial-port.js';
import { takeLock, type UucpLock } from './uucp-lock.js';
import { eventually } from './wait.js';

/** A driver may round a speed; beyond this the far end would not understand it. */
const SPEED_TOLERANCE = 0.03;
/** How long the last octets (a Terminate-Ack) may take to leave before the port is closed. */
const FAREWELL_MS = 300;
/** A port that is pulled out hangs up some time before its device node goes. */
const UNPLUG_MS = 500;
const POLL_MS = 20;
/** As tcsendbreak(3): a quarter of a second at least, half a second at most. */
const BREAK_MS = 300;

/** The device node behind the configured name, as it was at the opening. */
interface Device {
  /** The real path. */
  readonly path: string;
  readonly inode: number;
  readonly number: number;
}

export class SerialSource implements LineSource {
  readonly #options: SerialOptions;
  readonly #log: Logger;
  readonly #lockDir: string;
  readonly #openPort: typeof openSerialPort;
  #warned = false;
  #handed: HandedSerial | undefined;

  /** `handed` is the first line. */
  constructor(
    options: SerialOptions,
    log: Logger,
    lockDir: string,
    {
      handed,
      openPort = openSerialPort,
    }: { readonly handed?: HandedSerial; readonly openPort?: typeof openSerialPort } = {},
  ) {
    this.#options = options;
    this.#log = log;
    this.#lockDir = lockDir;
    this.#openPort = openPort;
    this.#handed = handed;
  }

  async open(signal: AbortSignal): Promise<Line> {
    signal.throwIfAborted();
    const handed = this.#handed;
    this.#handed = undefined;
    if (handed !== undefined) return this.#goOn(handed);
    const device = await findDevice(this.#options.device);
    // The lock comes before the opening, which already raises DTR and sets the port up.
    const lock = await this.#lock(device.path);
    let port: SerialPort | undefined;
    try {
      port = await this.#openPort(device.path, this.#options.speed, this.#options.flow);
      await this.#claim(port, device);
      if (this.#options.carrier === 'require') await this.#awaitCarrier(port, device, signal);
      signal.throwIfAborted();
      return new SerialLine(this.#options, this.#log, device, port, lock);
    } catch (thrown) {
      await giveBack(port, lock, this.#log);
      throw thrown;
    }
  }

  async dispose(): Promise<void> {
    if (this.#handed !== undefined) await (await this.open(new AbortController().signal)).close();
  }

  handable(line: Line | undefined): number | undefined {
    return line?.fd;
  }

  handOver(line: Line | undefined): Promise<HandedSerial> {
    if (line instanceof SerialLine) return line.handOver();
    return Promise.reject(new Error('there is no serial port to hand on'));
  }

  /** The port stays open and set up all the time: DTR doesn't drop. Only its lock file has to name this process. */
  async #goOn({ fd, device, holder }: HandedSerial): Promise<Line> {
    const port = await inheritSerialPort(fd, device.path, this.#options.speed);
    try {
      const lock = await this.#lock(device.path, holder);
      return new SerialLine(this.#options, this.#log, device, port, lock);
    } catch (thrown) {
      await giveBack(port, undefined, this.#log);
      throw thrown;
    }
  }

  async #lock(device: string, before?: number): Promise<UucpLock | undefined> {
    try {
      const outcome = await takeLock(this.#lockDir, device, before);
      if (outcome.kind === 'taken') return outcome.lock;
      const detail = `${device}: ${outcome.holder}`;
      throw new LineError('open', device, cause('device-busy', detail), `held by ${outcome.holder}`);
    } catch (thrown) {
      if (thrown instanceof LineError) throw thrown;
      const message = 'no lock file; the port is guarded by flock and TIOCEXCL alone';
      if (!this.#warned) this.#log.warn({ directory: this.#lockDir, device, error: messageOf(thrown) }, message);
      this.#warned = true;
      return undefined;
    }
  }

  async #claim(port: SerialPort, device: Device): Promise<void> {
    const { speed } = this.#options;
    try {
      await claim(port.fd, device.number);
      const actual = await port.speed();
      if (Math.abs(actual / speed - 1) > SPEED_TOLERANCE) throw new Error(`the driver makes it ${actual} baud`);
    } catch (thrown) {
      const detail = `${device.path} at ${speed} baud: ${messageOf(thrown)}`;
      throw new LineError('set up', device.path, cause('device-failed', detail), thrown);
    }
  }

  async #awaitCarrier(port: SerialPort, device: Device, signal: AbortSignal): Promise<void> {
    if (await new CarrierPoll(port, this.#log).present(signal)) return;
    const gone = await isGone(this.#options.device, device);
    const reason = gone
      ? cause('device-unplugged', device.path)
      : cause('device-failed', `${device.path} has no modem lines, and the config says \`carrier: require\``);
    throw new LineError('wait for the carrier of', device.path, reason, describeCause(reason));
  }
}

class SerialLine implements Line {
  readonly fd: number;
  readonly name: string;
  readonly speed: number;
  readonly ended: Promise<Cause>;
  readonly #device: Device;
  readonly #log: Logger;
  readonly #port: SerialPort;
  readonly #lock: UucpLock | undefined;
  readonly #watch = new AbortController();
  readonly #carrierLost: Promise<boolean>;
  #closing: Promise<void> | undefined;

  constructor(options: SerialOptions, log: Logger, device: Device, port: SerialPort, lock: UucpLock | undefined) {
    this.fd = port.fd;
    this.name = options.device;
    this.speed = options.speed;
    this.#device = device;
    this.#log = log;
    this.#port = port;
    this.#lock = lock;
    this.#carrierLost = options.carrier === 'ignore' ? Promise.resolve(false) : this.#watchCarrier();
    this.ended = new Promise((resolve) => {
      void this.#carrierLost.then((lost) => {
        if (lost) resolve(cause('carrier-lost', device.path));
      });
    });
  }

  async explain(end: StreamEnd): Promise<Cause> {
    const gone = await eventually(UNPLUG_MS, POLL_MS, () => isGone(this.name, this.#device));
    const detail = end.kind === 'error' ? `${this.#device.path}: ${end.code}` : this.#device.path;
    return cause(gone ? 'device-unplugged' : 'line-hangup', detail);
  }

  async hasModemLines(): Promise<boolean> {
    try {
      await this.#port.carrier();
      return true;
    } catch (thrown) {
      this.#log.debug({ error: messageOf(thrown) }, 'the modem lines cannot be read');
      return false;
    }
  }

  async sendBreak(): Promise<void> {
    await this.#port.setBreak(true);
    await sleep(BREAK_MS);
    await this.#port.setBreak(false);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** True when a carrier came and went, false when the line was closed before or has no modem lines. */
  async #watchCarrier(): Promise<boolean> {
    const { signal } = this.#watch;
    try {
      return await new CarrierPoll(this.#port, this.#log).lost(signal);
    } catch (thrown) {
      if (signal.aborted) return false;
      throw thrown;
    }
  }

  /** Lets go of the port without closing it. */
  async handOver(): Promise<HandedSerial> {
    this.#watch.abort();
    await this.#carrierLost;
    return { kind: 'serial', fd: this.fd, device: this.#device, holder: process.pid };
  }

  async #close(): Promise<void> {
    this.#watch.abort();
    await this.#carrierLost;
    await eventually(FAREWELL_MS, POLL_MS, () => native.unsentBytes(this.fd) === 0);
    await giveBack(this.#port, this.#lock, this.#log);
  }
}

/** Follows the configured name to the device node of this moment. Throws LineError. */
async function findDevice(name: string): Promise<Device> {
  try {
    const path = await realpath(name);
    const status = await stat(path);
    if (!status.isCharacterDevice()) throw new Error('it is not a character device');
    return { path, inode: status.ino, number: status.rdev };
  } catch (thrown) {
    const code = causeOf(codeOf(thrown));
    const detail = code === 'device-failed' ? `${name}: ${messageOf(thrown)}` : name;
    throw new LineError('open', name, cause(code, detail), thrown);
  }
}

function causeOf(code: string | undefined): CauseCode {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'device-missing';
    case 'EACCES':
    case 'EPERM':
      return 'device-denied';
    default:
      return 'device-failed';
  }
}

/** True when the name leads to nothing or to another device node: the one that was opened is gone, or plugged in anew. */
async function isGone(name: string, device: Device): Promise<boolean> {
  try {
    const path = await realpath(name);
    return path !== device.path || (await stat(path)).ino !== device.inode;
  } catch {
    // Whatever keeps us from following the name: there is no device behind it any more.
    return true;
  }
}

/** Closes the port and then the lock. A step that fails on a device that is gone doesn't keep the others from being done. */
async function giveBack(port: SerialPort | undefined, lock: UucpLock | undefined, log: Logger): Promise<void> {
  await tried(log, () => {
    if (port !== undefined) unclaim(port.fd);
  });
  // Else closing may wait half a minute for a far end that takes nothing.
  await tried(log, async () => port?.discard());
  await tried(log, async () => port?.close());
  await tried(log, async () => lock?.release());
}

async function tried(log: Logger, step: () => void | Promise<void>): Promise<void> {
  try {
    await step();
  } catch (thrown) {
    log.debug({ error: messageOf(thrown) }, 'a step of giving the serial port back failed');
  }
}
