/** The carrier (DCD) of a serial line, polled: the binding always sets CLOCAL, so the kernel doesn't report its loss. */
import type { Logger } from '../base/log.js';
import { messageOf } from '../base/errors.js';
import type { SerialPort } from './serial-port.js';
import { pause } from './wait.js';

const PERIOD_MS = 200;

/** `none`: the port has no modem lines, or is gone (which its descriptor shows). */
export type Carrier = 'on' | 'off' | 'none';

export class CarrierPoll {
  readonly #port: SerialPort;
  readonly #log: Logger;

  constructor(port: SerialPort, log: Logger) {
    this.#port = port;
    this.#log = log;
  }

  /** Waits until there is a carrier; false when the port has no modem lines to tell. An abort throws `signal.reason`. */
  async present(signal: AbortSignal): Promise<boolean> {
    let carrier = await this.#look();
    while (carrier === 'off') {
      await pause(PERIOD_MS, signal);
      carrier = await this.#look();
    }
    return carrier === 'on';
  }

  /** Waits until a carrier that was seen is gone; false when that will not be known. An abort throws `signal.reason`. */
  async lost(signal: AbortSignal): Promise<boolean> {
    if (!(await this.present(signal))) return false;
    let carrier: Carrier = 'on';
    while (carrier === 'on') {
      await pause(PERIOD_MS, signal);
      carrier = await this.#look();
    }
    return carrier === 'off';
  }

  async #look(): Promise<Carrier> {
    try {
      return (await this.#port.carrier()) ? 'on' : 'off';
    } catch (thrown) {
      this.#log.debug({ error: messageOf(thrown) }, 'the modem lines cannot be read');
      return 'none';
    }
  }
}
