/** Words for people: values and keys as messages show them, and the nearest known word to a mistyped one. */

/** What a message shows of a value at most, in characters. */
const shownLength = 40;

/** A value as a message shows it: as it was written, in quotes when it would be hard to read, cut when it is long. */
export function show(text: string): string {
  const start = Array.from(withoutPassword(text.slice(0, 1000)));
  const cut = start.length > shownLength ? `${start.slice(0, shownLength - 1).join('')}…` : start.join('');
  return /^[^\p{C}\p{Z}]+$/u.test(cut) ? cut : printable(JSON.stringify(cut));
}

/** `user:password@host` without its password. */
export function withoutPassword(text: string): string {
  return text.replace(/:[^:@\s/]+@/g, ':…@');
}

/** A key or word of the config as a message shows it. */
export function code(word: string): string {
  return `\`${show(word)}\``;
}

/** Keeps the length, so that a caret below it points right: replaces what a terminal would act on or not show: control characters, direction marks, lone surrogates. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '\ufffd');
}

/** A problem and what would be right: `64000 is too large; allowed: 64 to 16384`. */
export function withAllowed(problem: string, allowed: string): string {
  return `${problem}${problem.endsWith('?') ? '' : ';'} allowed: ${allowed}`;
}

/** `a, b and c` */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

/** The candidate that the word was most likely meant to be; undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > shownLength) return undefined;
  const typed = normal(word);
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(typed, normal(candidate)) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best !== undefined && best.distance <= Math.max(1, Math.floor(best.candidate.length / 3))) return best.candidate;
  // `remote-address`, `local_ip`: the word in other words.
  return candidates.find((candidate) => typed.split('-').includes(candidate));
}

/** `maxConfigure` and `MAX_CONFIGURE` read as `max-configure`. */
function normal(word: string): string {
  return word
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .replace(/[_ ]/g, '-')
    .toLowerCase();
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          cell(last, j) + 1,
          cell(row, j - 1) + 1,
          cell(last, j - 1) + (same ? 0 : 1),
          swapped ? cell(beforeLast, j - 2) + 1 : Infinity,
        ),
      );
    }
    beforeLast = last;
    last = row;
  }
  return cell(last, b.length);
}

function cell(row: readonly number[], at: number): number {
  return row[at] ?? Infinity;
}
