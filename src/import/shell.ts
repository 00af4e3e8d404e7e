/**
 * Shell scripts, as far as people write them around pppd: simple commands with their words, the variables that are set
 * before, and under which conditions of `if`, `case`, `&&` and `||` they stand. Nothing is run, and what is not understood
 * is said to be so.
 */
import { readTokens, type Token, type Word } from './shell-words.js';

export type Condition =
  /** `[ "$6" = office ]`, or a branch of `case "$6" in`: whether it holds depends on what the words stand for. */
  | { readonly kind: 'match'; readonly subject: Word; readonly patterns: readonly Word[]; readonly negated: boolean }
  /** Whether a file is there, or a program. */
  | { readonly kind: 'presence'; readonly negated: boolean }
  | { readonly kind: 'unknown' };

export interface Command {
  readonly words: readonly Word[];
  /** It writes to a file of this name. */
  readonly writesTo: readonly Word[];
  /** It takes or gives its words by a pipe. */
  readonly piped: boolean;
  readonly conditions: readonly Condition[];
  readonly line: number;
  readonly lastLine: number;
}

interface Frame {
  readonly kind: 'if' | 'case' | 'loop' | 'group';
  /** In the condition of `if`, or before `in` of `case`, the words are no commands of the script. */
  stage: 'head' | 'pattern' | 'body';
  /** What holds in this branch. */
  conditions: readonly Condition[];
  /** What the branches before it asked for. */
  before: readonly Condition[];
  subject: Word | undefined;
}

/** The commands of a script in their order. Never throws. */
export function readScript(text: string): readonly Command[] {
  const reader = new ScriptReader();
  for (const token of readTokens(text)) reader.take(token);
  reader.end();
  return reader.commands;
}

class ScriptReader {
  readonly commands: Command[] = [];
  readonly #frames: Frame[] = [];
  #words: Word[] = [];
  #writesTo: Word[] = [];
  #redirects: '>' | '<' | undefined;
  /** Of an and-or list: what the commands before ask for. */
  #chain: readonly Condition[] = [];
  #piped = false;

