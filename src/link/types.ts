/** What the manager of links tells the rest of the house: states, status, events. Fields carry their units. */
import type { Cause } from '../base/cause.js';
import type { Prefix } from '../base/ip.js';
import type { LineOptions } from '../line/options.js';

/** The states of a link's life, see `life.ts`. */
export type LinkState = 'down' | 'opening' | 'negotiating' | 'up' | 'closing' | 'waiting';

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

/** What PPP agreed on, while there is a session. */
export interface SessionStatus {
  /** RFC 1661 §3.2 */
  readonly phase: 'dead' | 'establish' | 'network' | 'terminate';
  readonly localAddress: string | undefined;
  readonly remoteAddress: string | undefined;
  /** The largest IP packet we send, in octets. */
  readonly mtu: number | undefined;
  /** Negotiated options of both directions, by RFC name, printable: `{ 'tx-accm': '0x00000000', 'rx-mru': '1500' }`. */
  readonly options: Readonly<Record<string, string>>;
  /** The last round trip of an LCP echo. */
  readonly echoRttMs: number | undefined;
  /** What the peer said of itself (RFC 1570 Identification), printable characters only. */
  readonly peerIdentification: string | undefined;
}

export interface LinkStatus {
  readonly name: string;
  readonly state: LinkState;
  readonly since: Date;
  /** Why the link is in this state, or why it last left `up`. */
  readonly lastCause: { readonly cause: Cause; readonly at: Date } | undefined;
  /** When a waiting link tries again. */
  readonly nextAttempt: Date | undefined;
  /** Times that the link went down after having been up, since linkd started. */
  readonly restarts: number;
  readonly line: { readonly options: LineOptions; readonly name: string; readonly speed: number | undefined };
  readonly interface: string;
  /** As configured. */
  readonly local: string;
  readonly remote: string;
  readonly networks: readonly Prefix[];
  readonly counters: LinkCounters;
  /** Of the last second, in octets per second, as the TUN interface sees them. */
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  readonly session: SessionStatus | undefined;
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
