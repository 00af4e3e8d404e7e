/**
 * The programs that pppd calls to get a line to PPP (`connect`), to hang up (`disconnect`) and to set a modem up (`init`):
 * a chat script in the arguments or in a file, also within a shell script, becomes `dial.chat`, or what linkd has for it.
 */
import { posix } from 'node:path';
import { parseArguments, parseChat } from '../chat/parse.js';
import { printChat } from '../chat/print.js';
import { encodeText } from '../base/text.js';
import {
  defaultTimeoutMs,
  toOctets,
  type Attempt,
  type Part,
  type Script,
  type Send,
  type Step,
} from '../chat/script.js';
import { linesOf, secretCommand, type Account, type Given } from './account.js';
import type { Draft } from './draft.js';
import type { Files } from './files.js';
import { readScript, type Command } from './shell.js';
import { expand, plainWords } from './shell-words.js';

/** What a command comes to. */
export type Said =
  | ChatCommand
  /** `wvdial --chat SECTION`: wvdial dials, and PPP is ours. */
  | { readonly kind: 'wvdial'; readonly section: string }
  /** It does nothing. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'other'; readonly why: string };

interface ChatCommand {
  readonly kind: 'chat';
  readonly script: Script;
  /** Where it is a file that can stay as it is. */
  readonly file: string | undefined;
  /** The number that `\T` stands for in that file. */
  readonly number: string | undefined;
}

