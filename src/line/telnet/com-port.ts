/**
 * The client of RFC 2217: sets up the serial port at a terminal server, and hears of its carrier and of its flow control.
 * It speaks and hears the content of the option's subnegotiations; time is its user's matter.
 */
import type { FlowControl } from '../options.js';
import {
  decodeComPort,
  encodeBaudRate,
  encodeSignature,
  encodeValue,
  type ComPortMessage,
} from './com-port-message.js';
import { ComPortCommand, Control, ModemState, Parity, purgeBoth } from './numbers.js';

export interface PortSettings {
  readonly speed: number;
  readonly flow: FlowControl;
  /** Ask to be told of the carrier. */
  readonly tellCarrier: boolean;
}

interface Setting {
  /** For people: `speed 115200`. */
  readonly name: string;
  readonly command: number;
  readonly value: number;
  /** Without it the line is of no use. */
  readonly essential: boolean;
}

/** What a server was asked for twice and set otherwise. */
export interface Refusal {
  readonly name: string;
  readonly got: number;
}

/** A server may round a speed; beyond this the far end would not understand it. */
const speedTolerance = 0.03;
/** The first answer that differs may be an older one, to nothing that we asked. */
const asks = 2;
/** What waits to be sent at most: a server that asks and never reads must not fill the memory. */
const longestQueue = 64;
const ourSignature = 'linkd';

const flowValues: Readonly<Record<FlowControl, number>> = {
  none: Control.noFlowControl,
  xonxoff: Control.xonXoff,
  rtscts: Control.hardware,
};

export class ComPort {
  readonly #waiting = new Map<Setting, number>();
  readonly #outgoing: Uint8Array[] = [];
  #refusal: Refusal | undefined;
  #signature: string | undefined;
  #suspended = false;
  #carrier: boolean | undefined;
  #carrierLost = false;
  #tellsCarrier = true;
  #dtrAnswered = false;
  #dtr: boolean | undefined;

  /** `carrier` as it was told before. */
  constructor(carrier?: boolean) {
    this.#carrier = carrier;
  }

  /** The server takes no data now. RFC 2217 §5 */
  get suspended(): boolean {
    return this.#suspended;
  }

  /** As far as the server told. */
  get carrier(): boolean | undefined {
    return this.#carrier;
  }

  /** There was a carrier, and it went away. */
  get carrierLost(): boolean {
    return this.#carrierLost;
  }

  /** False when the server said that it does not tell of the carrier. */
  get tellsCarrier(): boolean {
    return this.#tellsCarrier;
  }

  /** What the server calls itself. */
  get signature(): string | undefined {
    return this.#signature;
  }

  /** The server has said how DTR is. */
  get dtrAnswered(): boolean {
    return this.#dtrAnswered;
  }

  /** As the server said last; undefined: it has not, and can't. */
  get dtr(): boolean | undefined {
    return this.#dtr;
  }

  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /** The names of what the line can't do without, and has no answer yet. */
  get unanswered(): readonly string[] {
    return [...this.#waiting.keys()].filter(({ essential }) => essential).map(({ name }) => name);
  }

  /** Asks for everything. */
  setUp(settings: PortSettings): void {
    for (const setting of settingsOf(settings)) {
      this.#waiting.set(setting, 1);
      this.#ask(setting);
    }
    this.#say(encodeSignature(''));
  }

  /** Hangs up. */
  dropDtr(): void {
    this.#say(encodeValue(ComPortCommand.setControl, Control.dtrOff));
  }

  /** Wants to be told how DTR is. */
  askDtr(): void {
    this.#say(encodeValue(ComPortCommand.setControl, Control.askDtr));
  }

  setBreak(on: boolean): void {
    this.#say(encodeValue(ComPortCommand.setControl, on ? Control.breakOn : Control.breakOff));
  }

  /** Takes the content of one subnegotiation; false when RFC 2217 knows none such. */
  receive(content: Uint8Array): boolean {
    const message = decodeComPort(content);
    if (message !== undefined) this.#hear(message);
    return message !== undefined;
  }

  /** The next content to be sent. */
  poll(): Uint8Array | undefined {
    return this.#outgoing.shift();
  }

  #say(content: Uint8Array): void {
    if (this.#outgoing.length < longestQueue) this.#outgoing.push(content);
  }

  #hear(message: ComPortMessage): void {
    switch (message.type) {
      case 'signature':
        // An empty one asks for ours. RFC 2217 §2
        if (message.text === '') this.#say(encodeSignature(ourSignature));
        else this.#signature = message.text;
        return;
      case 'answer':
        this.#answered(message.command, message.value);
        return;
      case 'modem-state':
        this.#modemState(message.state);
        return;
      case 'flow-control':
        this.#suspended = message.suspended;
        return;
      case 'line-state':
        return;
    }
  }

