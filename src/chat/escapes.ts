/**
 * The escapes of chat(8), in what is expected and in what is sent; they differ. Sending takes two rounds, as in chat: the
 * first replaces escapes and leaves `\d`, `\p`, `\K`, `\\` and unknown ones for the second, which acts on them. So what a
 * variable or a telephone number brings in has a second round, and no first.
 */
import type { Octets, Part, Send } from './script.js';

/** What `$NAME` stands for; undefined: nothing. Without a function, `$` is a character like others. */
export type Variables = ((name: string) => Octets | undefined) | undefined;

/** chat's manual says a tenth of a second. (Its program waits a hundredth.) */
const PAUSE_MS = 100;
const DELAY_MS = 1000;

const plainEscapes: ReadonlyMap<string, Octets> = new Map(
  Object.entries({ b: '\b', r: '\r', n: '\n', s: ' ', t: '\t' }),
);

/** The octets to wait for. */
export function expandExpected(text: Octets, variables?: Variables): Octets {
  return firstRound(text, variables, false).text;
}

/** What to send, a return behind it unless `\c` ends it. `EOT` and `BREAK` are not words here. */
export function expandSent(text: Octets, variables?: Variables): Extract<Send, { kind: 'text' }> {
  const first = firstRound(text, variables, true);
  return { kind: 'text', parts: secondRound(first.text), quiet: first.quiet };
}

/** What the second round makes of a text: octets, pauses and breaks. */
export function secondRound(text: Octets): readonly Part[] {
  const parts: Part[] = [];
  let octets = '';
  const put = (part: Part): void => {
    if (octets !== '') parts.push({ kind: 'octets', octets });
    octets = '';
    parts.push(part);
  };
  for (let at = 0; at < text.length; at++) {
    if (text.charAt(at) !== '\\') {
      octets += text.charAt(at);
      continue;
    }
    const escaped = text.charAt(++at);
    if (escaped === 'd') put({ kind: 'pause', duration: DELAY_MS });
    else if (escaped === 'p') put({ kind: 'pause', duration: PAUSE_MS });
    else if (escaped === 'K') put({ kind: 'break' });
    else if (escaped === 'T' || escaped === 'U') put({ kind: 'number', which: escaped });
    else octets += escaped;
  }
  if (octets !== '') parts.push({ kind: 'octets', octets });
  return parts;
}

function firstRound(text: Octets, variables: Variables, sending: boolean): { text: Octets; quiet: boolean } {
  let result = '';
  let quiet = false;
  let ending = sending ? '\r' : '';
  /** Left for the second round, where there is one. */
  const later = (octet: string): string => (sending ? `\\${octet}` : octet);

  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '^') {
      result += control(text.charAt(++at));
    } else if (character === '$' && variables !== undefined) {
      const [name = ''] = /^\w*/.exec(text.slice(at + 1)) ?? [];
      at += name.length;
      result += variables(name) ?? '';
    } else if (character !== '\\') {
      result += character;
    } else {
      const escaped = text.charAt(++at);
      const plain = plainEscapes.get(escaped);
      const octal = /^[0-7]{1,3}/.exec(text.slice(at, at + 3))?.[0];
      if (escaped === '') result += sending ? '\\\\' : '';
      else if (plain !== undefined) result += plain;
      else if (escaped === 'q') quiet = true;
      else if (escaped === 'c' && sending && at === text.length - 1) ending = '';
      else if (escaped === 'c') result += 'c';
      // The number isn't known yet; in what is expected, chat takes both characters as they are.
      else if (escaped === 'T' || escaped === 'U') result += `\\${escaped}`;
      else if (escaped === 'N') result += sending ? '\0' : 'N';
      else if (octal !== undefined) {
        at += octal.length - 1;
        result += numbered(Number.parseInt(octal, 8) & 0xff, sending);
      } else result += later(escaped);
    }
  }
  return { text: result + ending, quiet };
}

/** `^C`; a lone `^` at the end is itself, and there is no way to a NUL. */
function control(letter: string): string {
  if (letter === '') return '^';
  const code = letter.charCodeAt(0) & 0x1f;
  return code === 0 ? '' : String.fromCharCode(code);
}

/** `\ddd`. What is expected can't hold a NUL. */
function numbered(code: number, sending: boolean): string {
  const octet = String.fromCharCode(code);
  if (!sending) return code === 0 ? '' : octet;
  return octet === '\\' ? '\\\\' : octet;
}
