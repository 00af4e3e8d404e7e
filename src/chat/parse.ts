/** chat(8)'s language → steps: expect and send in turn, and the words that stand for neither. */
import type { Millis } from '../base/clock.js';
import { decodeText, encodeText } from '../base/text.js';
import { expandExpected, expandSent, type Variables } from './escapes.js';
import {
  defaultTimeoutMs,
  fromOctets,
  toOctets,
  type Attempt,
  type Octets,
  type Script,
  type Send,
  type Step,
} from './script.js';
import { readWords, type Mistake } from './words.js';

export interface ParseOptions {
  /** chat's `-E`: `$NAME` in a text stands for what this gives. */
  readonly variables?: Variables;
}

export type Parsed =
  | { readonly kind: 'script'; readonly script: Script }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly Mistake[] };

/**
 * A script as a file holds it. Never throws. Octets are taken as they are, text as UTF-8. What chat takes without a word
 * (a keyword at the end, a time that is no number) is taken here too.
 */
export function parseChat(text: string | Uint8Array, options: ParseOptions = {}): Parsed {
  const { words, mistakes } = readWords(text);
  if (mistakes.length > 0) return { kind: 'mistakes', mistakes };
  const texts = words.map((word) => word.text);
  return { kind: 'script', script: stepsOf(texts, options) };
}

/** A script as the arguments of the program: a word each, no quotes, no comments. */
export function parseArguments(words: readonly string[], options: ParseOptions = {}): Script {
  const texts = words.map((word) => toOctets(encodeText(word)));
  return stepsOf(texts, options);
}

/** What a file that a `send` named holds: its last line feed and what follows a NUL don't count. */
export function parseFileContent(content: Uint8Array, options: ParseOptions = {}): SentText {
  const [text = ''] = toOctets(content).replace(/\n$/, '').split('\0', 1);
  return expandWord(text, options);
}

type SentText = Extract<Send, { kind: 'text' }>;

type Keyword = (argument: Octets, options: ParseOptions) => Step;

const keywords: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ['ABORT', (text, { variables }) => ({ kind: 'abort', text: expandExpected(text, variables) })],
  ['CLR_ABORT', (text, { variables }) => ({ kind: 'clear-abort', text: expandExpected(text, variables) })],
  ['REPORT', (text, { variables }) => ({ kind: 'report', text: expandExpected(text, variables) })],
  ['CLR_REPORT', (text, { variables }) => ({ kind: 'clear-report', text: expandExpected(text, variables) })],
  ['TIMEOUT', (text, { variables }) => ({ kind: 'timeout', duration: seconds(expandExpected(text, variables)) })],
  ['ECHO', (text) => ({ kind: 'echo', on: text === 'ON' })],
  ['HANGUP', (text) => ({ kind: 'hangup', fatal: text !== 'OFF' })],
  ['SAY', (text, { variables }) => ({ kind: 'say', parts: expandSent(text, variables).parts })],
]);

/** Words that mean something where an expected text may stand. */
export const keywordNames: readonly string[] = [...keywords.keys()];

function stepsOf(words: readonly Octets[], options: ParseOptions): Script {
  const steps: Step[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const expected = words[at] ?? '';
    const answer = words[at + 1];
    const keyword = keywords.get(expected);
    if (keyword === undefined) {
      steps.push({ kind: 'expect', attempts: attemptsOf(expected, options) });
      if (answer !== undefined) steps.push({ kind: 'send', send: sendOf(answer, options) });
    } else if (answer !== undefined) steps.push(keyword(answer, options));
  }
  return steps;
}

/** `expect-send-expect…`; an escaped dash doesn't part. Nothing behind the last dash is no field. */
function attemptsOf(word: Octets, options: ParseOptions): readonly Attempt[] {
  const fields = partAtDashes(word);
  const attempts: Attempt[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const answer = fields[at + 1];
    attempts.push({
      expect: expandExpected(fields[at] ?? '', options.variables),
      otherwise: answer === undefined ? undefined : sendOf(answer, options),
    });
  }
  return attempts;
}

function partAtDashes(word: Octets): readonly Octets[] {
  const fields: Octets[] = [];
  let start = 0;
  for (let at = 0; at < word.length; at++) {
    if (word.charAt(at) === '\\') at++;
    else if (word.charAt(at) === '-') {
      fields.push(word.slice(start, at));
      start = at + 1;
    }
  }
  if (start < word.length) fields.push(word.slice(start));
  return fields;
}

function sendOf(word: Octets, options: ParseOptions): Send {
  const path = /^@[ \t]*([^ \t][^]*)$/.exec(word)?.[1];
  return path === undefined ? expandWord(word, options) : { kind: 'file', path: decodeText(fromOctets(path)) };
}

function expandWord(word: Octets, { variables }: ParseOptions): SentText {
  if (word === 'EOT') return expandSent('^D\\c');
  if (word === 'BREAK') return expandSent('\\K\\c');
  return expandSent(word, variables);
}

/** C's atoi: what follows the digits doesn't count, and what isn't a time above 0 is the default. */
function seconds(text: Octets): Millis {
  const digits = /^[ \t-\r]*\+?(\d+)/.exec(text)?.[1];
  const count = digits === undefined ? 0 : Math.min(Number(digits), 0x7fffffff);
  return count > 0 ? count * 1000 : defaultTimeoutMs;
}