  #answered(command: number, value: number): void {
    if (subject(command, value) === subject(ComPortCommand.setControl, Control.dtrOff)) this.#dtrAnswered = true;
    if (command === ComPortCommand.setControl && (value === Control.dtrOn || value === Control.dtrOff))
      this.#dtr = value === Control.dtrOn;
    if (command === ComPortCommand.setModemStateMask) this.#tellsCarrier = (value & ModemState.carrier) !== 0;
    for (const [setting, asked] of this.#waiting) {
      if (subject(command, value) !== subject(setting.command, setting.value)) continue;
      if (!setting.essential || fits(setting, value)) this.#waiting.delete(setting);
      else if (asked === asks) this.#refusal ??= { name: setting.name, got: value };
      else {
        this.#waiting.set(setting, asked + 1);
        this.#ask(setting);
      }
    }
  }

  #modemState(state: number): void {
    const carrier = (state & ModemState.carrier) !== 0;
    const changed = (state & ModemState.carrierChanged) !== 0;
    // The first report of a server may call all it tells a change.
    if (!carrier && this.#carrier !== undefined && (changed || this.#carrier)) this.#carrierLost = true;
    this.#carrier = carrier;
  }

  #ask({ command, value }: Setting): void {
    const speed = command === ComPortCommand.setBaudRate;
    this.#say(speed ? encodeBaudRate(value) : encodeValue(command, value));
  }
}

function settingsOf({ speed, flow, tellCarrier }: PortSettings): readonly Setting[] {
  const need = { essential: true };
  const wish = { essential: false };
  const mask = tellCarrier ? ModemState.carrier | ModemState.carrierChanged : 0;
  const { setControl } = ComPortCommand;
  return [
    { ...need, name: `speed ${speed}`, command: ComPortCommand.setBaudRate, value: speed },
    { ...need, name: '8 data bits', command: ComPortCommand.setDataSize, value: 8 },
    { ...need, name: 'no parity', command: ComPortCommand.setParity, value: Parity.none },
    { ...need, name: '1 stop bit', command: ComPortCommand.setStopSize, value: 1 },
    { ...need, name: `flow control ${flow}`, command: setControl, value: flowValues[flow] },
    // What the port received for an earlier user.
    { ...wish, name: 'purge', command: ComPortCommand.purgeData, value: purgeBoth },
    { ...wish, name: 'carrier', command: ComPortCommand.setModemStateMask, value: mask },
    { ...wish, name: 'DTR', command: setControl, value: Control.dtrOn },
    // Hardware flow control moves RTS itself.
    ...(flow === 'rtscts' ? [] : [{ ...wish, name: 'RTS', command: setControl, value: Control.rtsOn }]),
  ];
}

/** The last value of SET-CONTROL about flow control, BREAK, DTR, RTS; inbound flow control follows. RFC 2217 §3 */
const lastOfSubject = [3, 6, 9, 12];

/** What an answer is about, as a number of its own for each part of SET-CONTROL. */
function subject(command: number, value: number): number {
  if (command !== ComPortCommand.setControl) return -command;
  return lastOfSubject.filter((last) => value > last).length;
}

function fits({ command, value }: Setting, got: number): boolean {
  if (command !== ComPortCommand.setBaudRate) return got === value;
  return Math.abs(got / value - 1) <= speedTolerance;
}
