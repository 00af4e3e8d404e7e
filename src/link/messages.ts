/** What the main thread and the packet worker say to each other: few messages, small, plain data. */
import type { Cause } from '../base/cause.js';
import type { Millis } from '../base/clock.js';
import type { Ip4 } from '../base/ip.js';
import type { StreamEnd } from '../line/line.js';
import type { TelnetTerms } from '../line/telnet/telnet.js';
import type { SessionOptions } from '../ppp/options.js';
import type { AgreedNetwork } from '../ppp/outputs.js';
import type { QueueOptions } from '../queue/options.js';
import type { TrafficRules } from '../schedule/options.js';
import type { LineOctets, LinkCounters, QueueStatus, SessionStatus } from './types.js';

/** What one session on one line is told. */
export interface AttachOptions {
  readonly session: SessionOptions;
  /** Characters to escape beyond the peer's ACCM. */
  readonly escape: readonly number[];
  /** The largest IP packet we send. */
  readonly mtu: number;
  /** Baud, where the line has a speed. */
  readonly speed: number | undefined;
  /** Which packets go first; undefined: none. */
  readonly queue?: QueueOptions | undefined;
}

/** A further line of a session; `speed` in baud, where it has one. */
export interface JoiningLine {
  readonly number: number;
  readonly speed: number | undefined;
}

export type ToWorker =
  /** There is such a link, with this TUN device. Its packets wait for the session for as long as `holdMs`. */
  | { readonly type: 'add'; readonly link: string; readonly tunFd: number; readonly holdMs?: Millis | undefined }
  /** Start a session on this descriptor. */
  | {
      readonly type: 'attach';
      readonly link: string;
      readonly line: number;
      readonly fd: number;
      readonly telnet?: TelnetTerms | undefined;
      readonly isCall?: boolean | undefined;
      /** What was received on it already. */
      readonly initial?: Uint8Array | undefined;
      readonly options: AttachOptions;
    }
  /** Let a further line join the session; `line-finished` follows at once when that is over. */
  | {
      readonly type: 'join';
      readonly link: string;
      readonly fd: number;
      readonly telnet?: TelnetTerms | undefined;
      readonly isCall?: boolean | undefined;
      /** What was received on it already. */
      readonly initial?: Uint8Array | undefined;
      readonly line: JoiningLine;
    }
  /** The peer's address, as `address-wanted` of this number asked. */
  | { readonly type: 'assign'; readonly link: string; readonly number: number; readonly remote: Ip4 }
  /** Begin the Terminate exchange; `finished` follows, with this cause. */
  | { readonly type: 'close'; readonly link: string; readonly cause: Cause }
  /** Let go of a line's descriptor; `released` follows with the same number, and nothing of this line after it. */
  | { readonly type: 'detach'; readonly link: string; readonly line: number; readonly number: number }
  /** Addresses and routes are in for what the session agreed on: the kernel takes packets. */
  | { readonly type: 'ready'; readonly link: string }
  /** These packets count as traffic; `hold`: they wait while there is no session, and `wanted` follows. */
  | {
      readonly type: 'watch';
      readonly link: string;
      readonly rules: TrafficRules | undefined;
      readonly hold: boolean;
    }
  /** Tell packets apart by other classes. */
  | { readonly type: 'queue'; readonly link: string; readonly options: QueueOptions }
  /** Put a packet of the health check into the queue; answers come back as `probe-reply` instead of going into the TUN. */
  | { readonly type: 'probe'; readonly link: string; readonly packet: Uint8Array }
  /** Let go of the TUN device; `released` follows with the same number. */
  | { readonly type: 'remove'; readonly link: string; readonly number: number };

export type FromWorker = { readonly link: string } &
  /** `mtu` is the largest packet that we send; see `SessionOutput` for these three. */
  (
    | { readonly type: 'network-up' | 'network-changed'; readonly network: AgreedNetwork }
    | { readonly type: 'network-down' }
    /** The peer's address is to be told by `assign`; the session waits. */
    | { readonly type: 'address-wanted'; readonly number: number; readonly peer: string | undefined }
    | { readonly type: 'finished'; readonly cause: Cause }
    /** The descriptor showed its end; `ending` is why the session was about to end anyway (the peer said goodbye first). */
    | {
        readonly type: 'line-ended';
        readonly line: number;
        readonly end: StreamEnd;
        readonly ending: Cause | undefined;
      }
    /** One of several lines is over, or could not join; the session goes on if others are left. */
    | { readonly type: 'line-finished'; readonly line: number; readonly cause: Cause }
    /** Of a link that may have several lines, those that carry packets now. */
    | { readonly type: 'lines-open'; readonly lines: readonly number[] }
    /** Someone deleted the TUN device. */
    | { readonly type: 'tun-gone' }
    | { readonly type: 'probe-reply'; readonly packet: Uint8Array }
    /** This packet waits for a session, as the first one; undefined: those that waited have been dropped. */
    | { readonly type: 'wanted'; readonly packet: string | undefined }
    | { readonly type: 'released'; readonly number: number }
    | { readonly type: 'note'; readonly level: 'debug' | 'info' | 'warn'; readonly message: string }
    | {
        readonly type: 'statistics';
        readonly at: Millis;
        readonly counters: LinkCounters;
        readonly session: SessionStatus | undefined;
        readonly queue?: QueueStatus;
        /** By the lines' numbers. */
        readonly lines?: readonly LineOctets[];
        /** For how long no packet that counts as traffic went either way; undefined: nobody asks. */
        readonly quietMs?: Millis | undefined;
      }
  );

/** The thread as a whole plays sessions of these options with itself (`rehearsal.ts`); `rehearsed` follows. */
export interface Rehearse {
  readonly type: 'rehearse';
  readonly sessions: readonly AttachOptions[];
}
export interface Rehearsed {
  readonly type: 'rehearsed';
  readonly tookMs: Millis;
  /** What went wrong. */
  readonly complaints: readonly string[];
}

/** The thread as a whole: is it alive? */
export interface Ping {
  readonly type: 'ping';
}
export interface Pong {
  readonly type: 'pong';
}
