/**
 * A Hayes modem for tests: the AT commands of a terminal on one side, an exchange (`hayes-exchange.ts`) on the other.
 * Time is a Scheduler, so two modems and their call run in virtual time; `hayes-pty.ts` puts one on a pty.
 *
 * Its lines: DTR comes in by `setDtr`, DCD goes out by the terminal's `carrier`, RTS/CTS is `room` on both sides.
 */
import type { Millis, Scheduler, Timer } from '../../src/base/clock.js';
import { assertNever } from '../../src/base/errors.js';
import { parseAtLine, readDialString, type AtCommand } from './hayes-commands.js';
import { EscapeGuard } from './hayes-escape.js';
import type { Call, Exchange, Subscriber, Tone } from './hayes-exchange.js';
import { Gsm, type GsmOptions } from './hayes-gsm.js';
import { resultNumbers, S, Settings, switchLimits, type Result } from './hayes-settings.js';

/** What a modem is plugged into. */
export interface Terminal {
  write(octets: Uint8Array): void;
  /** How many more octets of data it takes (CTS); the modem's own words don't ask. */
  room(): number;
  /** DCD has changed. */
  carrier(on: boolean): void;
}

export interface ModemOptions {
  /** Bits a second at most. */
  readonly maxRate?: number;
  /** What follows the rate of CONNECT: `/ARQ/V34/LAPM`. */
  readonly protocol?: string;
  /** What a modem says where there is no dial tone; many put a blank in it. */
  readonly noDialTone?: 'NO DIALTONE' | 'NO DIAL TONE';
  readonly identity?: string;
  readonly gsm?: GsmOptions;
  /** As approvals demand: so many failures in a row of a number and it is DELAYED for a while, more and it's BLACKLISTED. */
  readonly approval?: { readonly delayed: number; readonly blacklisted: number; readonly delayMs: Millis };
  /** To dial a digit. */
  readonly digitMs?: Millis;
}

type State =
  | { readonly kind: 'command' }
  /** A call that this side has begun, or answered (a call of undefined: somewhere nobody calls), and no carrier yet. */
  | { readonly kind: 'calling'; readonly number: string | undefined; call: Call | undefined; tone: Tone; timer: Timer }
  | { readonly kind: 'data' | 'escaped'; readonly call: Call; readonly rate: number };

export class Modem implements Subscriber {
  readonly maxRate: number;
  readonly #terminal: Terminal;
  readonly #exchange: Exchange;
  readonly #scheduler: Scheduler;
  readonly #options: ModemOptions;
  readonly #gsm: Gsm | undefined;
  readonly #guard: EscapeGuard;
  readonly #failures = new Map<string, { count: number; at: Millis }>();
  #settings = new Settings();
  #stored = new Settings();
  #state: State = { kind: 'command' };
  #ringing: Call | undefined;
  #line = '';
  #lastLine = '';
  #lastNumber = '';
  #dtr = true;

