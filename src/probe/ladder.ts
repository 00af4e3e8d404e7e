/**
 * What is said on a line to find out who is there: at one speed after the other it is listened to, a return is sent, AT, and
 * PPP's first packet, until something answers that makes sense. Pure: octets, time and the outcome of a change of speed come
 * in; octets, speeds and deadlines go out by `poll()`, drained after every input, and end with exactly one `finished`.
 */
import { concatBytes } from '../base/bytes.js';
import type { Millis } from '../base/clock.js';
import { assertNever } from '../base/errors.js';
import { encodeText } from '../base/text.js';
import { Asking, simQuestion } from './asking.js';
import type { Finding, Speaker } from './finding.js';
import { firstPacket } from './first-packet.js';
import { judge, readText, type Meaning } from './judge.js';

export type LadderOutput =
  /** `tuned` answers; until then nothing is heard. */
  | { readonly type: 'speed'; readonly speed: number }
  | { readonly type: 'send'; readonly octets: Uint8Array }
  /** What is done now, for people: `9600 baud: AT`. */
  | { readonly type: 'doing'; readonly text: string }
  | { readonly type: 'finished'; readonly finding: Finding };

export interface LadderOptions {
  /** Tried in this order. */
  readonly speeds: readonly number[];
  /** All waits are so many times as long: for lines with a long way. */
  readonly patience: number;
  /** False: DCD says that there is no call, so the escape sequence of modems needn't be tried. */
  readonly mayBeInCall: boolean;
  /** Tells our frame from the peer's where the line loops back; any number but 0. */
  readonly magic: number;
}

/** The ladder's speeds, the usual ones first. */
export const usualSpeeds: readonly number[] = [115200, 57600, 38400, 19200, 9600, 4800, 2400, 1200, 300];
/** Beyond them, on request. */
export const fastSpeeds: readonly number[] = [230400, 460800, 921600, 1000000, 1500000, 2000000, 3000000, 4000000];

type Step =
  | 'listening'
  /** A return was sent, once and, where text came, again. */
  | 'nudging'
  | 'confirming'
  | 'calling'
  | 'calling-again'
  | 'offering'
  /** Before and behind the plus signs nothing is sent. */
  | 'guarding'
  | 'escaping'
  | 'asking'
  | 'leaving';

/** How long an answer is waited for, beside the time that octets take on the wire. */
const waits: Readonly<Record<Step, Millis>> = {
  listening: 400,
  nudging: 500,
  confirming: 500,
  calling: 600,
  'calling-again': 600,
  offering: 900,
  // S12 is a second in every modem that wasn't told otherwise.
  guarding: 1100,
  escaping: 1300,
  asking: 1500,
  leaving: 400,
};
const simWait: Millis = 5000;
/** While octets come, it is waited for a pause of so long… */
const pauseMs: Millis = 200;
/** …but not longer than this. */
const longestText: Millis = 3000;
/** Octets of an answer that the waits allow for at any speed. */
const answerOctets = 40;
/** More is of no use to the judge. */
const mostHeard = 8192;

const carriageReturn = encodeText('\r');

export class Ladder {
  readonly #options: LadderOptions;
  readonly #outputs: LadderOutput[] = [];
  readonly #noise: { readonly speed: number; readonly sample: Uint8Array }[] = [];
  /** The rungs that are left: a speed, and whether it's tried by the escape sequence. */
  readonly #rungs: { readonly speed: number; readonly escape: boolean }[];
  readonly #tuned: number[] = [];
  #speed = 0;
  #escape = false;
  #step: Step | undefined;
  #deadline: Millis | undefined;
  /** Of the step: it doesn't last longer. */
  #limit: Millis = 0;
  #heard: Uint8Array = new Uint8Array(0);
  #sent: Uint8Array[] = [];
  /** What the first return brought. */
  #first: Speaker | undefined;
  #asking = new Asking();
  #echoed = false;
  #over = false;

