/**
 * The account of an import: what became of each line that was read. No line that means something gets lost: it is carried
 * over, not needed, about something else, or left, with what to do instead. Secrets that were met are never shown.
 */
import { hidden } from '../chat/hide.js';

/** Something that a file says, and where. */
export interface Given {
  readonly file: string;
  /** The first and the last line of it, from 1. */
  readonly line: number;
  readonly lastLine: number;
  /** As it is written. */
  readonly text: string;
}

export type Outcome =
  /** It is in the config, under this key. */
  | { readonly kind: 'carried'; readonly to: string }
  /** linkd does this by itself, or has no use for it. */
  | { readonly kind: 'needless'; readonly why: string }
  /** It is not about PPP, or does nothing to any link. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'left'; readonly why: string; readonly instead: string };

export interface Verdict {
  readonly given: Given;
  /** The link that it was judged for; undefined: for none. */
  readonly link: string | undefined;
  readonly outcome: Outcome;
}

export class Account {
  readonly #verdicts: Verdict[] = [];
  readonly #lines = new Map<string, Given>();
  readonly #secrets = new Set<string>();

  /** Every line of a file that means something, whether it will be understood or not. */
  open(lines: readonly Given[]): void {
    for (const line of lines) this.#lines.set(placeOf(line), line);
  }

  settle(given: Given, link: string | undefined, outcome: Outcome): void {
    this.#verdicts.push({ given, link, outcome });
  }

  /**
   * From here on this text is shown nowhere. Where a secret stands, it is left out anyway; shorter ones than four
   * characters would be found in words that have nothing to do with them.
   */
  keepSecret(text: string): void {
    if (text.trim().length >= 4) this.#secrets.add(text);
  }

  /** A text for people, without the secrets that were met. */
  hide(text: string): string {
    const longestFirst = [...this.#secrets].sort((a, b) => b.length - a.length);
    return longestFirst.reduce((rest, secret) => rest.replaceAll(secret, hidden), text);
  }

  /** The account, in the order of the files; lines that nobody judged are left. */
  close(): readonly Verdict[] {
    const judged = new Map<string, Verdict[]>();
    for (const verdict of this.#verdicts) {
      const { file, line, lastLine } = verdict.given;
      for (let at = line; at <= lastLine; at++) {
        const key = `${file}:${at}`;
        const those = judged.get(key);
        if (those === undefined) judged.set(key, [verdict]);
        else those.push(verdict);
      }
    }
    const unjudged = [...this.#lines].flatMap(([place, line]) => (judged.has(place) ? [] : [line]));
    const left = unjudged.map((given): Verdict => ({ given, link: undefined, outcome: unknownLine }));
    return [...this.#verdicts, ...left].map((verdict) => ({
      ...verdict,
      given: { ...verdict.given, text: oneLine(withoutPasswords(this.hide(verdict.given.text))) },
    }));
  }
}

/** Commands of modems that take a PIN, or a user with a password. */
export const secretCommand = /\bAT\S*?\s*(?:\+CPIN|\+CGAUTH|\^AUTHDATA|\$QCPDPP)\s*=/i;

/** Passwords that are given to programs, as most of them take one. */
const passwords: readonly RegExp[] = [
  /((?:^|\s)-{1,2}pass\w*[= ]\s*)\S+/gi,
  /((?:^|\s)-p\s+)(?!(?:tcp|udp|icmp|all)\b)\S+/g,
  /(\w*(?:PASS|SECRET)\w*=)\S+/gi,
  /(:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/g,
  new RegExp(`(${secretCommand.source}).+`, 'gi'),
];

function withoutPasswords(command: string): string {
  return passwords.reduce((rest, pattern) => rest.replace(pattern, `$1${hidden}`), command);
}

/** The reason of last resort. */
const unknownLine: Outcome = {
  kind: 'left',
  why: 'it concerns none of these links, or is not understood',
  instead: 'see whether it is needed',
};

/** The lines of a text for which `means` something, each as one that is given. */
export function linesOf(file: string, text: string, means: (line: string) => boolean): readonly Given[] {
  return text.split('\n').flatMap((whole, index): readonly Given[] => {
    const line = index + 1;
    return means(whole) ? [{ file, line, lastLine: line, text: whole }] : [];
  });
}

export function isComment(line: string): boolean {
  return /^\s*(?:#|$)/.test(line);
}

export function placeOf({ file, line }: Given): string {
  return `${file}:${line}`;
}

/** Blanks as one, and not longer than a line should be. */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
