/** Steps → chat(8)'s language, in one form for what can be written in many: a line for each step. */
import { assertNever } from '../base/errors.js';
import { hidden } from './hide.js';
import { keywordNames } from './parse.js';
import type { Octets, Part, Script, Send, Step } from './script.js';
import { closingQuote } from './words.js';

/** What chat can wait for at most stands for ever. */
const LONGEST_S = 0x7fffffff;

/**
 * The script, one step a line, ASCII but for the names of files. `parseChat` makes the same steps of it, unless they hold
 * a secret, which the language has no word for: `??????` stands there.
 */
export function printChat(script: Script): string {
  const lines: string[] = [];
  let answered = true;
  for (const step of script) {
    if (step.kind === 'send') {
      // A send stands behind an expect; where there is none, nothing is expected.
      const place = answered ? "'' " : `${lines.pop() ?? ''} `;
      lines.push(place + printSend(step.send));
      answered = true;
      continue;
    }
    // Without an answer, only the end of a script leaves out the return.
    if (!answered) lines.push(`${lines.pop() ?? ''} \\c`);
    answered = step.kind !== 'expect';
    lines.push(printStep(step));
  }
  return lines.map((line) => `${line}\n`).join('');
}

function printStep(step: Exclude<Step, { kind: 'send' }>): string {
  switch (step.kind) {
    case 'expect':
      return printAttempts(step.attempts);
    case 'abort':
      return `ABORT ${printExpected(step.text)}`;
    case 'clear-abort':
      return `CLR_ABORT ${printExpected(step.text)}`;
    case 'report':
      return `REPORT ${printExpected(step.text)}`;
    case 'clear-report':
      return `CLR_REPORT ${printExpected(step.text)}`;
    case 'timeout':
      return `TIMEOUT ${Math.ceil(Math.min(step.duration / 1000, LONGEST_S))}`;
    case 'echo':
      return `ECHO ${step.on ? 'ON' : 'OFF'}`;
    case 'hangup':
      return `HANGUP ${step.fatal ? 'ON' : 'OFF'}`;
    case 'say':
      return `SAY ${printSend({ kind: 'text', parts: step.parts, quiet: false })}`;
    default:
      return assertNever(step);
  }
}

function printAttempts(attempts: Extract<Step, { kind: 'expect' }>['attempts']): string {
  const fields = attempts.flatMap(({ expect, otherwise }) => [
    escapeOctets(expect),
    ...(otherwise === undefined ? [] : [bareSend(otherwise)]),
  ]);
  // An empty field at the end takes a dash of its own.
  const word = fields.join('-') + (fields.at(-1) === '' ? '-' : '');
  return asWord(keywordNames.includes(word) ? octal(word.charCodeAt(0)) + word.slice(1) : word);
}

function printExpected(text: Octets): string {
  return asWord(escapeOctets(text));
}

function printSend(send: Send): string {
  return asWord(bareSend(send));
}

function bareSend(send: Send): string {
  if (send.kind === 'file') return `@${send.path}`;
  const text = (send.quiet ? '\\q' : '') + send.parts.map(printPart).join('');
  const last = send.parts.at(-1);
  const returned = last?.kind === 'octets' && last.octets.endsWith('\r') ? text.slice(0, -2) : `${text}\\c`;
  // At the beginning of a word, `@` names a file, and these two are more than words.
  if (returned.startsWith('@')) return `\\${returned}`;
  return returned === 'EOT' || returned === 'BREAK' ? octal(returned.charCodeAt(0)) + returned.slice(1) : returned;
}

function printPart(part: Part): string {
  switch (part.kind) {
    case 'octets':
      return escapeOctets(part.octets);
    case 'pause':
      return part.duration < 1000 ? '\\p' : '\\d';
    case 'break':
      return '\\K';
    case 'number':
      return `\\${part.which}`;
    case 'secret':
      return hidden;
    default:
      return assertNever(part);
  }
}

const named: ReadonlyMap<string, string> = new Map([
  ['\r', '\\r'],
  ['\n', '\\n'],
  ['\t', '\\t'],
  [' ', '\\s'],
]);

function escapeOctets(octets: Octets): string {
  return Array.from(octets, (octet) => named.get(octet) ?? escapeOctet(octet)).join('');
}

function escapeOctet(octet: string): string {
  if (octet < ' ' || octet > '~') return octal(octet.charCodeAt(0));
  return '\\^$-"\'#'.includes(octet) ? `\\${octet}` : octet;
}

function octal(code: number): string {
  return `\\${code.toString(8).padStart(3, '0')}`;
}

/** In quotes where that's needed; only the names of files hold blanks or quotes that aren't escaped. */
function asWord(text: string): string {
  if (text === '') return "''";
  if (!/[ \t]/.test(text)) return text;
  return closingQuote(`${text}'`, 0, "'") === text.length ? `'${text}'` : `"${text}"`;
}
