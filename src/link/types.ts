/** What the manager of links tells the rest of the house: states, status, events. Fields carry their units. */
import type { Cause } from '../base/cause.js';
import type { IpPrefix } from '../base/ip.js';
import type { Millis } from '../base/clock.js';
import type { LineOptions } from '../line/options.js';
import type { LinkChange } from './config-diff.js';

/** The states of a link's life, see `life.ts`. */
export type LinkState = 'down' | 'opening' | 'negotiating' | 'up' | 'closing' | 'waiting' | 'dormant';

/** Counters since linkd started; errors by their kind's stable name (`fcs`, `runt`, `overrun`, `abort`, …). */
export interface LinkCounters {
  /** IP packets and their octets, as the TUN interface sees them. */
  readonly rxPackets: number;
  readonly rxBytes: number;
  readonly txPackets: number;
  readonly txBytes: number;
  /** Octets on the line, framing included. */
  readonly lineRxBytes: number;
  readonly lineTxBytes: number;
  /** Frames and packets that were dropped, by reason; only reasons that occurred. */
  readonly errors: Readonly<Record<string, number>>;
}

/** What a queue, or a class of it, has done since linkd started, and what it does now. */
export interface QueueCounters {
  /** Taken off it for the line. */
  readonly packets: number;
  readonly bytes: number;
  /** Dropped, for having waited too long or for want of room. */
  readonly drops: number;
  /** Told to slow down by ECN. */
  readonly marks: number;
  readonly waitingPackets: number;
  readonly waitingBytes: number;
  /** That have packets waiting. */
  readonly flows: number;
  /** How long packets waited over about the last minute; undefined when there were none. */
  readonly delayP50Ms: number | undefined;
  readonly delayP95Ms: number | undefined;
}

export interface QueueStatus extends QueueCounters {
  /** In the order of their precedence; empty while there is one only. */
  readonly classes: readonly ({ readonly name: string } & QueueCounters)[];
}

