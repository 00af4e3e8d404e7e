/** A link in its file, as the checks see it: how they name it, what only one link can have, and what is behind it. */
import type { Prefix } from '../base/ip.js';
import type { LinkFacts } from './facts.js';
import { AddressRanges } from './ranges.js';
import { code } from './text.js';
import { formatPlace, mistakeAt, nodeAt, type Message, type Mistake, type Path, type Source } from './tree.js';

/** A link in its file, with what is valid of it. */
export interface LinkSite {
  readonly name: string;
  readonly source: Source;
  readonly facts: LinkFacts;
}

/** A mistake at a path of the link. */
export function at(site: LinkSite, path: Path, message: Message, where?: 'key'): Mistake {
  return mistakeAt(site.source, ['links', site.name, ...path], message, where);
}

/** The link and the place of what it has: link `branch` (linkd.yaml:4:5). */
export function mention(site: LinkSite, path: Path): string {
  return `link ${code(site.name)} (${formatPlace(at(site, path, ''))})`;
}

/** The name of its interface; undefined when it is not valid. */
export function interfaceOf({ name, source, facts }: LinkSite): string | undefined {
  const isGiven = nodeAt(source.root, ['links', name, 'interface']) !== undefined;
  return isGiven ? facts.interface : name;
}

/** A mistake when an interface is the link's own where another is wanted; `remedy` says what to do. */
export function refuseOwn(site: LinkSite, path: Path, name: string | undefined, remedy: string): readonly Mistake[] {
  if (name === undefined || name !== interfaceOf(site)) return [];
  return [at(site, path, `${code(name)} is the link's own interface; ${remedy}`)];
}

/**
 * The addresses behind the link: the peer's, its networks, or all with a default route. Undefined when that can't be known
 * because something of it is not valid.
 */
export function behind({ facts }: LinkSite): AddressRanges | undefined {
  const { networks, remote, hasDefaultRoute } = facts;
  if (hasDefaultRoute) return new AddressRanges([{ address: 0, length: 0 }]);
  const prefixes = networks.flatMap((network): readonly Prefix[] => (network === undefined ? [] : [network.prefix]));
  if (remote === undefined || prefixes.length < networks.length) return undefined;
  return new AddressRanges([...prefixes, { address: remote, length: 32 }]);
}

/** The first user of each thing that only one link can have. */
export class Uses {
  readonly #uses = new Map<string, { readonly site: LinkSite; readonly path: Path }>();

  /** A mistake when the thing is taken. */
  claim(thing: string, site: LinkSite, path: Path, message: (by: string) => string): readonly Mistake[] {
    const first = this.#uses.get(thing);
    if (first !== undefined) return [at(site, path, () => message(mention(first.site, first.path)))];
    this.#uses.set(thing, { site, path });
    return [];
  }

  /** A mistake when the thing is taken, which is not claimed. */
  refuse(thing: string, site: LinkSite, path: Path, message: (by: string) => string): readonly Mistake[] {
    const first = this.#uses.get(thing);
    return first === undefined ? [] : [at(site, path, () => message(mention(first.site, first.path)))];
  }
}
