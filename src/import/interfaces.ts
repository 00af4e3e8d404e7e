/** /etc/network/interfaces (interfaces(5)): the stanzas of PPP, with the commands that they run; all others are not ours. */
import { posix } from 'node:path';
import { isComment, linesOf, type Account, type Given } from './account.js';
import { deepest, type Files } from './files.js';

/** `iface NAME inet ppp` and what follows it. */
export interface PppStanza {
  readonly name: string;
  readonly given: Given;
  readonly options: readonly { readonly key: string; readonly value: string; readonly given: Given }[];
}

export interface Interfaces {
  readonly stanzas: readonly PppStanza[];
  /** Interfaces that come up with the machine. */
  readonly autos: ReadonlyMap<string, Given>;
}

export function readInterfaces(files: Files, account: Account, path: string): Interfaces {
  const reader = new InterfacesReader(files, account);
  reader.read(path, 0);
  return reader;
}

class InterfacesReader implements Interfaces {
  readonly stanzas: { name: string; given: Given; options: { key: string; value: string; given: Given }[] }[] = [];
  readonly autos = new Map<string, Given>();
  readonly #files: Files;
  readonly #account: Account;
  readonly #seen = new Set<string>();

  constructor(files: Files, account: Account) {
    this.#files = files;
    this.#account = account;
  }

  read(path: string, depth: number): void {
    const text = this.#seen.has(path) || depth > deepest ? undefined : this.#files.readText(path);
    if (text === undefined) return;
    this.#seen.add(path);
    this.#account.open(linesOf(path, text, (line) => !isComment(line)));
    let stanza: (typeof this.stanzas)[number] | undefined;
    for (const given of joinedLines(path, text)) {
      const [, key = '', value = ''] = /^\s*(\S+)\s*(.*?)\s*$/s.exec(given.text) ?? [];
      if (/^(?:iface|mapping|auto|allow-\S+|source|source-directory|template|no-\S+|rename)$/.test(key)) {
        stanza = undefined;
        if (key === 'iface') stanza = this.#begin(value, given);
        else if (key === 'auto' || key.startsWith('allow-')) this.#takeAuto(value, given);
        else if (key.startsWith('source')) this.#source(key, value, given, depth);
        else this.#foreign(given);
      } else if (stanza !== undefined) stanza.options.push({ key, value, given });
      else this.#foreign(given);
    }
  }

  #begin(value: string, given: Given): (typeof this.stanzas)[number] | undefined {
    const [name = '', ...words] = value.split(/\s+/);
    if (!words.includes('ppp') && !words.includes('wvdial')) {
      this.#foreign(given);
      return undefined;
    }
    const stanza = { name, given, options: [] };
    this.stanzas.push(stanza);
    return stanza;
  }

  #takeAuto(value: string, given: Given): void {
    for (const name of value.split(/\s+/)) this.autos.set(name, given);
    this.#foreign(given);
  }

  #source(key: string, value: string, given: Given, depth: number): void {
    this.#foreign(given);
    const path = posix.resolve(posix.dirname(given.file), value);
    const folder = key === 'source' ? posix.dirname(path) : path;
    const last = key === 'source' ? posix.basename(path) : '*';
    if (!last.includes('*')) {
      this.read(path, depth + 1);
      return;
    }
    const [before = '', after = ''] = last.split('*', 2);
    const fits = (name: string): boolean => name.startsWith(before) && name.endsWith(after) && /^[\w.-]+$/.test(name);
    for (const name of this.#files.list(folder)) if (fits(name)) this.read(posix.join(folder, name), depth + 1);
  }

  #foreign(given: Given): void {
    this.#account.settle(given, undefined, { kind: 'foreign' });
  }
}

/** Lines that end in a backslash go on. */
function joinedLines(file: string, text: string): readonly Given[] {
  const lines = text.split('\n');
  const joined: Given[] = [];
  for (let at = 0; at < lines.length; at++) {
    const first = at;
    let whole = lines[at] ?? '';
    if (isComment(whole)) continue;
    while (whole.endsWith('\\') && at + 1 < lines.length) whole = `${whole.slice(0, -1)} ${lines[++at] ?? ''}`;
    joined.push({ file, line: first + 1, lastLine: at + 1, text: whole });
  }
  return joined;
}
