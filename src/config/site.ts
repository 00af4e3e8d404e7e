/** A link in its file, as the checks see it: how they name it, what only one link can have, and what is behind it. */
import { anywhere, hostPrefix, type IpPrefix } from '../base/ip.js';
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
  const isNamed = nodeAt(source.root, ['links', name, 'interface']) !== undefined;
  return isNamed ? facts.interface : name;
}

/** Whether the link has this key, valid or not. */
export function isGiven({ name, source }: LinkSite, key: string): boolean {
  return nodeAt(source.root, ['links', name, key]) !== undefined;
}

/** Whether it has keys at all; what is no section is reported as such. */
export function isSection({ name, source }: LinkSite): boolean {
  const node = nodeAt(source.root, ['links', name]);
  return node?.kind === 'map' || (node?.kind === 'scalar' && node.text === undefined);
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
  const { networks, remote, remote6, hasDefaultRoute } = facts;
  if (hasDefaultRoute) return new AddressRanges([anywhere[4], anywhere[6]]);
  const prefixes = networks.flatMap((network): readonly IpPrefix[] => (network === undefined ? [] : [network.prefix]));
  if (remote === undefined || prefixes.length < networks.length) return undefined;
  const peer = [remote, remote6].flatMap((address) => (address === undefined ? [] : [hostPrefix(address)]));
  return new AddressRanges([...prefixes, ...peer]);
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
