/** A config file as a tree that knows where each of its values stands. Scalars are text: the schema says what they mean. */

import { assertNever } from '../base/errors.js';
import { show } from './text.js';

export type Node = ScalarNode | ListNode | MapNode;

interface Placed {
  /** Where it begins, in UTF-16 units from the beginning of the text. */
  readonly offset: number;
  /** Nodes from here down, counting an alias as what it stands for. */
  readonly size: number;
}

export interface ScalarNode extends Placed {
  readonly kind: 'scalar';
  /** Undefined where the key stands without a value. */
  readonly text: string | undefined;
}

export interface ListNode extends Placed {
  readonly kind: 'list';
  readonly items: readonly Node[];
}

export interface MapNode extends Placed {
  readonly kind: 'map';
  /** By key, in the order of the file. */
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly keyOffset: number;
  readonly value: Node;
}

/** The way to a value: keys, and indices of lists. */
export type Path = readonly (string | number)[];

/** One config file, read. `root` is undefined when it holds nothing or is no YAML. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly root: Node | undefined;
}

/** Words that may cost time, such as the place of something else: made only for the mistakes that are shown. */
export type Message = string | (() => string);

/** Something to say about a place in a source. */
export interface Mistake {
  readonly source: Source;
  readonly offset: number;
  readonly path: Path;
  readonly message: Message;
}

/**
 * A mistake at the value of that path, or at its key. What isn't in the file is reported at the key of the section that lacks
 * it; where a single value or a list stands for a whole section (`line: /dev/ttyS0`), at that value or in that list.
 */
export function mistakeAt(source: Source, path: Path, message: Message, at: 'value' | 'key' = 'value'): Mistake {
  let here: Entry | undefined = source.root && { keyOffset: source.root.offset, value: source.root };
  for (const [depth, step] of path.entries()) {
    if (here?.value.kind === 'list' && typeof step === 'string') {
      return mistakeAt(source, [...path.slice(0, depth), ...path.slice(depth + 1)], message, at);
    }
    const next = entryOf(here?.value, step);
    if (here !== undefined && next === undefined) {
      const { keyOffset, value } = here;
      return value.kind === 'scalar' && value.text !== undefined
        ? { source, offset: value.offset, path: path.slice(0, depth), message }
        : { source, offset: keyOffset, path, message };
    }
    here = next;
  }
  const empty = here?.value.kind === 'scalar' && here.value.text === undefined;
  return { source, offset: (at === 'key' || empty ? here?.keyOffset : here?.value.offset) ?? 0, path, message };
}

/**
 * A mistake at a part of the value of that path, so many UTF-16 units into its text; at the whole value where the file has
 * the text in other characters (escapes, several lines, an alias).
 */
export function mistakeWithin(source: Source, path: Path, within: number, message: Message): Mistake {
  const mistake = mistakeAt(source, path, message);
  const value = nodeAt(source.root, mistake.path);
  const text = value?.kind === 'scalar' ? value.text?.slice(0, within) : undefined;
  const begin = mistake.offset + (/["']/.test(source.text.charAt(mistake.offset)) ? 1 : 0);
  return text !== undefined && source.text.startsWith(text, begin) ? { ...mistake, offset: begin + within } : mistake;
}

/** The node of a path, where there is one. */
export function nodeAt(root: Node | undefined, path: Path): Node | undefined {
  return path.reduce<Node | undefined>((node, step) => entryOf(node, step)?.value, root);
}

/** As plain data, for the schema: null stands for a missing value. */
export function toPlain(node: Node): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.text ?? null;
    case 'list':
      return node.items.map(toPlain);
    case 'map':
      return Object.fromEntries(Array.from(node.entries, ([key, { value }]) => [key, toPlain(value)]));
    default:
      return assertNever(node);
  }
}

/** `links.branch.networks[0].metric` */
export function formatPath(path: Path): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i > 0 ? '.' : ''}${show(step)}`)).join('');
}

/** `linkd.yaml:4:5` */
export function formatPlace({ source, offset }: Mistake): string {
  const { line, column } = positionOf(source.text, offset);
  return `${source.file}:${line}:${column}`;
}

/** Line and column, both from 1, the column in characters. */
export function positionOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  // A mistake at the end belongs to the last thing that was written.
  const before = text.slice(0, Math.min(offset, text.trimEnd().length));
  const start = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line += 1;
  return { line, column: Array.from(before.slice(start)).length + 1 };
}

function entryOf(node: Node | undefined, step: string | number): Entry | undefined {
  if (node?.kind === 'map') return node.entries.get(String(step));
  const item = node?.kind === 'list' && typeof step === 'number' ? node.items[step] : undefined;
  return item && { keyOffset: item.offset, value: item };
}
