/** What a modem is asked about itself, one question behind the other; nothing here changes a setting or gives a PIN. */
import { printable } from '../base/printable.js';
import { readResult } from '../dial/results.js';
import type { ModemIdentity } from './finding.js';

const questions = ['ATI', ...Array.from({ length: 8 }, (_, i) => `ATI${i}`), 'AT+GMI', 'AT+GMM', 'AT+CGMI', 'AT+CGMM'];
const gsmQuestions = ['AT+CSQ', 'AT+COPS?'];
/** A SIM takes its time. */
export const simQuestion = 'AT+CPIN?';

const mostLines = 20;
const longestLine = 200;
/** One that leaves so many in a row unanswered answers none. */
const mostSilences = 2;

/** The questions, and what becomes of the answers. */
export class Asking {
  readonly #questions = [...questions, simQuestion];
  readonly #answers: { readonly command: string; readonly lines: readonly string[] }[] = [];
  #current: string | undefined;
  #silences = 0;
  #sim: string | undefined;
  #signal: number | undefined;

  /** The next question, without its return; undefined when there is none left. */
  next(): string | undefined {
    this.#current = this.#silences >= mostSilences ? undefined : this.#questions.shift();
    return this.#current;
  }

  /** Whether a text holds the end of the answer. */
  static ends(text: string): boolean {
    return answerOf(text) !== undefined;
  }

  /** What was said to the last question; without an end it counts as silence. */
  take(text: string): void {
    const command = this.#current;
    const answer = answerOf(text);
    this.#silences = answer === undefined ? this.#silences + 1 : 0;
    if (command === undefined || answer === undefined) return;
    const lines = answer.lines
      .filter((line) => line !== command && readResult(line)?.kind !== 'ring')
      .slice(0, mostLines);
    if (command === simQuestion) this.#takeSim(lines, answer.result);
    if (command === 'AT+CSQ') this.#signal = readSignal(lines);
    if (answer.result !== 'OK' || lines.length === 0) return;
    // Many modems say to ATI what they say to ATI0.
    const isNews = !this.#answers.some((known) => known.lines.join('\n') === lines.join('\n'));
    if (isNews) this.#answers.push({ command, lines: lines.map((line) => printable(line.slice(0, longestLine))) });
  }

  get identity(): ModemIdentity {
    return {
      answers: this.#answers,
      gsm: this.#sim !== undefined,
      sim: this.#sim,
      signal: this.#signal,
    };
  }

  /** A modem of the telephone network says ERROR, and nothing more. */
  #takeSim(lines: readonly string[], result: string): void {
    const state = lines.map((line) => /^\+CPIN: *(.*)$/.exec(line)?.[1]).find((text) => text !== undefined);
    const refusal = /^\+CME ERROR: *(.*)$/.exec(result)?.[1];
    const sim = state ?? refusal;
    if (sim === undefined) return;
    this.#sim = printable(sim.slice(0, longestLine));
    this.#questions.push(...gsmQuestions);
  }
}

interface ModemAnswer {
  readonly lines: readonly string[];
  /** `OK`, or the error as it was said. */
  readonly result: string;
}

function answerOf(text: string): ModemAnswer | undefined {
  const lines = text
    .split(/[\r\n]+/)
    .slice(0, -1)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const end = lines.findIndex((line) => {
    const kind = /^\d+$/.test(line) ? undefined : readResult(line)?.kind;
    return kind === 'ok' || kind === 'error';
  });
  const result = lines[end];
  return result === undefined ? undefined : { lines: lines.slice(0, end), result };
}

/** 3GPP TS 27.007 §8.5: 0 is -113 dBm or less, 31 is -51 dBm or more, 99 unknown. */
function readSignal(lines: readonly string[]): number | undefined {
  const found = lines.map((line) => /^\+CSQ: *(\d+)/.exec(line)?.[1]).find((text) => text !== undefined);
  const strength = Number(found ?? 99);
  return strength > 31 ? undefined : -113 + 2 * strength;
}
