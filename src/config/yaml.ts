/**
 * YAML to a tree with positions (`tree.ts`), by the library `yaml`. All scalars stay text (its failsafe schema), keys are
 * words that occur once, anchors and aliases work, tags and directives don't. The limits keep a hostile file from
 * exhausting stack, memory or time: the library recurses by depth, and looks for an alias through the whole document.
 */
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser, type CST } from 'yaml';
import { messageOf } from '../base/errors.js';
import { syntaxMistakes, walk, type SyntaxMistake } from './syntax.js';
import { code } from './text.js';
import { positionOf, type Entry, type Message, type Node } from './tree.js';

/** The largest config file, in octets. */
export const maxFileSize = 1 << 20;

/** What is said of a larger one. */
export const tooLarge = 'the file has more than 1 MiB, the most for a config file';

/** Enough for some thousand links. */
const maxLexemes = 100_000;
const maxDepth = 32;
const maxNodes = 100_000;

export interface YamlReading {
  /** Undefined when the file holds nothing, or is no YAML. */
  readonly root: Node | undefined;
  /** The text is no YAML: the tree can't be trusted. */
  readonly broken: boolean;
  readonly mistakes: readonly SyntaxMistake[];
}

/** Reads one file. Never throws, and takes time in proportion to the text. */
export function readYaml(text: string): YamlReading {
  const obstacle = notText(text);
  if (obstacle !== undefined) return broken([obstacle]);
  try {
    return compose(text, parse(text));
  } catch (error) {
    if (error instanceof LimitError) return broken([{ offset: error.offset, message: error.message }]);
    // No such text is known; a mistake of the library shall not end a daemon that reloads its config.
    return broken([{ offset: 0, message: `this YAML cannot be read: ${messageOf(error)}` }]);
  }
}

class LimitError extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

function broken(mistakes: readonly SyntaxMistake[]): YamlReading {
  return { root: undefined, broken: true, mistakes };
}

/** What a text file can't hold: also what is left of a file that is not UTF-8. */
function notText(text: string): SyntaxMistake | undefined {
  if (text.length > maxFileSize) {
    return { offset: 0, message: tooLarge };
  }
  const offset = text.search(
    /(?!^\ufeff)[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffc\u{10000}-\u{10ffff}]/u,
  );
  if (offset < 0) return undefined;
  const found = text.codePointAt(offset) ?? 0;
  const name = `U+${found.toString(16).toUpperCase().padStart(4, '0')}`;
  return found === 0xfffd || found === 0
    ? { offset, message: 'this is not UTF-8 text; save the file as UTF-8' }
    : { offset, message: `the control character ${name} does not belong in a config file` };
}

function parse(text: string): readonly CST.Token[] {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    lexemes += 1;
    if (lexemes > maxLexemes)
      throw new LimitError(0, `the file holds more than ${maxLexemes} words and marks, the most for a config file`);
  }
  tokens.push(...parser.end());
  limitDepth(tokens);
  return tokens;
}

/** Throws LimitError before the composer would recurse too deeply: V8 can end the process when that happens. */
function limitDepth(tokens: readonly CST.Token[]): void {
  for (const { token, depth } of walk(tokens)) {
    if (depth > maxDepth) throw new LimitError(token.offset, `more than ${maxDepth} levels, one inside the other`);
  }
}

function compose(text: string, tokens: readonly CST.Token[]): YamlReading {
  const directive = tokens.find((token) => token.type === 'directive');
  if (directive !== undefined) {
    return broken([{ offset: directive.offset, message: 'directives (`%…`) are not supported; leave the line out' }]);
  }
  const [, second] = tokens.filter((token) => token.type === 'document');
  if (second !== undefined) {
    return broken([{ offset: second.offset, message: 'a second document begins here; a config file holds one' }]);
  }
  const composer = new Composer({ schema: 'failsafe', resolveKnownTags: false, uniqueKeys: false, logLevel: 'silent' });
  const [document] = composer.compose(tokens, true, text.length);
  if (document === undefined) return { root: undefined, broken: false, mistakes: [] };
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) return broken(syntaxMistakes(text, tokens, errors));
  const tree = new TreeBuilder(text);
  const root = document.contents === null ? undefined : tree.build(document.contents, 0);
  const nothing = root?.kind === 'scalar' && root.text === undefined;
  return { root: nothing ? undefined : root, broken: false, mistakes: tree.mistakes };
}

