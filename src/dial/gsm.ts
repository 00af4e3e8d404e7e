/** What a GSM or LTE modem is told before it dials (3GPP TS 27.007): PIN, network, signal, access point. */
import { cause, type Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import { decodeText } from '../base/text.js';
import { fromOctets, type Octets } from '../chat/script.js';
import type { Command, Verdict } from './modem.js';

/** How often the network is asked for, and a SIM that is busy, with a pause in between. */
const mostAsked = 60;
const askAgainMs: Millis = 1000;
/** A SIM takes its time. */
const pinMs: Millis = 15_000;

/** `pin` is the SIM's; undefined: it should want none. */
export function gsmCommands(pin: Octets | undefined, apn: string | undefined): readonly Command[] {
  const context: Command[] = apn === undefined ? [] : [{ text: `AT+CGDCONT=1,"IP","${apn}"` }];
  return [askForPin(pin, 1), askForNetwork(1), askForSignal, ...context];
}

/** A PIN is given once and never again: the third wrong one locks the SIM. */
function askForPin(pin: Octets | undefined, attempt: number): Command {
  return {
    text: 'AT+CPIN?',
    doing: 'unlocking the SIM',
    waitMs: pinMs,
    judge(answer, lines): Verdict {
      const state = lines.map((line) => /^\+CPIN: *(.*)$/.exec(line)?.[1]).find((text) => text !== undefined);
      // 14: the SIM is busy.
      if (answer.kind === 'error' && /: *(?:14|SIM BUSY)$/i.test(answer.text) && attempt < mostAsked)
        return { kind: 'next', first: [{ ...askForPin(pin, attempt + 1), pauseMs: askAgainMs }] };
      if (answer.kind === 'silence') return failed(cause('modem-silent', 'no answer to AT+CPIN?'));
      // A modem without a SIM doesn't know the question.
      if (answer.kind === 'error' && pin === undefined && answer.text === 'ERROR') return { kind: 'next' };
      if (answer.kind === 'error') return failed(cause('sim-refused', answer.text));
      if (state === undefined || state === 'READY') return { kind: 'next' };
      if (state !== 'SIM PIN') return failed(cause('sim-refused', `it asks for its ${state}`));
      if (pin === undefined) return failed(cause('sim-refused', 'it asks for its PIN, and `dial.pin` names none'));
      return { kind: 'next', first: [givePin(pin)] };
    },
  };
}

function givePin(pin: Octets): Command {
  return {
    text: `AT+CPIN="${decodeText(fromOctets(pin))}"`,
    secret: pin,
    waitMs: pinMs,
    judge(answer): Verdict {
      if (answer.kind === 'ok') return { kind: 'next' };
      const why = answer.kind === 'silence' ? 'no answer' : answer.text;
      return failed(cause('sim-refused', `the PIN was refused: ${why}; it is not tried again`));
    },
  };
}

/** Asked of the telephone's network, then of LTE's; either one will do. */
function askForNetwork(attempt: number): Command {
  return {
    text: 'AT+CREG?',
    ...(attempt === 1 && { doing: 'waiting for the network' }),
    judge(answer, lines): Verdict {
      const state = registration(lines);
      // One that doesn't know the question registers by itself.
      if (answer.kind !== 'ok' || state === undefined || isRegistered(state)) return { kind: 'next' };
      return { kind: 'next', first: [askForLte(attempt, state)] };
    },
  };
}

function askForLte(attempt: number, state: string): Command {
  return {
    text: 'AT+CEREG?',
    judge(_answer, lines): Verdict {
      if (isRegistered(registration(lines))) return { kind: 'next' };
      if (attempt >= mostAsked) return failed(cause('not-registered', stateName(state)));
      return { kind: 'next', first: [{ ...askForNetwork(attempt + 1), pauseMs: askAgainMs }] };
    },
  };
}

/** The `<stat>` of an answer. */
function registration(lines: readonly string[]): string | undefined {
  return lines.map((line) => /^\+CE?REG: *\d+, *(\d+)/.exec(line)?.[1]).find((found) => found !== undefined);
}

/** At home, or roaming. */
function isRegistered(state: string | undefined): boolean {
  return state === '1' || state === '5';
}

const askForSignal: Command = {
  text: 'AT+CSQ',
  judge(_answer, lines): Verdict {
    const found = lines.map((line) => /^\+CSQ: *(\d+)/.exec(line)?.[1]).find((text) => text !== undefined);
    const strength = Number(found ?? 99);
    // 3GPP TS 27.007 §8.5: 0 is -113 dBm or less, 31 is -51 dBm or more.
    return strength > 31 ? { kind: 'next' } : { kind: 'next', note: `signal ${-113 + 2 * strength} dBm` };
  },
};

function stateName(state: string): string {
  if (state === '3') return 'the network denies it';
  return state === '2' ? 'it searches' : `state ${state}`;
}

function failed(why: Cause): Verdict {
  return { kind: 'failed', cause: why };
}
