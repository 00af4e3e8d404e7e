/** The words and operators of a shell script, with quotes, comments and variables as a shell has them. */

export interface Word {
  /** Without quotes; a variable is a part of its own. */
  readonly parts: readonly Part[];
  /** The whole, with `$NAME` where a variable stands. */
  readonly text: string;
  readonly quoted: boolean;
  readonly line: number;
  readonly lastLine: number;
}

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  /** `$NAME`, `${NAME}`, `$1`. */
  | { readonly kind: 'variable'; readonly name: string }
  /** A substitution that only a shell can make. */
  | { readonly kind: 'unknown'; readonly text: string };

export type Token =
  | { readonly kind: 'word'; readonly word: Word }
  | { readonly kind: 'operator'; readonly text: string; readonly line: number };

/** Never throws; what isn't closed ends with the text. */
export function readTokens(text: string): readonly Token[] {
  return new Tokens(text).read();
}

/** The words of a command as one line of text has them; undefined where a shell would do more than take them. */
export function plainWords(text: string): readonly Word[] | undefined {
  const words: Word[] = [];
  for (const token of readTokens(text)) {
    if (token.kind !== 'word' || token.word.parts.some(({ kind }) => kind !== 'text')) return undefined;
    words.push(token.word);
  }
  return words;
}

/** What the words stand for; undefined where a variable is unknown. */
export function expand(word: Word, valueOf: (name: string) => string | undefined): string | undefined {
  let whole = '';
  for (const part of word.parts) {
    const text = part.kind === 'text' ? part.text : part.kind === 'variable' ? valueOf(part.name) : undefined;
    if (text === undefined) return undefined;
    whole += text;
  }
  return whole;
}

class Tokens {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  read(): readonly Token[] {
    while (this.#at < this.#text.length) {
      const operator = /^(?:\r?\n|;;|;|&&|&>|&|\|\||\||\(|\)|\d*>>?(?:&\d|&-)?|\d*<<?<?(?:&\d)?)/.exec(
        this.#rest(8),
      )?.[0];
      const character = this.#text.charAt(this.#at);
      if (operator !== undefined) this.#operator(operator);
      else if (/\s/.test(character)) this.#at++;
      else if (character === '#') this.#at = this.#endOfLine();
      else if (character === '\\' && this.#text.charAt(this.#at + 1) === '\n') this.#step(2);
      else this.#word();
    }
    return this.#tokens;
  }

  #rest(length: number): string {
    return this.#text.slice(this.#at, this.#at + length);
  }

  #endOfLine(): number {
    const end = this.#text.indexOf('\n', this.#at);
    return end < 0 ? this.#text.length : end;
  }

  #step(count: number): void {
    for (let i = 0; i < count; i++, this.#at++) if (this.#text.charAt(this.#at) === '\n') this.#line++;
  }

  #operator(operator: string): void {
    const line = this.#line;
    this.#step(operator.length);
    // Another descriptor is no file.
    if (/&[\d-]$/.test(operator)) return;
    const text = operator.endsWith('\n')
      ? '\n'
      : operator.includes('>')
        ? '>'
        : operator.includes('<')
          ? '<'
          : operator;
    this.#tokens.push({ kind: 'operator', text, line });
  }

  #word(): void {
    const line = this.#line;
    const parts: Part[] = [];
    let quoted = false;
    let quote = '';
    while (this.#at < this.#text.length) {
      const character = this.#text.charAt(this.#at);
      if (quote === '' && /[\s;&|()<>]/.test(character)) break;
      if (quote !== "'" && character === '\\') this.#escape(parts, quote);
      else if (character === quote) {
        quote = '';
        this.#step(1);
      } else if (quote === '' && (character === '"' || character === "'")) {
        quote = character;
        quoted = true;
        this.#step(1);
      } else if (quote !== "'" && (character === '$' || character === '`')) this.#substitution(parts);
      else {
        push(parts, character);
        this.#step(1);
      }
    }
    const text = parts.map((part) => (part.kind === 'variable' ? `$${part.name}` : part.text)).join('');
    this.#tokens.push({ kind: 'word', word: { parts, text, quoted, line, lastLine: this.#line } });
  }

  /** Within double quotes a backslash stays, but before what it takes the meaning of. */
  #escape(parts: Part[], quote: string): void {
    const next = this.#text.charAt(this.#at + 1);
    if (next === '\n') {
      this.#step(2);
      return;
    }
    push(parts, quote === '"' && !'"\\$`'.includes(next) ? `\\${next}` : next);
    this.#step(2);
  }

  #substitution(parts: Part[]): void {
    const rest = this.#rest(200);
    const name = /^\$(?:\{(\w+)\}|([A-Za-z_]\w*|[0-9@*#?$!]))/.exec(rest);
    if (name !== null) {
      parts.push({ kind: 'variable', name: name[1] ?? name[2] ?? '' });
      this.#step(name[0].length);
      return;
    }
    const closing = rest.startsWith('$(') ? ')' : rest.startsWith('${') ? '}' : rest.startsWith('`') ? '`' : '';
    if (closing === '') {
      push(parts, '$');
      this.#step(1);
      return;
    }
    const end = this.#text.indexOf(closing, this.#at + (closing === '`' ? 1 : 2));
    const whole = this.#text.slice(this.#at, end < 0 ? this.#text.length : end + 1);
    parts.push({ kind: 'unknown', text: whole });
    this.#step(whole.length);
  }
}

function push(parts: Part[], text: string): void {
  const last = parts.at(-1);
  if (last?.kind === 'text') parts[parts.length - 1] = { kind: 'text', text: last.text + text };
  else parts.push({ kind: 'text', text });
}
