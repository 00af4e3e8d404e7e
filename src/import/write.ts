/** Drafts and account → the config's text: each link with its notes above it, each key with where it comes from. */
import { printable, printableJson } from '../base/printable.js';
import { placeOf, type Verdict } from './account.js';
import { isList, type Draft, type Entry, type Value } from './draft.js';

export interface Chapter {
  readonly draft: Draft;
  /** Why the link stands there commented out, mistakes of the config; none: it doesn't. */
  readonly mistakes: readonly string[];
  /** What of it is left out, since linkd would not take it. */
  readonly without: readonly string[];
}

/** The whole file. `hide` takes out the secrets that may be in a comment. */
export function writeConfig(
  chapters: readonly Chapter[],
  verdicts: readonly Verdict[],
  hide: (text: string) => string,
): string {
  const told = new Set<string>();
  const once = (lines: readonly string[]): readonly string[] => {
    const fresh = [...new Set(lines)].filter((line) => !told.has(line));
    for (const line of fresh) told.add(line);
    return fresh;
  };
  const notes = (link: string | undefined): readonly string[] => {
    const own = verdicts.filter((verdict) => verdict.link === link);
    return [
      ...heading('Could not be carried over:', once(own.flatMap(leftNote))),
      ...heading('Not needed:', once(own.flatMap(needlessNote))),
    ];
  };
  const comment = (lines: readonly string[], indent: string): readonly string[] =>
    lines.map((line) => `${indent}# ${shown(hide(line))}`.trimEnd());
  const lines = [
    ...comment(head, ''),
    ...blankBefore(comment(notes(undefined), '')),
    '',
    'links:',
    ...chapters.flatMap(({ draft, mistakes, without }) => [
      ...(draft === chapters[0]?.draft ? [] : ['']),
      ...comment(
        [
          ...heading('Commented out, since with it the config would have mistakes:', mistakes),
          ...heading('Left out, since linkd would not take it:', without),
          ...draft.hints,
          ...notes(draft.name),
        ],
        '  ',
      ),
      ...writeLink(draft, hide).map((line) => (mistakes.length > 0 ? `#${line}` : line)),
    ]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const head = [
  'Made by `linkctl import`. Beside each key stands where it comes from; what could not be carried over is told above each',
  'link. Read it all, check it by `linkctl check`, and stop what used the lines before (pppd, wvdial, getty).',
];

function heading(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `- ${line}`)];
}

function blankBefore(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

/** One line for people. */
export function leftNote({ given, outcome }: Verdict): readonly string[] {
  if (outcome.kind !== 'left') return [];
  const { why, instead } = outcome;
  return [`${placeOf(given)}: ${given.text}: ${why}${instead === '' ? '' : `; ${instead}`}`];
}

function needlessNote({ given, outcome }: Verdict): readonly string[] {
  return outcome.kind === 'needless' ? [`${placeOf(given)}: ${given.text}: ${outcome.why}`] : [];
}

/** As docs/configuration.md has them; what is not among them comes last. */
const order = [
  ...['line', 'local', 'remote', 'ipv4', 'ipcp', 'ipv6', 'networks', 'default-route', 'mtu', 'interface'],
  ...['autostart', 'when', 'dial', 'answer', 'lcp', 'auth', 'compression', 'multilink', 'restart', 'proxy-arp'],
  ...['masquerade', 'port-forwards', 'mss-clamp', 'forward', 'hooks'],
];

/** Longer lists have a line for each of theirs. */
const widest = 100;

type Tree = Map<string, Entry | Tree>;

function writeLink(draft: Draft, hide: (text: string) => string): readonly string[] {
  const tree: Tree = new Map();
  const rank = (path: string): number => order.indexOf(path.split('.')[0] ?? '') >>> 0;
  const sorted = [...draft.entries].sort(([a], [b]) => rank(a) - rank(b));
  for (const [path, entry] of sorted) plant(tree, path.split('.'), entry);
  return [`  ${scalar(draft.name)}:`, ...writeTree(tree, '    ', hide)];
}

function plant(tree: Tree, [key = '', ...rest]: readonly string[], entry: Entry): void {
  const known = tree.get(key);
  if (rest.length === 0) {
    // A section says more than the word that stands for it.
    if (!(known instanceof Map)) tree.set(key, entry);
    return;
  }
  const below: Tree = known instanceof Map ? known : new Map<string, Entry | Tree>();
  tree.set(key, below);
  plant(below, rest, entry);
}

function writeTree(tree: Tree, indent: string, hide: (text: string) => string): readonly string[] {
  return [...tree].flatMap(([key, node]) => {
    if (node instanceof Map) return [`${indent}${scalar(key)}:`, ...writeTree(node, `${indent}  `, hide)];
    const comment = node.comment === '' ? '' : ` # ${shown(hide(node.comment))}`;
    if (typeof node.value === 'string' && node.value.includes('\n')) {
      const block = node.value.trimEnd().split('\n');
      return [`${indent}${scalar(key)}: |${comment}`, ...block.map((line) => `${indent}  ${line}`)];
    }
    const line = `${indent}${scalar(key)}: ${flow(node.value)}`;
    if (typeof node.value === 'string' || !isList(node.value) || line.length <= widest) return [line + comment];
    return [`${indent}${scalar(key)}:${comment}`, ...node.value.map((one) => `${indent}  - ${flow(one)}`)];
  });
}

function flow(value: Value): string {
  if (typeof value === 'string') return scalar(value);
  if (isList(value)) return `[${value.map(flow).join(', ')}]`;
  const pairs = Object.entries(value).map(([key, one]) => `${scalar(key)}: ${flow(one)}`);
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}

/** What stands for octets that are no UTF-8, as of an old file with umlauts: linkd takes no config with it. */
const noText = '\ufffd';

/** Bare where YAML can't take it for anything else; JSON's quotes and escapes are YAML's as well. */
function scalar(text: string): string {
  return /^-?[\w/.+](?:[\w/.+@*:;=-]*[\w/.+@*;=-])?$/.test(text)
    ? text
    : printableJson(JSON.stringify(text)).replaceAll(noText, '\\ufffd');
}

function shown(text: string): string {
  return printable(text).replaceAll(noText, '?');
}
