/** The key of a link that is about the name servers that the peer tells of. */
import type { ResolverOption } from '../resolver/options.js';
import { defaulted } from './keys.js';
import type { Reader } from './reading.js';
import { choice, orOff } from './values.js';

const way: Reader<ResolverOption> = choice('auto', 'systemd-resolved', 'resolvconf', 'file');

export const resolver = defaulted(orOff(way, 'off'), 'auto', {
  about:
    'How the system takes over the name servers that the peer tells of: `auto` by systemd-resolved where it runs, else by resolvconf where it is installed, else in a file of its own, see “Name servers” in routing.md.',
});