  constructor(terminal: Terminal, exchange: Exchange, options: ModemOptions = {}) {
    this.#terminal = terminal;
    this.#exchange = exchange;
    this.#scheduler = exchange.scheduler;
    this.#options = options;
    this.maxRate = options.maxRate ?? 33_600;
    this.#gsm = options.gsm && new Gsm(options.gsm);
    this.#guard = new EscapeGuard(this.#scheduler, () => {
      this.#escape();
    });
  }

  get gsm(): Gsm | undefined {
    return this.#gsm;
  }

  get online(): boolean {
    return this.#state.kind === 'data';
  }

  /** As the pin of its port says: with &C0 always on. */
  get dcd(): boolean {
    return this.#settings.switch('&C') === 0 || this.#state.kind === 'data' || this.#state.kind === 'escaped';
  }

  /** The ring indicator. */
  get ri(): boolean {
    return this.#ringing !== undefined;
  }

  // The terminal's side.

  /** How many octets it takes now (RTS): while data flows, as many as are not under way. */
  takes(): number {
    return this.#state.kind === 'data' ? this.#state.call.room(this) : Infinity;
  }

  fromTerminal(octets: Uint8Array): void {
    for (let at = 0; at < octets.length; at++) {
      const state = this.#state;
      if (state.kind === 'data') {
        const rest = octets.subarray(at);
        this.#guard.push(rest, this.#settings.register(S.escape), this.#settings.register(S.guard) * 20);
        state.call.send(this, rest);
        return;
      }
      // The line feed behind a return is no key that ends a call.
      if (state.kind !== 'calling') this.#type(String.fromCharCode(octets[at]! & 0x7f));
      else if (octets[at] !== 10) this.#fail('NO CARRIER');
    }
  }

  /** &D: what becomes of a call when the terminal takes DTR away. */
  setDtr(on: boolean): void {
    const fell = this.#dtr && !on;
    this.#dtr = on;
    if (!fell) return;
    this.#line = '';
    const action = this.#settings.switch('&D');
    if (action === 1) this.#escape();
    if (action >= 2) this.#hangUp();
    if (action === 3) this.#settings = this.#stored.copy();
  }

  /** The line is cut behind this modem: both sides lose the carrier. */
  dropCarrier(): void {
    if ('call' in this.#state) this.#state.call?.cut();
  }

  // The exchange's side.

  get idle(): boolean {
    return this.#state.kind === 'command' && this.#ringing === undefined;
  }

  hear(tone: Tone): void {
    if (this.#state.kind !== 'calling') return;
    this.#state.tone = tone;
    const detects = this.#settings.switch('X');
    if (tone === 'no-dialtone' && (detects === 2 || detects === 4)) this.#fail('NO DIALTONE');
    if (tone === 'busy' && detects >= 3) this.#fail('BUSY');
  }

  ring(call: Call): void {
    this.#ringing = call;
    const rings = (this.#settings.registers[S.ringCount] = this.#settings.register(S.ringCount) + 1);
    this.#say('RING');
    const after = this.#settings.register(S.answerAfter);
    if (after > 0 && rings >= after && this.#ready()) this.#answer();
  }

  ringingStopped(): void {
    this.#ringing = undefined;
    this.#settings.registers[S.ringCount] = 0;
  }

  connected(call: Call, rate: number): void {
    if (this.#state.kind !== 'calling') return;
    this.#state.timer.cancel();
    if (this.#state.number !== undefined) this.#failures.delete(this.#state.number);
    this.#goOnline(call, rate);
  }

  carrierLost(): void {
    const state = this.#state;
    if (state.kind === 'calling') this.#fail('NO CARRIER');
    if (state.kind !== 'data' && state.kind !== 'escaped') return;
    this.#scheduler.after(this.#settings.register(S.carrierLoss) * 100, () => {
      if (this.#isAt(state.call)) this.#fail('NO CARRIER');
    });
  }

  receive(octets: Uint8Array): void {
    if (this.#state.kind === 'data') this.#terminal.write(octets);
  }

  room(): number {
    return this.#state.kind === 'data' ? this.#terminal.room() : 0;
  }

  // Commands.

  /** One character of a command line; what stands before `AT` doesn't count. */
  #type(character: string): void {
    if (this.#settings.switch('E') === 1) this.#terminal.write(Buffer.from(character, 'latin1'));
    if (character === this.#settings.character(S.backspace)) {
      this.#line = this.#line.slice(0, -1);
      return;
    }
    if (character !== this.#settings.character(S.return)) {
      if (character > '\x1f') this.#line += character;
      if (!/A\/$/i.test(this.#line)) return;
      this.#obeyLine(this.#lastLine);
    } else {
      const text = /AT(.*)$/i.exec(this.#line)?.[1];
      if (text !== undefined) this.#obeyLine(text);
    }
    this.#line = '';
  }

  #obeyLine(text: string): void {
    this.#lastLine = text;
    for (const command of parseAtLine(text)) {
      const outcome = this.#obey(command);
      if (outcome === 'taken') return;
      if (outcome === 'failed') {
        this.#say('ERROR');
        return;
      }
    }
    this.#say('OK');
  }

  /** `taken`: the rest of the line doesn't count, and the result comes by itself. */
  #obey(command: AtCommand): 'done' | 'failed' | 'taken' {
    switch (command.kind) {
      case 'plain':
        return this.#obeyLetter(command.name, command.value);
      case 'register':
        if (command.value === undefined) this.#tell(String(this.#settings.register(command.register)).padStart(3, '0'));
        else if (command.register > 255 || command.value > 255) return 'failed';
        else this.#settings.registers[command.register] = command.value;
        return 'done';
      case 'dial':
        return this.#dial(command.text);
      case 'extended': {
        if (this.#gsm === undefined) return 'failed';
        const answer = this.#gsm.obey(command.name, command.argument);
        if (answer.kind === 'failed') return this.#refuse(this.#gsm.describe(answer.code));
        for (const line of answer.lines) this.#tell(line);
        return 'done';
      }
      case 'wrong':
        return 'failed';
      default:
        return assertNever(command);
    }
  }

  /** Where failures are told by number or text, that stands for ERROR. */
  #refuse(told: string | undefined): 'failed' | 'taken' {
    if (told === undefined) return 'failed';
    this.#tell(told);
    return 'taken';
  }

  #obeyLetter(name: string, value: number): 'done' | 'failed' | 'taken' {
    switch (name) {
      case 'A':
        return this.#answer();
      case 'H':
        if (value === 0) this.#hangUp();
        return value <= 1 ? 'done' : 'failed';
      case 'I':
        this.#tell(value === 0 ? '336' : (this.#options.identity ?? 'linkd test modem'));
        return 'done';
      case 'O':
        if (this.#state.kind !== 'escaped') return 'failed';
        this.#goOnline(this.#state.call, this.#state.rate);
        return 'taken';
      case 'Z':
        this.#hangUp();
        this.#settings = this.#stored.copy();
        this.#say('OK');
        return 'taken';
      case '&F':
        this.#settings = new Settings();
        this.#failures.clear();
        return 'done';
      case '&V':
        this.#tell([...this.#settings.switches].map(([letter, number]) => letter + String(number)).join(' '));
        return 'done';
      case '&W':
        this.#stored = this.#settings.copy();
        return 'done';
      default:
        if (value > (switchLimits.get(name) ?? -1)) return 'failed';
        this.#settings.switches.set(name, value);
        return 'done';
    }
  }

  #dial(text: string): 'failed' | 'taken' {
    if (this.#state.kind !== 'command') return 'failed';
    const commaMs = this.#settings.register(S.comma) * 1000;
    const { number, durationMs } = readDialString(
      text.startsWith('L') ? this.#lastNumber : text,
      this.#options.digitMs ?? 100,
      commaMs,
    );
    this.#lastNumber = number;
    const refusal = this.#refusal(number);
    if (refusal !== undefined) {
      this.#say(refusal);
      return 'taken';
    }
    if (text.endsWith(';')) {
      this.#scheduler.after(durationMs, () => {
        this.#say('OK');
      });
      return 'taken';
    }
    this.#wait(number, durationMs, () => {
      if (this.#gsm?.takes(number) === false) this.#fail('NO CARRIER');
      else this.#place(number);
    });
    return 'taken';
  }

  #place(number: string): void {
    const gave = this.#settings.register(S.carrierWait) * 1000;
    const state = this.#wait(number, gave, () => {
      const silent = this.#state.kind === 'calling' && this.#state.tone !== 'ringing';
      this.#fail(silent ? 'NO CARRIER' : 'NO ANSWER');
    });
    const call = this.#exchange.place(this, this.#gsm === undefined ? number : number.replace(/\*{3}\d+#$/, '#'));
    state.call = call;
  }

  /** Off the hook: what rings is answered, else a carrier is waited for. */
  #answer(): 'failed' | 'taken' {
    if (this.#state.kind !== 'command') return 'failed';
    const call = this.#ringing;
    this.ringingStopped();
    this.#wait(undefined, this.#settings.register(S.carrierWait) * 1000, () => {
      this.#fail('NO CARRIER');
    }).call = call;
    call?.answer();
    return 'taken';
  }

  #wait(number: string | undefined, duration: Millis, then: () => void): Extract<State, { kind: 'calling' }> {
    const timer = this.#scheduler.after(duration, then);
    const state = { kind: 'calling', number, call: undefined, tone: 'silence', timer } satisfies State;
    return (this.#state = state);
  }

  #goOnline(call: Call, rate: number): void {
    this.#state = { kind: 'data', call, rate };
    this.#guard.reset();
    this.#terminal.carrier(this.dcd);
    this.#say('CONNECT', `${rate}${this.#options.protocol ?? ''}`);
  }

  #escape(): void {
    if (this.#state.kind !== 'data') return;
    this.#state = { ...this.#state, kind: 'escaped' };
    this.#guard.reset();
    this.#line = '';
    this.#say('OK');
  }

  /** The call has come to nothing, or to its end: on the hook, and why. */
  #fail(result: Result): void {
    if (this.#state.kind === 'calling' && this.#state.number !== undefined) {
      const count = (this.#failures.get(this.#state.number)?.count ?? 0) + 1;
      this.#failures.set(this.#state.number, { count, at: this.#scheduler.now() });
    }
    this.#hangUp();
    this.#say(result);
  }

  #hangUp(): void {
    const state = this.#state;
    if (state.kind === 'command') return;
    this.#state = { kind: 'command' };
    this.#line = '';
    this.#guard.reset();
    if (state.kind === 'calling') state.timer.cancel();
    state.call?.hangUp(this);
    if (state.kind !== 'calling') this.#terminal.carrier(this.dcd);
  }

  #refusal(number: string): Result | undefined {
    const { approval } = this.#options;
    const failed = this.#failures.get(number);
    if (approval === undefined || failed === undefined) return undefined;
    if (failed.count >= approval.blacklisted) return 'BLACKLISTED';
    const waits = failed.count >= approval.delayed && this.#scheduler.now() < failed.at + approval.delayMs;
    return waits ? 'DELAYED' : undefined;
  }

  /** An answer of its own accord needs a terminal that is ready. */
  #ready(): boolean {
    return this.#dtr || this.#settings.switch('&D') === 0;
  }

  #isAt(call: Call): boolean {
    return (this.#state.kind === 'data' || this.#state.kind === 'escaped') && this.#state.call === call;
  }

  // Its words.

  #say(result: Result, rate = ''): void {
    if (this.#settings.switch('Q') === 1) return;
    const detail = result === 'CONNECT' && this.#settings.switch('X') > 0 ? ` ${rate}` : '';
    if (this.#settings.switch('V') === 0) this.#write(`${resultNumbers[result]}${this.#settings.character(S.return)}`);
    else this.#tell(result === 'NO DIALTONE' ? (this.#options.noDialTone ?? result) : result + detail);
  }

  #tell(line: string): void {
    const end = this.#settings.character(S.return) + this.#settings.character(S.lineFeed);
    this.#write(end + line + end);
  }

  #write(text: string): void {
    this.#terminal.write(Buffer.from(text, 'latin1'));
  }
}
