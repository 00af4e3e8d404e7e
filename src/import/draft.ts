/** A link in the making: its keys by their paths, each with where it comes from; every step is entered in the account. */
import { placeOf, type Account, type Given } from './account.js';

export type Value = string | readonly Value[] | { readonly [key: string]: Value };

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export interface Entry {
  readonly value: Value;
  /** Where it comes from, or why it is there. */
  readonly comment: string;
}

export class Draft {
  readonly name: string;
  readonly #account: Account;
  readonly #entries = new Map<string, Entry>();
  readonly #hints: string[] = [];
  readonly #secretFiles = new Set<string>();

  constructor(name: string, account: Account) {
    this.name = name;
    this.#account = account;
  }

  /** By path, such as `ipcp.dns.ask`. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  /** What people should know of the link as a whole. */
  get hints(): readonly string[] {
    return this.#hints;
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  text(path: string): string | undefined {
    const value = this.#entries.get(path)?.value;
    return typeof value === 'string' ? value : undefined;
  }

  /** The key has this value because of what is given. */
  carry(path: string, value: Value, ...givens: readonly Given[]): void {
    const comments = [...new Set(givens.map(placeOf))];
    this.#entries.set(path, { value, comment: comments.join(', ') });
    this.credit(path, ...givens);
  }

  /** What is given is part of a key that something else has set. */
  credit(path: string, ...givens: readonly Given[]): void {
    for (const given of givens) this.#settle(given, { kind: 'carried', to: path });
  }

  /** The value goes to the end of a list. */
  add(path: string, value: Value, ...givens: readonly Given[]): void {
    const before = this.#entries.get(path);
    const list = before === undefined ? [] : isList(before.value) ? before.value : [before.value];
    const known = list.some((one) => JSON.stringify(one) === JSON.stringify(value));
    const comments = [...(before?.comment.split(', ') ?? []), ...givens.map(placeOf)];
    this.#entries.set(path, { value: known ? list : [...list, value], comment: [...new Set(comments)].join(', ') });
    this.credit(path, ...givens);
  }

  /** The key has this value though nothing says so; `why` stands beside it. */
  assume(path: string, value: Value, why: string): void {
    this.#entries.set(path, { value, comment: why });
  }

  drop(path: string): void {
    this.#entries.delete(path);
  }

  /** Whether the key, or a key of its section, is there. */
  hasBelow(key: string): boolean {
    return [...this.#entries.keys()].some((path) => isWithin(path, key));
  }

  /** Takes an item out of a list, or the whole key with its section; gives what it was. */
  removeAt(key: string, index: number | undefined): string {
    const entry = this.#entries.get(key);
    if (entry !== undefined && index !== undefined && isList(entry.value) && entry.value.length > 1) {
      this.#entries.set(key, { ...entry, value: entry.value.filter((_, i) => i !== index) });
      return `${JSON.stringify(entry.value[index])} (${entry.comment})`;
    }
    const removed = [...this.#entries].filter(([path]) => isWithin(path, key));
    for (const [path] of removed) this.#entries.delete(path);
    return removed.map(([path, { value, comment }]) => `${path}: ${JSON.stringify(value)} (${comment})`).join(', ');
  }

  needless(given: Given, why: string): void {
    this.#settle(given, { kind: 'needless', why });
  }

  /** It does nothing to any link. */
  ignore(given: Given): void {
    this.#settle(given, { kind: 'foreign' });
  }

  leave(given: Given, why: string, instead: string): void {
    this.#settle(given, { kind: 'left', why, instead });
  }

  hint(text: string): void {
    if (!this.#hints.includes(text)) this.#hints.push(text);
  }

  /** A file of the link's own that shall hold this secret and no other; which one is told to the reader. */
  secretFile(given: Given, what: string, kind = 'secret'): string {
    const first = `/etc/linkd/${this.name}.${kind}`;
    let path = first;
    for (let number = 2; this.#secretFiles.has(path); number++) path = `${first}${number}`;
    this.#secretFiles.add(path);
    this.leave(given, 'the config holds no secret', `write ${what} into ${path}, then chown linkd and chmod 600 it`);
    return path;
  }

  #settle(given: Given, outcome: Parameters<Account['settle']>[2]): void {
    this.#account.settle(given, this.name, outcome);
  }
}

function isWithin(path: string, key: string): boolean {
  return path === key || path.startsWith(`${key}.`);
}