/** What a call needs of the world. */
export interface Surroundings {
  readonly files: Files;
  readonly account: Account;
  /** Variables of the script that calls pppd. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Reads a command as pppd gives it to a shell. */
export function readCommand(world: Surroundings, command: string): Said {
  const [first, ...more] = readScript(command);
  if (first === undefined || more.length > 0 || first.piped) return { kind: 'other', why: 'it takes a shell' };
  return readProgram(world, first, world.variables);
}

function readProgram(world: Surroundings, command: Command, variables: ReadonlyMap<string, string>): Said {
  const words = command.words.map((word) => expand(word, (name) => variables.get(name)) ?? '\u0001');
  const args = words[0] === 'exec' ? words.slice(1) : words;
  const [program = '', ...rest] = args;
  const name = posix.basename(program);
  if (words.some((word) => word.includes('\u0001')))
    return { kind: 'other', why: 'it has variables that are not set here' };
  if (name === 'true' || name === ':') return { kind: 'nothing' };
  if (name === 'chat') return readChat(world, rest);
  if (name === 'wvdial') return { kind: 'wvdial', section: rest.find((word) => !word.startsWith('-')) ?? 'Defaults' };
  const path = ['sh', 'bash', 'dash'].includes(name) ? (rest.find((word) => !word.startsWith('-')) ?? '') : program;
  const text = path.startsWith('/') ? world.files.readText(path) : undefined;
  if (text === undefined || text.includes('\0'))
    return { kind: 'other', why: 'it is a program that linkd does not know' };
  return readShellScript(world, path, text, variables);
}

/** A script around one call of chat, as `ppp-on-dialer` is. */
function readShellScript(
  world: Surroundings,
  path: string,
  text: string,
  inherited: ReadonlyMap<string, string>,
): Said {
  const variables = new Map(inherited);
  const commands = readScript(text);
  const isChat = ({ words }: Command): boolean =>
    words.slice(0, 2).some((word) => posix.basename(word.text) === 'chat');
  const [chat, ...more] = commands.filter(isChat);
  world.account.open(linesOf(path, text, (line) => !/^\s*(?:#|$)/.test(line)));
  if (chat === undefined || more.length > 0) return { kind: 'other', why: `${path} is more than a chat script` };
  for (const command of commands) {
    const own: Given = {
      file: path,
      line: command.line,
      lastLine: command.lastLine,
      text: command.words.map((word) => word.text).join(' '),
    };
    if (command === chat) world.account.settle(own, undefined, { kind: 'carried', to: 'dial.chat' });
    else if (!assign(command, variables, world.account))
      world.account.settle(own, undefined, {
        kind: 'left',
        why: 'it is not understood',
        instead: 'see whether it is needed',
      });
    else world.account.settle(own, undefined, { kind: 'foreign' });
  }
  return readProgram(world, chat, variables);
}

/** Takes what a command sets; false: it does something else. Passwords are kept secret. */
export function assign({ words }: Command, variables: Map<string, string>, account: Account): boolean {
  if (/^(?:export|exit|set)$/.test(words[0]?.text ?? '')) return true;
  for (const word of words) {
    const [, name, value] = /^([A-Za-z_]\w*)=([^]*)$/.exec(expand(word, (known) => variables.get(known)) ?? '') ?? [];
    if (name === undefined || value === undefined) return false;
    variables.set(name, value);
    if (/pass|secret|pin$/i.test(name)) account.keepSecret(value);
  }
  return true;
}

function readChat({ files, account }: Surroundings, args: readonly string[]): Said {
  let file: string | undefined;
  let number: string | undefined;
  let other: string | undefined;
  let timeout: string | undefined;
  let at = 0;
  for (; at < args.length; at++) {
    const word = args[at] ?? '';
    if (word === '--') {
      at++;
      break;
    }
    const [, letter, glued] = /^-([a-zA-Z])(.*)$/s.exec(word) ?? [];
    if (letter === undefined) break;
    if (!'ftrTU'.includes(letter)) continue;
    const value = glued === undefined || glued === '' ? (args[++at] ?? '') : glued;
    if (letter === 'f') file = value;
    if (letter === 'T') number = value;
    if (letter === 'U') other = value;
    if (letter === 't') timeout = value;
  }
  if (file === undefined) {
    const script = filled(withTimeout(parseArguments(args.slice(at)), timeout), number, other);
    return { kind: 'chat', script, file: undefined, number: undefined };
  }
  if (!file.startsWith('/')) return { kind: 'other', why: `${file} depends on where pppd is started` };
  const text = files.readText(file);
  if (text === undefined) return { kind: 'chat', script: [], file, number };
  const lines = linesOf(file, text, (line) => line.trim() !== '' && !line.startsWith('#'));
  for (const line of lines)
    account.settle({ ...line, text: '??????' }, undefined, { kind: 'carried', to: 'dial.chat' });
  const parsed = parseChat(text);
  if (parsed.kind === 'mistakes')
    return { kind: 'other', why: `${file} has mistakes: ${parsed.mistakes[0]?.message ?? ''}` };
  // What the language has no place for in a file goes into the text.
  const isPhone = number === undefined || /^[0-9*#A-D,;@!()WPT. +-]{1,80}$/i.test(number);
  const stays = isPhone && other === undefined && timeout === undefined;
  const script = stays ? parsed.script : filled(withTimeout(parsed.script, timeout), number, other);
  return { kind: 'chat', script, file: stays ? file : undefined, number: stays ? number : undefined };
}

function withTimeout(script: Script, seconds: string | undefined): Script {
  const duration = seconds === undefined || !/^\d{1,6}$/.test(seconds) ? defaultTimeoutMs : Number(seconds) * 1000;
  return seconds === undefined ? script : [{ kind: 'timeout', duration }, ...script];
}

/** With the numbers in their places. */
function filled(script: Script, number: string | undefined, other: string | undefined): Script {
  const numbers = { T: number, U: other };
  const fill = (part: Part): Part => {
    const value = part.kind === 'number' ? numbers[part.which] : undefined;
    return value === undefined ? part : { kind: 'octets', octets: toOctets(encodeText(value)) };
  };
  return mapSends(script, (send) => (send.kind === 'text' ? { ...send, parts: send.parts.map(fill) } : send));
}

function mapSends(script: Script, change: (send: Send, expected: string) => Send): Script {
  let expected = '';
  return script.map((step): Step => {
    if (step.kind === 'send') return { ...step, send: change(step.send, expected) };
    if (step.kind !== 'expect') return step;
    expected = step.attempts.map(({ expect }) => expect).join(' ');
    return {
      ...step,
      attempts: step.attempts.map((attempt): Attempt => {
        const { expect, otherwise } = attempt;
        return otherwise === undefined ? attempt : { expect, otherwise: change(otherwise, expect) };
      }),
    };
  });
}

/** The plain text of what is sent, without its return. */
function textOf(send: Send): string {
  if (send.kind === 'file') return '';
  return send.parts
    .map((part) => (part.kind === 'octets' ? part.octets : ''))
    .join('')
    .replace(/\r$/, '');
}

const asksForSecret = /pass|word|\bpin\b|secret/i;

/** The secrets that a script types, which linkd takes for such where it runs one as well. */
function isSecret(send: Send, expected: string): boolean {
  if (send.kind !== 'text' || textOf(send) === '') return false;
  return send.quiet || asksForSecret.test(expected) || secretCommand.test(textOf(send));
}

function shape(script: Script): { readonly expected: string; readonly sent: readonly string[] } {
  const sent: string[] = [];
  mapSends(script, (send) => {
    sent.push(textOf(send));
    return send;
  });
  const expected = script.flatMap((step) => (step.kind === 'expect' ? step.attempts.map(({ expect }) => expect) : []));
  return { expected: expected.join('\n'), sent };
}

/** `connect`: what is said on the line becomes `dial`, or `answer` where a call is waited for. */
export function carryConnect(draft: Draft, world: Surroundings, command: ChatCommand, given: Given): void {
  const { script, file, number } = command;
  const { expected, sent } = shape(script);
  if (sent.includes('CLIENTSERVER')) {
    draft.carry('dial.modem', 'windows-server', given);
    return;
  }
  if (expected.includes('CLIENTSERVER') && sent.includes('CLIENT')) {
    draft.carry('dial.modem', 'windows', given);
    return;
  }
  if (/\bRING\b/.test(expected) && sent.some((text) => /^ATA$/i.test(text))) {
    draft.carry('answer.rings', '1', given);
    return;
  }
  if (file !== undefined) {
    if (number !== undefined) {
      draft.carry('dial.modem', 'none', given);
      draft.carry('dial.number', number, given);
    }
    draft.carry('dial.chat.file', file, given);
    if (script.length === 0) draft.hint(`${file} could not be read; it has to be there.`);
    return;
  }
  const hidden = mapSends(script, (send, before) => {
    if (!isSecret(send, before)) return send;
    const text = textOf(send);
    const command = secretCommand.exec(text)?.[0];
    const secret = command === undefined ? text : text.slice(text.indexOf('=') + 1);
    world.account.keepSecret(secret.replace(/^"([^"]*)"$/, '$1'));
    const what = command === undefined ? `what answers \`${before.trim().slice(-20)}\`` : `the command ${command}…`;
    const path = draft.secretFile(given, `${what} as the script has it`);
    return { kind: 'file', path };
  });
  if (script.length === 0) draft.leave(given, 'the chat script says nothing', '');
  else draft.carry('dial.chat', printChat(hidden), given);
}

/** `disconnect`: linkd hangs up by itself; whether by the modem's escape is what a script can tell. */
export function carryDisconnect(draft: Draft, said: Said, given: Given): void {
  const text = said.kind === 'chat' ? shape(said.script).sent.join('\n') : '';
  if (text.includes('+++') || /^ATH/im.test(text)) {
    if (draft.has('dial.modem') || draft.has('dial.chat') || draft.has('dial.chat.file'))
      draft.carry('dial.hangup', 'escape', given);
    else draft.needless(given, 'nothing is dialed, and so nothing hung up');
  } else draft.leave(given, 'linkd hangs up by itself', 'what else it does can be a hook (`hooks.post-down`)');
}

/** `init`: commands that set a modem up for calls that come in. */
export function carryInit(draft: Draft, said: Said, given: Given): void {
  const sent = said.kind === 'chat' ? shape(said.script).sent.filter((text) => text !== '') : [];
  const commands = sent.filter((text) => /^AT[ -~]{0,200}$/i.test(text));
  if (commands.length === 0 || commands.length < sent.length || commands.some((text) => secretCommand.test(text))) {
    draft.leave(given, 'it is no list of commands of a modem', 'see `answer.init` and `dial.init`');
    return;
  }
  const key = draft.has('dial.number') || draft.has('dial.chat') || draft.has('dial.chat.file') ? 'dial' : 'answer';
  const isHayes = key === 'answer' || draft.text('dial.modem') === 'hayes';
  if (isHayes) {
    draft.carry(`${key}.init`, commands, given);
    if (key === 'answer' && commands.some((text) => /S0=[1-9]/i.test(text))) draft.carry('answer.by', 'modem', given);
  } else draft.leave(given, 'the chat script sets the modem up', `put ${commands.join(', ')} in front of its commands`);
}

/** The words of `pty`, a program with its arguments; undefined: it takes a shell. */
export function programOf(command: string): readonly string[] | undefined {
  return plainWords(command)?.map(({ text }) => text);
}
