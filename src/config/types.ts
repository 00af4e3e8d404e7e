/** The config as the daemon uses it: parsed once, frozen, every default filled in. */
import type { Millis } from '../base/clock.js';
import type { Ip4 } from '../base/ip.js';
import type { QuotaOptions } from '../accounting/options.js';
import type { TrackOptions } from '../health/options.js';
import type { AnswerOptions, DialOptions, RedialPauses } from '../dial/options.js';
import type { HookOptions } from '../hooks/options.js';
import type { LineOptions } from '../line/options.js';
import type { LinkMultilink } from './multilink.js';
import type { AuthConfig } from '../secrets/options.js';
import type { NetOptions } from '../net/options.js';
import type { QueueOptions } from '../queue/options.js';
import type { ResolverOption } from '../resolver/options.js';
import type { AddressPool } from '../pool/options.js';
import type { WhenOptions } from '../schedule/options.js';
import type { CcpOptions, IpcpOptions, Ipv6cpOptions, LcpOptions } from '../ppp/options.js';

/** The pauses between attempts; which class of pauses applies is the cause's matter (`base/cause.ts`). */
export interface RestartOptions {
  /** The first pause after a quick one failed at once, and what the pauses grow to. */
  readonly quickMs: Millis;
  readonly quickMaxMs: Millis;
  readonly slowMs: Millis;
  readonly slowMaxMs: Millis;
  /** Up for this long, a link's attempts are counted from zero again. */
  readonly stableMs: Millis;
  /** Attempts in a row without success before giving up; 0 never gives up. */
  readonly maxAttempts: number;
  /** Pauses of their own, by cause. */
  readonly redial?: RedialPauses;
}

/** Where the peer's address comes from when a session asks for it. */
export type RemoteSource =
  | { readonly kind: 'pool'; readonly pool: AddressPool }
  /** A host name, resolved anew for each session. */
  | { readonly kind: 'host'; readonly host: string };

/** What IPCP agrees on beyond the two addresses of the link. */
export interface Ipv4Options extends Pick<IpcpOptions, 'acceptLocal' | 'acceptRemote' | 'dns' | 'wins' | 'vj'> {
  /** Undefined: the peer is `remote`. */
  readonly remoteFrom: RemoteSource | undefined;
}

export interface LinkConfig {
  readonly name: string;
  /** The TUN interface; at most 15 characters. */
  readonly interface: string;
  /** False: wait for `linkctl up`. */
  readonly autostart: boolean;
  /** Undefined: always. */
  readonly when: WhenOptions | undefined;
  readonly line: LineOptions;
  /** What leads to PPP on the line; undefined: the line itself. */
  readonly dial: DialOptions | undefined;
  /** Undefined: nobody calls on the line. */
  readonly answer: AnswerOptions | undefined;
  /** Further lines, where the link has several. */
  readonly moreLines: readonly LineOptions[];
  /** Undefined: one line, which carries whole packets. */
  readonly multilink: LinkMultilink | undefined;
  /** Our address, and the peer's; 0 where the peer, or `ipcp.remoteFrom`, tells it. */
  readonly local: Ip4;
  readonly remote: Ip4;
  /** Undefined: the link carries no IPv4. */
  readonly ipcp: Ipv4Options | undefined;
  /** Undefined: the link carries no IPv6. */
  readonly ipv6cp: Ipv6cpOptions | undefined;
  /** The largest IP packet we send, however large the peer's MRU. */
  readonly mtu: number;
  readonly lcp: LcpOptions;
  /** Undefined: nobody has to prove anything. */
  readonly auth: AuthConfig | undefined;
  /** Undefined: packets are neither compressed nor encrypted. */
  readonly ccp: CcpOptions | undefined;
  /** Characters that we escape beyond what the peer asked for. RFC 1662 §7.1 */
  readonly escape: readonly number[];
  readonly restart: RestartOptions;
  /** Which packets go first on a full line; undefined: none. */
  readonly queue: QueueOptions | undefined;
  /** What the system's network gets with the link. */
  readonly net: NetOptions;
  /** How the name servers that the peer tells of get into the system. */
  readonly resolver: ResolverOption;
  readonly hooks: HookOptions;
  /** Undefined: nothing behind the link is watched. */
  readonly track: TrackOptions | undefined;
  /** Undefined: it may carry what it can. */
  readonly quota: QuotaOptions | undefined;
  /** Users that may steer this link, beside those that may steer all. */
  readonly steer: readonly string[];
}

/** The daemon's own settings: defaults, then the file's `daemon:`, then LINKD_* variables, then arguments. */
export interface DaemonConfig {
  /** The control socket's path. */
  readonly control: string;
  /** The control socket's group, by name or number; undefined: that of the process. */
  readonly controlGroup: string | undefined;
  /** Its permissions. */
  readonly controlMode: number;
  /** For lock files and whatever must survive a restart. */
  readonly stateDir: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** `json`, or `pretty` on a terminal; `auto` looks whether it is one. */
  readonly logFormat: 'auto' | 'json' | 'pretty';
}

export interface Config {
  readonly daemon: DaemonConfig;
  readonly links: readonly LinkConfig[];
}

/** One mistake in a config file. `line` and `column` count from 1; they are 0 where it is about no place in a file. */
export interface ConfigError {
  /** The file; `environment` or `command line` for what was set there. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the document: `links.branch.lcp.mru`. */
  readonly path: string;
  /** What is wrong and what is allowed; never a secret's value. */
  readonly message: string;
  /** The line of the file with a caret below the place, for people; free of secrets. */
  readonly excerpt?: string;
}