/** Octets of one line since linkd started, framing included. */
export interface LineOctets {
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** What PPP agreed on, while there is a session. */
export interface SessionStatus {
  /** RFC 1661 §3.2 */
  readonly phase: 'dead' | 'establish' | 'authenticate' | 'network' | 'terminate';
  readonly localAddress: string | undefined;
  readonly remoteAddress: string | undefined;
  /** The name servers that the peer told us of. */
  readonly dns: readonly string[];
  /** The link-local addresses, while IPv6 may flow. */
  readonly localIp6: string | undefined;
  readonly remoteIp6: string | undefined;
  /** The largest IP packet we send, in octets. */
  readonly mtu: number | undefined;
  /** Negotiated options of both directions, by RFC name, printable: `{ 'tx-accm': '0x00000000', 'rx-mru': '1500' }`. */
  readonly options: Readonly<Record<string, string>>;
  /** The last round trip of an LCP echo. */
  readonly echoRttMs: number | undefined;
  /** What the peer said of itself (RFC 1570 Identification), printable characters only. */
  readonly peerIdentification: string | undefined;
  /** What the peer has proved to be called, printable; undefined where it wasn't asked. */
  readonly peerName: string | undefined;
}

/** Where a line of a link stands: `open`, PPP may speak on it; `joined`, it carries packets beside the link's other lines. */
export type LineState = 'closed' | 'waiting' | 'opening' | 'open' | 'joined';

/** One line of a link. */
export interface LineStatus {
  readonly options: LineOptions;
  readonly name: string;
  readonly speed: number | undefined;
  readonly state: LineState;
  /** What is done to open it (`dialing 5551234`), or how it came about. */
  readonly call?: string | undefined;
  /** Why it couldn't be opened, or ended while others went on. */
  readonly lastCause: { readonly cause: Cause; readonly at: Date } | undefined;
  /** When a waiting line is tried again. */
  readonly nextAttempt: Date | undefined;
  readonly octets?: LineOctets | undefined;
}

export interface LinkStatus {
  readonly name: string;
  readonly state: LinkState;
  readonly since: Date;
  /** Why the link is in this state, or why it last left `up`. */
  readonly lastCause: { readonly cause: Cause; readonly at: Date } | undefined;
  /** When a waiting link tries again, and when a dormant one may, as far as the clock alone decides. */
  readonly nextAttempt: Date | undefined;
  /** Times that the link went down after having been up, other than by command, since linkd started. */
  readonly restarts: number;
  /** The one that is open, or else the first. */
  readonly line: { readonly options: LineOptions; readonly name: string; readonly speed: number | undefined };
  /** All of them, in the order of the config; one or more. */
  readonly lines: readonly LineStatus[];
  readonly interface: string;
  /** As configured. */
  readonly local: string;
  readonly remote: string;
  /** Global ones; undefined: none is configured. */
  readonly local6: string | undefined;
  readonly remote6: string | undefined;
  readonly networks: readonly IpPrefix[];
  readonly counters: LinkCounters;
  /** Where packets wait for the line. */
  readonly queue: QueueStatus;
  /** Of the last second, in octets per second, as the TUN interface sees them. */
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  readonly session: SessionStatus | undefined;
  /** What the system refused or makes useless, as sentences; while the link is up. */
  readonly networkProblems: readonly string[];
  /** The last result of each hook that ran, by moment. */
  readonly hooks: readonly HookStatus[];
  /** What is tracked behind the link; undefined where nothing is. */
  readonly health:
    { readonly state: 'unknown' | 'healthy' | 'failed'; readonly reason: string | undefined } | undefined;
  /** This month's octets against the quota; undefined where there is none. */
  readonly quota:
    | { readonly state: 'ok' | 'warn' | 'used-up'; readonly usedBytes: number; readonly monthlyBytes: number }
    | undefined;
  /** When the line is open, and why it is or isn't; undefined where it is always to be. */
  readonly dialing: DialingStatus | undefined;
}

export interface DialingStatus {
  /** What a dormant link waits for. */
  readonly waitsFor: 'traffic' | 'hours' | 'other-link' | 'calls' | 'minutes' | 'command' | undefined;
  /** The packet that it was dialed for last: `tcp 10.1.0.5:49152 → 10.2.0.9:22`. */
  readonly becauseOf: { readonly packet: string; readonly at: Date } | undefined;
  /** Dialed by command, whatever the hour and the limits. */
  readonly overridden: boolean;
  readonly callsLastHour: number;
  /** From midnight on, in local time. */
  readonly openTodayMs: Millis;
}

export interface HookStatus {
  readonly moment: string;
  /** The program, without its arguments. */
  readonly program: string;
  readonly at: Date;
  readonly durationMs: Millis;
  readonly ok: boolean;
  /** `exit status 1`, for people. */
  readonly outcome: string;
  /** What it printed, bounded and printable. */
  readonly output: string;
}

/** Something happened. `fields` are the event's particulars, printable and free of secrets. */
export interface LinkEvent {
  readonly time: Date;
  readonly link: string;
  readonly type: 'state' | 'log';
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly state: LinkState;
  readonly cause: Cause | undefined;
}

/** What the control server steers; `manager.ts` is the real one. Unknown names give undefined or false. */
export interface LinkSteering {
  names(): readonly string[];
  status(name: string): LinkStatus | undefined;
  /** Carries the command out and resolves when it is begun (not when the link is up). */
  command(name: string, command: LinkCommand): boolean;
  /** The last events of a link, oldest first; bounded. */
  log(name: string): readonly LinkEvent[] | undefined;
  /** Calls back for every event from now on; the returned function ends it. */
  subscribe(listener: (event: LinkEvent) => void): () => void;
}

export type LinkCommand = 'up' | 'down' | 'restart';

/** What a reload changed, or would change; texts for people. */
export type ReloadOutcome =
  | { readonly ok: true; readonly changes: readonly LinkChange[]; readonly warnings: readonly string[] }
  /** Nothing was changed: every mistake with its file, line and column. */
  | { readonly ok: false; readonly errors: readonly string[] };

/** What became of the wish that a new linkd takes the place of this one; texts for people. */
export type RestartOutcome =
  | { readonly ok: true; readonly pid: number }
  /** This one goes on. */
  | { readonly ok: false; readonly errors: readonly string[] };

/** One route of the machine, and where it comes from. */
export interface RouteExplanation {
  /** A network, or `default`. */
  readonly destination: string;
  /** `unicast`, `unreachable`, … */
  readonly type: string;
  readonly interface: string | undefined;
  readonly gateway: string | undefined;
  readonly metric: number;
  readonly table: number;
  /** `linkd`, `kernel`, `static`, … */
  readonly protocol: string;
  /** The link that it belongs to, and the key of its config that it comes from (`links.branch.networks`). */
  readonly link: string | undefined;
  readonly origin: string | undefined;
}

/** One session of a link, over or not. */
export interface SessionRecord {
  readonly link: string;
  readonly startedAt: Date;
  /** Undefined while it lasts. */
  readonly endedAt: Date | undefined;
  readonly rxBytes: number;
  readonly txBytes: number;
  /** Why it ended, for people. */
  readonly endCause: string | undefined;
}

/** A link's sums over one calendar month. */
export interface MonthRecord {
  readonly link: string;
  /** `2026-11` */
  readonly month: string;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly seconds: number;
  readonly sessions: number;
}

/** A connection that becomes a line, or a visitor's; whoever takes it closes the descriptor. */
export interface BroughtTerminal {
  readonly fd: number;
  /** For people: `terminal of ann`; of a visitor, `ann`. */
  readonly name: string;
}

/** What the control server steers beyond single links. */
export interface DaemonSteering extends LinkSteering {
  /** Reads the config anew and applies what changed. */
  reload(): Promise<ReloadOutcome>;
  /** Lets a new linkd, of the version that is installed, take the place of this one; the links go on. */
  restart(): Promise<RestartOutcome>;
  /** What `reload` would do. */
  diff(): Promise<ReloadOutcome>;
  /** What is in the system for a link, and what its coming up would change: a script of `ip` and `nft` commands. */
  plan(name: string): Promise<readonly string[] | undefined>;
  routes(): Promise<readonly RouteExplanation[]>;
  /** Newest first. */
  history(link: string | undefined, limit: number): readonly SessionRecord[];
  totals(link: string | undefined): readonly MonthRecord[];
  /**
   * Brings a terminal to a link that takes them as its line. `connect` is called at once, and only when a line takes it.
   * `not-waiting`: it has another caller, or doesn't want one now; `no-terminal`: its line is of another kind.
   */
  bringTerminal(name: string, connect: () => BroughtTerminal): 'taken' | 'not-waiting' | 'no-terminal' | undefined;
  /**
   * Lets somebody at this terminal talk over the link's line by hand. `connect` is called at once, and only when the line is
   * free; else the state of the link, whose line is, or may be, in use.
   */
  takeByHand(name: string, connect: () => BroughtTerminal): 'taken' | LinkState | undefined;
  /** True when this user may steer the link beside those whom the socket's group lets steer all. */
  maySteer(name: string, user: string): boolean;
}
