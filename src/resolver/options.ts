/** How the name servers that a peer tells of get into the system. */

/** `file`: linkd's own alone, which a hook can use. */
export type ResolverWay = 'systemd-resolved' | 'resolvconf' | 'file';

/** `auto`: systemd-resolved where it runs, else resolvconf where it is installed, else the file. `off`: not at all. */
export type ResolverOption = ResolverWay | 'auto' | 'off';
