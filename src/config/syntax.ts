/** What the YAML library's errors mean for the author of a config, and where he has to look. */
import { type CST, type ErrorCode, type YAMLError } from 'yaml';
import { positionOf, type Message } from './tree.js';

export interface SyntaxMistake {
  readonly offset: number;
  readonly message: Message;
}

/** The library's errors as ours: one for each line, as what the parser stumbles over behind a mistake is noise. */
export function syntaxMistakes(
  text: string,
  tokens: readonly CST.Token[],
  errors: readonly YAMLError[],
): readonly SyntaxMistake[] {
  const byLine = new Map<number, SyntaxMistake>();
  for (const error of errors.toSorted((a, b) => a.pos[0] - b.pos[0]).slice(0, maxErrors)) {
    const mistake = mistakeOf(tokens, errors, error);
    const { line } = positionOf(text, mistake.offset);
    if (!byLine.has(line)) byLine.set(line, mistake);
  }
  return [...byLine.values()];
}

/** Every token with the number of collections around it; not recursive, so that any depth can be counted. */
export function* walk(tokens: readonly CST.Token[]): Generator<{ readonly token: CST.Token; readonly depth: number }> {
  const rest = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    yield next;
    const { token, depth } = next;
    if (token.type === 'document' && token.value !== undefined) rest.push({ token: token.value, depth });
    if (!('items' in token)) continue;
    for (const { key, value } of token.items) {
      for (const child of [key, value]) if (child) rest.push({ token: child, depth: depth + 1 });
    }
  }
}

/** Of a file that is no YAML at all, so many errors are looked at. */
const maxErrors = 200;

/** By code. The library's own words are not used where they quote the file: a secret may stand there. */
const meanings: Readonly<Partial<Record<ErrorCode, string>>> = {
  ALIAS_PROPS: 'an alias (`*…`) stands alone',
  BAD_ALIAS: 'this anchor or alias has no proper name',
  BAD_DQ_ESCAPE: 'YAML does not know this escape; within double quotes a backslash is written twice',
  BAD_INDENT: 'the indentation does not fit the lines above; the keys of one section begin in one column',
  BAD_SCALAR_START: 'a value cannot begin with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second `: ` in one line; put the value in quotes, or the inner key on a line of its own',
  BLOCK_IN_FLOW: 'within [ ] and { } only their own form is possible',
  KEY_OVER_1024_CHARS: 'the key is too long',
  MULTILINE_IMPLICIT_KEY: 'this line is no `key: value`; is the colon missing, or the space behind it?',
  TAB_AS_INDENT: 'a tab indents this line; YAML allows only spaces',
  TAG_RESOLVE_FAILED: 'tags (`!…`) are not supported; leave it out',
  UNEXPECTED_TOKEN: 'this does not belong here; are quotes, a bracket or a line break missing?',
};

function mistakeOf(tokens: readonly CST.Token[], errors: readonly YAMLError[], error: YAMLError): SyntaxMistake {
  const [offset] = error.pos;
  if (error.message.startsWith('Missing closing')) {
    return { offset: openQuote(tokens, offset) ?? offset, message: 'the quote that begins here has no end' };
  }
  if (/^Flow .* end with a/.test(error.message)) {
    return { offset: openBracket(tokens, offset) ?? offset, message: 'the bracket that opens here is not closed' };
  }
  if (/^Missing [,{[]/.test(error.message)) {
    return { offset, message: 'a comma is missing before this, or quotes around the value' };
  }
  const both = errors.filter((other) => other.pos[0] === offset).map((other) => other.code);
  if (both.includes('BLOCK_AS_IMPLICIT_KEY') && both.includes('MULTILINE_IMPLICIT_KEY')) {
    return { offset, message: 'the line below is indented more than this one, which has a value already' };
  }
  return { offset, message: meanings[error.code] ?? 'this is not YAML' };
}

/** Where the quoted text begins that ends, without a quote, at the offset. */
function openQuote(tokens: readonly CST.Token[], end: number): number | undefined {
  for (const { token } of walk(tokens)) {
    const quoted = token.type === 'double-quoted-scalar' || token.type === 'single-quoted-scalar';
    if (quoted && token.offset + token.source.length === end) return token.offset;
  }
  return undefined;
}

/** The innermost bracket before the offset that is never closed. */
function openBracket(tokens: readonly CST.Token[], before: number): number | undefined {
  let open: number | undefined;
  for (const { token } of walk(tokens)) {
    if (token.type !== 'flow-collection' || token.offset >= before) continue;
    const closed = token.end.some((end) => end.type === 'flow-seq-end' || end.type === 'flow-map-end');
    if (!closed) open = Math.max(open ?? 0, token.offset);
  }
  return open;
}
