/**
 * One end of a telnet connection that carries a serial port (RFC 2217): what comes is parted into data and commands, and
 * what is to be answered waits to be sent. Pure: octets in, octets out, no time.
 *
 *     socket ──► decoder ──► data
 *                  │
 *                  ├─ options ───┐
 *     socket ◄─────┴─ ComPort ───┴── `poll`
 */
import { ComPort, type PortSettings } from './com-port.js';
import { TelnetDecoder, type TelnetEvent } from './decoder.js';
import { optionCommand, subnegotiation } from './encoder.js';
import { Option } from './numbers.js';
import { TelnetOptions, type Side } from './options.js';

/** What a connection that is set up has to be known of to go on with it, elsewhere. */
export interface TelnetTerms {
  /** The loss of the carrier ends the line. */
  readonly watchCarrier: boolean;
  /** Undefined until the server has told of it once. */
  readonly carrier: boolean | undefined;
}

/** How far the set-up is. */
export type Progress =
  | { readonly kind: 'waiting'; readonly for: readonly string[] }
  | { readonly kind: 'refused'; readonly what: string }
  | { readonly kind: 'ready' };

/** Answers that wait at most: a peer that asks and never reads must not fill the memory. */
const longestQueue = 64;

const known = [Option.binary, Option.suppressGoAhead, Option.comPort];

export class Telnet {
  readonly #decoder = new TelnetDecoder((event) => {
    this.#hear(event);
  });
  readonly #options: TelnetOptions;
  readonly #watchCarrier: boolean;
  readonly #outgoing: Uint8Array[] = [];
  readonly port: ComPort;
  /** What is to be set up as soon as the server lets us. */
  #settings: PortSettings | undefined;
  #strange = 0;

  private constructor(options: TelnetOptions, port: ComPort, watchCarrier: boolean) {
    this.#options = options;
    this.port = port;
    this.#watchCarrier = watchCarrier;
  }

  /** A new connection, with the port to be set up. */
  static begin(settings: PortSettings): Telnet {
    const telnet = new Telnet(new TelnetOptions(known, 'off'), new ComPort(), false);
    telnet.#settings = settings;
    telnet.#ask('us', Option.comPort);
    for (const option of [Option.binary, Option.suppressGoAhead]) {
      telnet.#ask('us', option);
      telnet.#ask('them', option);
    }
    return telnet;
  }

  /** A connection that is `ready` elsewhere, between two commands. */
  static goOn({ watchCarrier, carrier }: TelnetTerms): Telnet {
    return new Telnet(new TelnetOptions(known, 'on'), new ComPort(carrier), watchCarrier);
  }

  /** Leaves the data of the first `length` octets at the front of the buffer, and gives their number. */
  decode(buffer: Uint8Array, length: number): number {
    return this.#decoder.decode(buffer, length);
  }

  /** The next octets to be sent, a whole command. */
  poll(): Uint8Array | undefined {
    const command = this.#outgoing.shift();
    if (command !== undefined) return command;
    const content = this.port.poll();
    return content === undefined ? undefined : subnegotiation(Option.comPort, content);
  }

  /** The line is over: its carrier is gone. */
  get carrierLost(): boolean {
    return this.#watchCarrier && this.port.carrierLost;
  }

  /** What nobody could make sense of. */
  get malformed(): number {
    return this.#decoder.malformed + this.#strange;
  }

  /** `ready` only between two commands. */
  get progress(): Progress {
    const refused = this.#refused();
    if (refused !== undefined) return { kind: 'refused', what: refused };
    const missing = [...this.#unanswered(), ...this.port.unanswered];
    if (missing.length > 0) return { kind: 'waiting', for: missing };
    return this.#decoder.between ? { kind: 'ready' } : { kind: 'waiting', for: ['the end of a command'] };
  }

  #refused(): string | undefined {
    if (!this.#asking('us', Option.comPort) && !this.#speaksComPort) return 'RFC 2217 (COM-PORT-OPTION)';
    if (this.#options.state('us', Option.binary) === 'off' || this.#options.state('them', Option.binary) === 'off')
      return '8-bit octets (BINARY)';
    const { refusal } = this.port;
    return refusal === undefined ? undefined : `${refusal.name}: it sets ${refusal.got}`;
  }

  #unanswered(): readonly string[] {
    const comPort = this.#speaksComPort ? [] : ['RFC 2217 (COM-PORT-OPTION)'];
    const binary = this.#asking('us', Option.binary) || this.#asking('them', Option.binary);
    return binary ? [...comPort, '8-bit octets (BINARY)'] : comPort;
  }

  /** Some servers offer what others want to be offered. */
  get #speaksComPort(): boolean {
    return this.#options.state('us', Option.comPort) === 'on' || this.#options.state('them', Option.comPort) === 'on';
  }

  #asking(side: Side, option: number): boolean {
    return this.#options.state(side, option) === 'asked';
  }

  #ask(side: Side, option: number): void {
    this.#say(optionCommand(this.#options.ask(side, option), option));
  }

  #say(command: Uint8Array): void {
    if (this.#outgoing.length < longestQueue) this.#outgoing.push(command);
  }

  #hear(event: TelnetEvent): void {
    if (event.type === 'option') {
      const answer = this.#options.receive(event.verb, event.option);
      if (answer !== undefined) this.#say(optionCommand(answer, event.option));
      this.#setUp();
    } else if (event.option !== Option.comPort || !this.port.receive(event.content)) this.#strange += 1;
  }

  /** The options come first: before them a server need not understand the rest. */
  #setUp(): void {
    if (this.#settings === undefined || !this.#speaksComPort) return;
    this.port.setUp(this.#settings);
    this.#settings = undefined;
  }
}