  constructor(options: LadderOptions) {
    this.#options = options;
    const rung = (escape: boolean) => (speed: number) => ({ speed, escape });
    this.#rungs = [...options.speeds.map(rung(false)), ...(options.mayBeInCall ? options.speeds.map(rung(true)) : [])];
  }

  start(): void {
    this.#nextRung();
  }

  /** The port has the speed that was asked for, or the driver doesn't know it. */
  tuned(done: boolean, now: Millis): void {
    if (this.#over || this.#step !== undefined) return;
    if (!done) {
      this.#nextRung();
      return;
    }
    if (!this.#tuned.includes(this.#speed)) this.#tuned.push(this.#speed);
    this.#enter(this.#escape ? 'guarding' : 'listening', now);
  }

  receive(octets: Uint8Array, now: Millis): void {
    if (this.#over || this.#step === undefined || octets.length === 0) return;
    this.#heard = concatBytes([this.#heard, octets]).subarray(-mostHeard);
    if (this.#isClear) this.#judge(now);
    else if (this.#step !== 'guarding' && this.#step !== 'escaping')
      this.#deadline = Math.min(Math.max(this.#deadline ?? 0, now + this.#scaled(pauseMs)), this.#limit);
  }

  advance(now: Millis): void {
    if (this.#over || this.#deadline === undefined || now < this.#deadline) return;
    this.#deadline = undefined;
    this.#judge(now);
  }

  nextTimeout(): Millis | undefined {
    return this.#over ? undefined : this.#deadline;
  }

  poll(): LadderOutput | undefined {
    return this.#outputs.shift();
  }

  /** Nothing that comes later could change what is known by now. Text is read to its end, and so are PPP's answers. */
  get #isClear(): boolean {
    if (this.#step === 'leaving') return false;
    if (this.#step === 'asking') return Asking.ends(readText(this.#heard).text);
    const meaning = this.#meaning;
    return (
      meaning.kind === 'modem' || meaning.kind === 'windows' || (meaning.kind === 'ppp' && meaning.wishes !== undefined)
    );
  }

  get #meaning(): Meaning {
    return judge(this.#heard, this.#sent);
  }

  /** The step is over, or what was heard is clear. */
  #judge(now: Millis): void {
    const step = this.#step;
    const meaning = this.#meaning;
    if (step === undefined) return;
    if (step === 'asking') this.#answered(now);
    else if (step === 'leaving') this.#finishModem();
    else if (meaning.kind === 'modem') this.#ask(now);
    else if (meaning.kind === 'ppp') this.#finish({ ...meaning, speed: this.#speed, waits: step === 'offering' });
    else if (meaning.kind === 'windows') this.#finish({ kind: 'windows', speed: this.#speed });
    else this.#goOn(step, meaning, now);
  }

  #goOn(
    step: Exclude<Step, 'asking' | 'leaving'>,
    meaning: Exclude<Meaning, { kind: 'modem' | 'ppp' | 'windows' }>,
    now: Millis,
  ): void {
    const speaker = textOf(meaning, this.#speed);
    switch (step) {
      case 'listening':
        this.#say('nudging', carriageReturn, now);
        return;
      case 'nudging':
        this.#first = speaker;
        if (speaker === undefined) this.#call('calling', now);
        else this.#confirm(now);
        return;
      case 'confirming':
        if (speaker === undefined) this.#call('calling', now);
        else this.#finish(speaker.kind === 'text' ? (this.#first ?? speaker) : speaker);
        return;
      case 'calling':
        // Said again, it would be taken for a password.
        if (speaker !== undefined && speaker.kind !== 'text') this.#finish(speaker);
        else this.#call('calling-again', now);
        return;
      case 'calling-again':
        if (meaning.kind === 'echo') this.#finish({ kind: 'echo', speed: this.#speed });
        else this.#say('offering', firstPacket(this.#options.magic), now);
        return;
      case 'offering':
        if (speaker !== undefined) this.#finish(speaker);
        else this.#leaveSpeed(meaning);
        return;
      case 'guarding':
        this.#say('escaping', encodeText('+++'), now);
        return;
      case 'escaping':
        this.#leaveSpeed(meaning);
        return;
      default:
        assertNever(step);
    }
  }

  #call(step: 'calling' | 'calling-again', now: Millis): void {
    this.#say(step, encodeText('ATQ0V1E0\r'), now);
  }

  /** Noise may look like text once; the same again it doesn't. */
  #confirm(now: Millis): void {
    this.#heard = new Uint8Array(0);
    this.#sent = [];
    this.#say('confirming', carriageReturn, now);
  }

  #ask(now: Millis): void {
    this.#echoed ||= readText(this.#heard).text.includes('AT');
    const question = this.#asking.next();
    if (question === undefined) {
      // As it was: a call goes with the port anyway, and echo is what most people expect.
      if (this.#escape) this.#say('leaving', encodeText('ATH0\r'), now);
      else if (this.#echoed) this.#say('leaving', encodeText('ATE1\r'), now);
      else this.#finishModem();
      return;
    }
    this.#heard = new Uint8Array(0);
    this.#sent = [];
    this.#say('asking', encodeText(`${question}\r`), now, question === simQuestion ? simWait : waits.asking);
  }

  #answered(now: Millis): void {
    this.#asking.take(readText(this.#heard).text);
    this.#ask(now);
  }

  #say(step: Step, octets: Uint8Array, now: Millis, wait: Millis = waits[step]): void {
    this.#sent.push(octets);
    this.#outputs.push({ type: 'send', octets });
    this.#enter(step, now, wait, octets.length);
  }

  #enter(step: Step, now: Millis, wait: Millis = waits[step], sent = 0): void {
    const onWire = ((sent + (step === 'guarding' ? 0 : answerOctets)) * 10_000) / this.#speed;
    this.#step = step;
    this.#deadline = now + this.#scaled(wait) + onWire;
    this.#limit = this.#deadline + this.#scaled(longestText);
    if (step === 'listening' || step === 'guarding') this.#tell();
  }

  #tell(): void {
    const how = this.#escape ? ', with the escape sequence' : '';
    this.#outputs.push({ type: 'doing', text: `${this.#speed} baud${how}` });
  }

  #scaled(wait: Millis): Millis {
    return wait * this.#options.patience;
  }

