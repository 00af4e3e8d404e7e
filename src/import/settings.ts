/** What pppd is told: the words of its files and arguments, as settings with their places; later ones override earlier. */
import { posix } from 'node:path';
import { decodeText, encodeText } from '../base/text.js';
import { readWords } from '../secrets/words.js';
import { isComment, linesOf, placeOf, type Account, type Given } from './account.js';
import type { Draft } from './draft.js';
import { deepest, type Files } from './files.js';
import { findOption, type PppdOption } from './pppd-table.js';

/** A word with its place. */
export interface Placed {
  readonly text: string;
  readonly line: number;
  readonly lastLine: number;
}

export interface Setting {
  /** Of the table, or `device`, `speed`, `addresses`, `unknown`. */
  readonly name: string;
  readonly argument: string;
  readonly option: PppdOption | undefined;
  readonly given: Given;
}

export class Settings {
  readonly #list: Setting[] = [];

  get list(): readonly Setting[] {
    return this.#list;
  }

  put(name: string, argument: string, given: Given): void {
    this.#list.push({ name, argument, option: findOption(name), given });
  }

  has(...names: readonly string[]): boolean {
    return this.#list.some(({ name }) => names.includes(name));
  }

  all(...names: readonly string[]): readonly Setting[] {
    return this.#list.filter(({ name }) => names.includes(name));
  }

  /** The last of these, which holds. The others are entered in the account as overridden. */
  last(draft: Draft, ...names: readonly string[]): Setting | undefined {
    const found = this.all(...names);
    const last = found.at(-1);
    for (const { name, argument, given } of found.slice(0, -1)) {
      if (last === undefined || (name === last.name && argument === last.argument)) draft.ignore(given);
      else draft.needless(given, `${placeOf(last.given)} says otherwise`);
    }
    return last;
  }

  /** What a file of options says, and the files that it names. False: there is no such file. */
  readFile(files: Files, account: Account, path: string, depth = 0): boolean {
    const text = files.readText(path);
    if (text === undefined) return false;
    account.open(linesOf(path, text, (line) => !isComment(line)));
    this.readWords(files, account, path, placedWords(text), depth);
    return true;
  }

  /** What a list of words says, as pppd's arguments have it. */
  readWords(files: Files, account: Account, file: string, words: readonly Placed[], depth = 0): void {
    for (let at = 0; at < words.length; at++) {
      const word = words[at];
      if (word === undefined) break;
      const option = findOption(word.text);
      const argument = option?.takes === 1 ? words[at + 1] : undefined;
      if (argument !== undefined) at++;
      const shown = argument === undefined ? '' : shownArgument(option, argument.text);
      const given: Given = {
        file,
        line: word.line,
        lastLine: argument?.lastLine ?? word.lastLine,
        text: `${word.text} ${shown}`,
      };
      if (option?.secret === true && argument !== undefined) account.keepSecret(argument.text.replace(/^\w+=/, ''));
      const name = option?.name ?? kindOf(word.text);
      const value = argument?.text ?? (option === undefined ? word.text : '');
      if (name === 'file' || name === 'call')
        this.#include(files, account, { name, argument: value, option, given }, depth);
      else this.#list.push({ name, argument: value, option, given });
    }
  }

  #include(files: Files, account: Account, setting: Setting, depth: number): void {
    const { name, argument, given } = setting;
    const folder = name === 'call' ? '/etc/ppp/peers' : posix.dirname(given.file);
    const path = posix.resolve(folder, argument);
    const isThere = depth < deepest && argument !== '' && this.readFile(files, account, path, depth + 1);
    const why = depth < deepest ? `there is no ${path}` : 'files include each other without end';
    account.settle(
      given,
      undefined,
      isThere ? { kind: 'carried', to: path } : { kind: 'left', why, instead: 'see what should be there' },
    );
  }
}

/** Of a program's arguments, any may be secret. */
function shownArgument(option: PppdOption | undefined, text: string): string {
  if (option?.secret === true) return '??????';
  return programs.includes(option?.name ?? '') ? `${/^\S*/.exec(text)?.[0] ?? ''} …` : text;
}

const programs: readonly string[] = ['connect', 'disconnect', 'init', 'pty', 'welcome'];

/** pppd takes what is none of its options for the port, its speed, or addresses. */
function kindOf(word: string): string {
  if (/^\d+$/.test(word)) return 'speed';
  if (/^\/|^(?:tty|cua|modem|rfcomm|ircomm)\w*$/.test(word)) return 'device';
  return /^[\w.-]*:[\w.-]*$/.test(word) ? 'addresses' : 'unknown';
}

/** Words as pppd reads them from a file. */
export function placedWords(text: string): readonly Placed[] {
  const octets = encodeText(text);
  const place = lineCounter(octets);
  return readWords(octets).map(({ octets: word, start, end }) => ({
    text: decodeText(word),
    line: place(start),
    lastLine: place(Math.max(start, end - 1)),
  }));
}

/** The number of the line that an octet is on; asked for octets in their order. */
export function lineCounter(octets: Uint8Array): (offset: number) => number {
  let line = 1;
  let at = 0;
  return (offset) => {
    for (; at < offset; at++) if (octets[at] === 0x0a) line++;
    return line;
  };
}