  take(token: Token): void {
    if (token.kind === 'word') {
      this.#takeWord(token.word);
      return;
    }
    if (token.text === '>' || token.text === '<') {
      this.#redirects = token.text;
      return;
    }
    const top = this.#frames.at(-1);
    if (token.text === ')' && top?.kind === 'case' && top.stage === 'pattern') {
      this.#beginBranch(top);
      return;
    }
    if (token.text === '|' && top?.kind === 'case' && top.stage === 'pattern') return;
    if (token.text === '(' && this.#words.length === 0) {
      if (top?.kind !== 'case' || top.stage !== 'pattern') this.#push('group', 'body', []);
      return;
    }
    this.#finish(token.text);
    if (token.text === ';;' && top?.kind === 'case') top.stage = 'pattern';
    if (token.text === ')') {
      // `name()` is the head of a function; its commands may run or not.
      if (this.#frames.at(-1)?.kind === 'group') this.#frames.pop();
    }
  }

  end(): void {
    this.#finish('\n');
  }

  #takeWord(word: Word): void {
    if (this.#redirects !== undefined) {
      if (this.#redirects === '>') this.#writesTo.push(word);
      this.#redirects = undefined;
      return;
    }
    const top = this.#frames.at(-1);
    const isFirst = this.#words.length === 0;
    if (isFirst && !word.quoted && this.#takeKeyword(word.text, top)) return;
    if (top?.kind === 'case' && top.stage === 'head' && !word.quoted && word.text === 'in') {
      top.subject = this.#words.at(-1);
      this.#words = [];
      top.stage = 'pattern';
      return;
    }
    this.#words.push(word);
  }

  /** True: the word belongs to the script's structure. */
  #takeKeyword(text: string, top: Frame | undefined): boolean {
    if (top?.kind === 'case' && top.stage === 'head') return false;
    switch (text) {
      case 'if':
        this.#push('if', 'head', []);
        return true;
      case 'case':
        this.#push('case', 'head', []);
        return true;
      case 'for':
      case 'while':
      case 'until':
        this.#push('loop', 'head', [{ kind: 'unknown' }]);
        return true;
      case '{':
        this.#push('group', 'body', []);
        return true;
      case 'then':
      case 'do':
        if (top !== undefined) top.stage = 'body';
        return true;
      case 'elif':
      case 'else':
        if (top?.kind === 'if') {
          top.before = [...top.before, ...top.conditions.slice(top.before.length).map(negate)];
          top.conditions = top.before;
          top.stage = text === 'elif' ? 'head' : 'body';
        }
        return true;
      case 'fi':
      case 'esac':
      case 'done':
      case '}':
        this.#frames.pop();
        return true;
      default:
        return false;
    }
  }

  #push(kind: Frame['kind'], stage: Frame['stage'], conditions: readonly Condition[]): void {
    const chained = [...this.#chain, ...conditions];
    this.#frames.push({ kind, stage, conditions: chained, before: chained, subject: undefined });
    this.#chain = [];
  }

  #beginBranch(top: Frame): void {
    const [first] = this.#words;
    const condition: Condition =
      top.subject === undefined || first === undefined
        ? { kind: 'unknown' }
        : { kind: 'match', subject: top.subject, patterns: this.#words, negated: false };
    top.conditions = [...top.before, condition];
    top.stage = 'body';
    this.#words = [];
  }

  /** A simple command is over, ended by this. */
  #finish(by: string): void {
    const words = this.#words;
    const [first] = words;
    const last = words.at(-1) ?? this.#writesTo.at(-1);
    const top = this.#frames.at(-1);
    const writesTo = this.#writesTo;
    this.#words = [];
    this.#writesTo = [];
    this.#redirects = undefined;
    const begin = first ?? writesTo[0];
    if (top?.kind === 'case' && top.stage !== 'body') return;
    if (begin !== undefined && last !== undefined) {
      const condition = conditionOf(words);
      const inHead = top?.stage === 'head';
      if (inHead && top.kind === 'if') top.conditions = [...top.conditions, condition];
      const piped = this.#piped || by === '|';
      this.commands.push({
        words,
        writesTo,
        piped,
        conditions: [
          ...this.#frames.flatMap(({ kind, conditions, stage }) =>
            stage === 'body' || kind === 'loop' ? conditions : [],
          ),
          ...this.#chain,
        ],
        line: begin.line,
        lastLine: last.lastLine,
      });
      if (by === '&&') this.#chain = [...this.#chain, condition];
      else if (by === '||') this.#chain = [...this.#chain, negate(condition)];
      if (inHead && (by === '&&' || by === '||') && top.kind === 'if')
        top.conditions = [...top.conditions, { kind: 'unknown' }];
    }
    this.#piped = by === '|';
    if (by !== '&&' && by !== '||' && by !== '|') this.#chain = [];
  }
}

/** What a command asks for by its exit status, where it is a test. */
function conditionOf(words: readonly Word[]): Condition {
  const plain = words.filter(({ text, quoted }) => quoted || !['[', '[[', ']', ']]', 'test'].includes(text));
  if (plain.length === words.length) return { kind: 'unknown' };
  const negates = plain[0]?.text === '!';
  const [subject, operator, pattern, ...more] = negates ? plain.slice(1) : plain;
  if (subject === undefined || more.length > 0) return { kind: 'unknown' };
  if (/^-[efdrxsLS]$/.test(subject.text) && pattern === undefined) return { kind: 'presence', negated: negates };
  if (operator === undefined || pattern === undefined || !/^(?:=|==|!=)$/.test(operator.text))
    return { kind: 'unknown' };
  return { kind: 'match', subject, patterns: [pattern], negated: negates !== (operator.text === '!=') };
}

function negate(condition: Condition): Condition {
  return condition.kind === 'unknown' ? condition : { ...condition, negated: !condition.negated };
}