  #leaveSpeed(meaning: Meaning): void {
    if (meaning.kind === 'noise') this.#noise.push({ speed: this.#speed, sample: this.#heard.slice(0, answerOctets) });
    this.#nextRung();
  }

  #nextRung(): void {
    this.#step = undefined;
    this.#deadline = undefined;
    this.#heard = new Uint8Array(0);
    this.#sent = [];
    const rung = this.#rungs.shift();
    if (rung === undefined) {
      this.#finish(this.#nothing());
      return;
    }
    this.#speed = rung.speed;
    this.#escape = rung.escape;
    this.#outputs.push({ type: 'speed', speed: rung.speed });
  }

  #nothing(): Finding {
    const [first] = this.#noise;
    if (first === undefined) return { kind: 'silence', speeds: this.#tuned };
    return { kind: 'noise', heardAt: [...new Set(this.#noise.map(({ speed }) => speed))], sample: first.sample };
  }

  #finishModem(): void {
    this.#finish({ kind: 'modem', speed: this.#speed, inCall: this.#escape, identity: this.#asking.identity });
  }

  #finish(finding: Finding): void {
    this.#over = true;
    this.#outputs.push({ type: 'finished', finding });
  }
}

/** Text that was heard at a speed; undefined for anything else. */
function textOf(meaning: Meaning, speed: number): Extract<Speaker, { screen: readonly string[] }> | undefined {
  switch (meaning.kind) {
    case 'login':
    case 'console':
    case 'text':
      return { ...meaning, speed };
    case 'silence':
    case 'modem':
    case 'windows':
    case 'echo':
    case 'noise':
    case 'ppp':
      return undefined;
    default:
      return assertNever(meaning);
  }
}
