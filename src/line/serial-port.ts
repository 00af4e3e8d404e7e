/**
 * A tty opened and set up by serialport's binding: termios, any baud rate, flock, modem lines. Main thread only, and for
 * data only the descriptor is used: the binding's `read` spins when the far end of a pty hangs up.
 */
import type { BindingPortInterface } from '@serialport/bindings-cpp';
import type { CauseCode } from '../base/cause.js';
import { cause } from '../base/cause.js';
import { messageOf } from '../base/errors.js';
import { LineError } from './line.js';
import type { FlowControl } from './options.js';

export interface SerialPort {
  /** Raw and non-blocking. */
  readonly fd: number;
  /** The speed that the driver has set, in baud. */
  speed(): Promise<number>;
  /** Changes the speed; what is on its way meanwhile may be garbled. Throws what the driver says. */
  setSpeed(speed: number): Promise<void>;
  /** DCD. Throws where there are no modem lines (ptys, some adapters). */
  carrier(): Promise<boolean>;
  /** CTS: the far end takes octets. Throws where there are no modem lines. */
  clearToSend(): Promise<boolean>;
  /** Begins or ends a break. Throws where there are no modem lines. */
  setBreak(on: boolean): Promise<void>;
  /** Throws away what was written and isn't sent yet, and what was received and isn't read yet. */
  discard(): Promise<void>;
  /** DTR drops with it. */
  close(): Promise<void>;
}

/** What the binding's messages say; it gives no codes. */
const reasons: readonly (readonly [string, CauseCode])[] = [
  ['No such file or directory', 'device-missing'],
  ['No such device', 'device-missing'],
  ['Permission denied', 'device-denied'],
  ['Operation not permitted', 'device-denied'],
  ['Device or resource busy', 'device-busy'],
  ['Cannot lock port', 'device-busy'],
];

/**
 * Opens a port for 8 data bits without parity, and locks it by flock. Throws LineError. The library is loaded with the first
 * port: a router without any does without its memory.
 */
export async function openSerialPort(path: string, speed: number, flow: FlowControl): Promise<SerialPort> {
  const software = flow === 'xonxoff';
  try {
    const { SerialPort: library } = await import('serialport');
    const port = await library.binding.open({
      path,
      baudRate: speed,
      rtscts: flow === 'rtscts',
      xon: software,
      xoff: software,
      lock: true,
      hupcl: true,
    });
    // Only the Windows binding, which can't be here, has none.
    if (!('fd' in port) || typeof port.fd !== 'number') throw new Error('serialport gave no descriptor');
    return portOf(port, port.fd);
  } catch (thrown) {
    const text = messageOf(thrown);
    const code = reasons.find(([words]) => text.includes(words))?.[1] ?? 'device-failed';
    throw new LineError('open', path, cause(code, code === 'device-failed' ? `${path}: ${text}` : path), thrown);
  }
}

/** A port that another process opened and set up so, and handed on. */
export async function inheritSerialPort(fd: number, path: string, baudRate: number): Promise<SerialPort> {
  const settings = {
    dataBits: 8,
    stopBits: 1,
    parity: 'none',
    rtscts: false,
    xon: false,
    xoff: false,
    xany: false,
    vmin: 1,
    vtime: 0,
  } as const;
  const { LinuxPortBinding } = await import('@serialport/bindings-cpp');
  return portOf(new LinuxPortBinding(fd, { path, baudRate, lock: true, hupcl: true, ...settings }), fd);
}

function portOf(port: BindingPortInterface, fd: number): SerialPort {
  return {
    fd,
    speed: async () => (await port.getBaudRate()).baudRate,
    setSpeed: (baudRate) => port.update({ baudRate }),
    carrier: async () => (await port.get()).dcd,
    clearToSend: async () => (await port.get()).cts,
    // The binding takes away what isn't named.
    setBreak: (on) => port.set({ brk: on, dtr: true, rts: true, cts: false, dsr: false }),
    discard: () => port.flush(),
    close: () => port.close(),
  };
}