/** The library's nodes to ours. */
class TreeBuilder {
  readonly mistakes: SyntaxMistake[] = [];
  readonly #text: string;
  readonly #anchors = new Map<string, Node>();
  #nodes = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** `keyOffset` is where a value that isn't there would be looked for. */
  build(yaml: unknown, keyOffset: number): Node {
    const node = this.#build(yaml, keyOffset);
    if ((isMap(yaml) || isSeq(yaml) || isScalar(yaml)) && yaml.anchor !== undefined)
      this.#anchors.set(yaml.anchor, node);
    return node;
  }

  #build(yaml: unknown, keyOffset: number): Node {
    if (isAlias(yaml)) {
      const offset = yaml.range?.[0] ?? keyOffset;
      const target = this.#anchors.get(yaml.source);
      if (target !== undefined) return this.#counted(target, offset);
      this.#add(offset, `nothing above is named ${code(`&${yaml.source}`)}`);
      return this.#counted({ kind: 'scalar', offset, size: 1, text: undefined }, offset);
    }
    if (isMap(yaml)) return this.#map(yaml.items, yaml.range?.[0] ?? keyOffset);
    if (isSeq(yaml)) {
      const offset = yaml.range?.[0] ?? keyOffset;
      const items = yaml.items.map((item) => this.build(item, isScalar(item) ? (item.range?.[0] ?? offset) : offset));
      return this.#counted({ kind: 'list', offset, size: sizeOf(items), items }, offset);
    }
    const offset = isScalar(yaml) ? (yaml.range?.[0] ?? keyOffset) : keyOffset;
    const text = isScalar(yaml) && (yaml.value !== '' || isQuoted(yaml.type)) ? String(yaml.value) : undefined;
    return this.#counted({ kind: 'scalar', offset: text === undefined ? keyOffset : offset, size: 1, text }, offset);
  }

  #map(pairs: readonly { readonly key: unknown; readonly value: unknown }[], offset: number): Node {
    const entries = new Map<string, Entry>();
    for (const pair of pairs) {
      const keyOffset =
        isScalar(pair.key) || isMap(pair.key) || isSeq(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      const value = this.build(pair.value, keyOffset);
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      const first = entries.get(key);
      if (key === '') this.#add(keyOffset, 'a key has to be a single word');
      else if (key === '<<') this.#add(keyOffset, 'merge keys (`<<`) are not supported; write the settings out');
      else if (first !== undefined)
        this.#add(keyOffset, () => `${code(key)} is given twice; first in ${this.#line(first.keyOffset)}`);
      else entries.set(key, { keyOffset, value });
    }
    const values = Array.from(entries.values(), ({ value }) => value);
    return this.#counted({ kind: 'map', offset, size: sizeOf(values), entries }, offset);
  }

  /** An alias inside an alias multiplies: what matters is the tree written out. */
  #counted(node: Node, offset: number): Node {
    if (node.size > maxNodes || ++this.#nodes > maxNodes) {
      throw new LimitError(offset, 'the aliases up to here stand for too much');
    }
    return node;
  }

  #add(offset: number, message: Message): void {
    this.mistakes.push({ offset, message });
  }

  #line(offset: number): string {
    return `line ${positionOf(this.#text, offset).line}`;
  }
}

function sizeOf(nodes: readonly Node[]): number {
  return nodes.reduce((size, node) => size + node.size, 1);
}

function isQuoted(type: string | undefined): boolean {
  return type === 'QUOTE_SINGLE' || type === 'QUOTE_DOUBLE';
}
