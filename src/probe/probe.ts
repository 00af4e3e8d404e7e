/**
 * Climbs the ladder on a real port: takes the locks that linkd takes, speaks, and puts the port's settings back as they
 * were. Main thread only, as serialport's binding is.
 */
import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { randomInt } from 'node:crypto';
import { cause, describeCause } from '../base/cause.js';
import type { Scheduler } from '../base/clock.js';
import { codeOf, messageOf } from '../base/errors.js';
import { claim, unclaim } from '../line/exclusive.js';
import { LineError } from '../line/line.js';
import { openSerialPort, type SerialPort } from '../line/serial-port.js';
import { takeLock, type UucpLock } from '../line/uucp-lock.js';
import { native } from '../native/binding.js';
import { climb } from './climb.js';
import type { Finding } from './finding.js';
import { Ladder } from './ladder.js';

export interface ProbeOptions {
  /** At least one. */
  readonly speeds: readonly number[];
  readonly patience: number;
  readonly scheduler: Scheduler;
  /** Where programs that use serial ports keep their lock files. */
  readonly lockDir: string;
  /** Told what is done now. */
  readonly doing: (text: string) => void;
}

export interface Probed {
  readonly finding: Finding;
  /** The modem lines as they were; undefined where the port has none. */
  readonly lines: ModemLines | undefined;
}

export interface ModemLines {
  readonly carrier: boolean;
  readonly clearToSend: boolean;
}

/**
 * Finds out who is at the far end of a port. Throws LineError when the port can't be had or goes away meanwhile; an abort
 * throws `signal.reason`. In every case the port is given back as it was.
 */
export async function probePort(name: string, options: ProbeOptions, signal: AbortSignal): Promise<Probed> {
  signal.throwIfAborted();
  const device = await findPort(name);
  const lock = await lockPort(options.lockDir, device);
  try {
    return await onKeptTerminal(device, () => onOpenPort(device, options, signal));
  } finally {
    await lock?.release();
  }
}

/** The device node behind a name. Throws LineError. */
async function findPort(name: string): Promise<string> {
  try {
    const path = await realpath(name);
    if (!(await stat(path)).isCharacterDevice()) throw new Error('it is no serial port');
    return path;
  } catch (thrown) {
    throw lineError('find', name, thrown);
  }
}

/** Undefined where lock files can't be kept: the port is then guarded by flock and TIOCEXCL alone. */
async function lockPort(directory: string, device: string): Promise<UucpLock | undefined> {
  const outcome = await takeLock(directory, device).catch(() => undefined);
  if (outcome?.kind !== 'held') return outcome?.lock;
  const reason = cause('device-busy', `${device}: ${outcome.holder}`);
  throw new LineError('probe', device, reason, describeCause(reason));
}

/** Keeps the terminal open, so that its settings are there to be put back when the work on it is done. */
async function onKeptTerminal<T>(device: string, work: () => Promise<T>): Promise<T> {
  const kept = await open(device, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK).catch(
    (thrown: unknown) => {
      throw lineError('open', device, thrown);
    },
  );
  try {
    const settings = settingsOf(kept.fd, device);
    try {
      return await work();
    } finally {
      putBack(kept.fd, settings);
    }
  } finally {
    await kept.close();
  }
}

function settingsOf(fd: number, device: string): Uint8Array {
  try {
    return native.getTerminal(fd);
  } catch (thrown) {
    throw lineError('read the settings of', device, thrown);
  }
}

function putBack(fd: number, settings: Uint8Array): void {
  try {
    native.setTerminal(fd, settings);
  } catch (thrown) {
    // A port that was pulled out has no settings any more.
    if (codeOf(thrown) !== 'EIO' && codeOf(thrown) !== 'ENODEV') throw thrown;
  }
}

async function onOpenPort(device: string, options: ProbeOptions, signal: AbortSignal): Promise<Probed> {
  const port = await openSerialPort(device, options.speeds[0] ?? 115200, 'none');
  try {
    await claim(port.fd, (await stat(device)).rdev);
    const lines = await linesOf(port);
    const ladder = new Ladder({
      speeds: options.speeds,
      patience: options.patience,
      mayBeInCall: lines?.carrier ?? true,
      magic: randomInt(1, 0xffffffff),
    });
    return { finding: await climb({ device, port, ...options }, ladder, signal), lines };
  } finally {
    await giveBack(port);
  }
}

async function linesOf(port: SerialPort): Promise<ModemLines | undefined> {
  try {
    return { carrier: await port.carrier(), clearToSend: await port.clearToSend() };
  } catch {
    // It has no modem lines.
    return undefined;
  }
}

async function giveBack(port: SerialPort): Promise<void> {
  await tolerant(() => {
    unclaim(port.fd);
  });
  await tolerant(() => port.discard());
  await tolerant(() => port.close());
}

/** On a port that is gone a step may fail, and the next is due all the same. */
async function tolerant(step: () => Promise<void> | void): Promise<void> {
  try {
    await step();
  } catch (thrown) {
    if (!/EIO|ENODEV|ENXIO|Input\/output error|No such device/.test(messageOf(thrown))) throw thrown;
  }
}

function lineError(op: string, device: string, thrown: unknown): LineError {
  const code = codeOf(thrown);
  const missing = code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO' || code === 'ENOTDIR';
  const denied = code === 'EACCES' || code === 'EPERM';
  const kind = missing
    ? 'device-missing'
    : denied
      ? 'device-denied'
      : code === 'EBUSY'
        ? 'device-busy'
        : 'device-failed';
  return new LineError(op, device, cause(kind, `${device}: ${messageOf(thrown)}`), thrown);
}
