/** What a reload did, or would do, to each link. */
import type { WireChange } from '../../control/protocol.js';
import type { Paint } from './paint.js';

export type Tense = 'done' | 'planned';

type Kind = WireChange['kind'];

const words: Readonly<Record<Tense, Readonly<Record<Kind, string>> & { readonly none: string }>> = {
  done: {
    add: 'added',
    remove: 'ended and removed',
    apply: 'changed, without touching its session',
    restart: 'changed and restarted',
    none: 'nothing changed',
  },
  planned: {
    add: 'would be added',
    remove: 'would be ended and removed',
    apply: 'would change, without touching its session',
    restart: 'would change and restart',
    none: 'nothing would change',
  },
};

/** A line for each link, and below it one for each value that differs. */
export function renderChanges(changes: readonly WireChange[], tense: Tense, paint: Paint): string {
  if (changes.length === 0) return `${words[tense].none}\n`;
  return changes
    .map(({ link, kind, changes: values }) => {
      const head = `${paint.strong(link)}: ${paintKind(kind, words[tense][kind], paint)}\n`;
      const lines = values.map(({ path, from, to }) => `  ${path}: ${from ?? 'not set'} -> ${to ?? 'not set'}\n`);
      return [head, ...lines].join('');
    })
    .join('');
}

/** Traffic stops for some of them. */
function paintKind(kind: Kind, text: string, paint: Paint): string {
  switch (kind) {
    case 'add':
    case 'apply':
      return paint.good(text);
    case 'remove':
    case 'restart':
      return paint.warn(text);
  }
}
