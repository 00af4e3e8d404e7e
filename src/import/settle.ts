/**
 * Drafts that linkd would not take as they are → a config that it takes: what can be done without is left out, and a link
 * that can't stand beside the others is commented out, so that it keeps no other from starting.
 */
import type { Verdict } from './account.js';
import type { Draft } from './draft.js';
import { writeConfig, type Chapter } from './write.js';

/** A mistake of the config, as linkd's own check names it. */
export interface CheckMistake {
  /** `links.NAME.networks[0]` */
  readonly path: string;
  readonly message: string;
}

export interface Settled {
  readonly text: string;
  readonly chapters: readonly Chapter[];
  /** Mistakes that no link can be blamed for. */
  readonly mistakes: readonly string[];
}

/** Without these a link still does what it is for; none of them decides when it dials, or whom it lets in. */
const dispensable: readonly string[] = [
  ...['networks', 'masquerade', 'port-forwards', 'proxy-arp', 'mss-clamp', 'mtu', 'interface', 'ipv6', 'lcp'],
  ...['multilink', 'restart', 'hooks'],
];

export function settle(
  drafts: readonly Draft[],
  verdicts: readonly Verdict[],
  hide: (text: string) => string,
  check: (text: string) => readonly CheckMistake[],
): Settled {
  const chapters: Chapter[] = drafts.map((draft) => ({ draft, mistakes: [], without: [] }));
  let text = writeConfig(chapters, verdicts, hide);
  let mistakes = check(text).map(located);
  while (mistakes.length > 0) {
    const isBlamed = ({ draft, mistakes: own }: Chapter): boolean =>
      own.length === 0 && mistakes.some(({ link }) => link === draft.name);
    const at = chapters.findLastIndex(isBlamed);
    const chapter = chapters[at];
    if (chapter === undefined) break;
    const own = mistakes.filter(({ link }) => link === chapter.draft.name);
    chapters[at] = { ...chapter, ...corrected(chapter, own) };
    text = writeConfig(chapters, verdicts, hide);
    mistakes = check(text).map(located);
  }
  return { text, chapters, mistakes: mistakes.map(({ message }) => message) };
}

interface Located {
  readonly link: string | undefined;
  readonly key: string;
  readonly index: number | undefined;
  readonly message: string;
}

function located({ path, message }: CheckMistake): Located {
  const [, link, key = '', index] = /^links\.([\w-]+)(?:\.([\w-]+)(?:\[(\d+)\])?)?/.exec(path) ?? [];
  // Where the other link stands is another place by then.
  const text = `${path}: ${message.replace(/ \([^\s()]+:\d+:\d+\)/g, '')}`;
  return { link, key, index: index === undefined ? undefined : Number(index), message: text };
}

/** Each round takes something away from a link, or the link itself: there is an end. */
function corrected(chapter: Chapter, mistakes: readonly Located[]): Partial<Chapter> {
  const { draft } = chapter;
  const fatal = mistakes.filter(({ key }) => !dispensable.includes(key) || !draft.hasBelow(key));
  if (fatal.length > 0) return { mistakes: fatal.map(({ message }) => message) };
  // From the end of each list, lest the numbers of the others change.
  const backwards = [...mistakes].sort((a, b) => (b.index ?? 0) - (a.index ?? 0));
  const seen = new Set<string>();
  const without = backwards.flatMap(({ key, index, message }): readonly string[] => {
    const name = `${key} ${index ?? ''}`;
    if (seen.has(name) || !draft.hasBelow(key)) return [];
    seen.add(name);
    return [`${message}; it was ${draft.removeAt(key, index)}`];
  });
  return { without: [...chapter.without, ...without.reverse()] };
}
