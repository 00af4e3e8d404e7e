/**
 * A line: whatever carries octets to the peer. It is opened on the main thread, where devices, sockets and programs are at
 * home; its descriptor is then read and written by the packet worker (`ByteStream`), whatever the kind.
 */
import type { Cause } from '../base/cause.js';
import { OpError } from '../base/errors.js';
import type { Prefix } from '../base/ip.js';
import type { HandedLine } from './handed.js';
import type { TelnetTerms } from './telnet/telnet.js';

/**
 * What the packet worker saw at the end of a descriptor: end of file, the system's code (`EIO`, `ECONNRESET`), the word of a
 * terminal server that the carrier is gone, or that of a modem (`NO CARRIER`).
 */
export type StreamEnd =
  | { readonly kind: 'eof' }
  | { readonly kind: 'carrier-lost' }
  | { readonly kind: 'no-carrier' }
  | { readonly kind: 'error'; readonly code: string };

/** A caller who has logged in. */
export interface Caller {
  readonly name: string;
  /** The addresses that he may use, the first rule that holds one decides; undefined: as the config says. */
  readonly allowed: readonly { readonly kind: 'allow' | 'deny'; readonly prefix: Prefix }[] | undefined;
}

export interface Line {
  /** The descriptor, non-blocking and raw. It belongs to the line: valid until `close`. */
  readonly fd: number;
  /** For people: `/dev/ttyS0`, `10.1.2.3:7000`, `ssh`; never a secret. */
  readonly name: string;
  /** Baud, where the line has a speed. */
  readonly speed: number | undefined;
  /** The octets of the descriptor are wrapped in telnet; `streamOf` unwraps them. */
  readonly telnet?: TelnetTerms | undefined;
  /** There was a call, whose end a modem may tell in words. */
  readonly isCall?: boolean | undefined;
  /** What was received already, by whoever spoke on the line before PPP; it comes first. */
  readonly initial?: Uint8Array | undefined;
  /** Who is at the other end, as far as that was proved before PPP. */
  readonly caller?: Caller | undefined;
  /** Resolves when the line ends by something that its descriptor doesn't show: carrier lost, program gone. */
  readonly ended: Promise<Cause>;
  /** Names the cause behind an end that the descriptor showed (unplugged or hung up, exit status of a program …). */
  explain(end: StreamEnd): Promise<Cause>;
  /** Whether closing the line drops DTR, which makes a modem hang up. Without this, it doesn't. */
  hasModemLines?(): Promise<boolean>;
  /** Resolves when the break is over. Throws where the driver can't. */
  sendBreak?(): Promise<void>;
  /** Gives everything back; safe to call twice. The descriptor must no longer be watched by then. */
  close(): Promise<void>;
}

/** Where one link's lines come from. It outlives them: a listener keeps listening between two lines. */
export interface LineSource {
  /** Opens the line, waiting for a caller where the line is a listener. Throws LineError; an abort throws `signal.reason`. */
  open(signal: AbortSignal): Promise<Line>;
  /** What is done to open the line (`dialing 5551234`), or how the open one came about; for people. */
  readonly activity?: string | undefined;
  /** Gives back what outlives a line (a listener, a published pty). */
  dispose(): Promise<void>;
  /**
   * The descriptor that `handOver` would hand on, with this line open or none; undefined when there is nothing to hand on, or
   * nothing that could be (a program that runs is this process's child).
   */
  handable(line: Line | undefined): number | undefined;
  /**
   * Lets go of the line without ending it, and gives what another process needs to go on with it. The descriptor must no
   * longer be watched by then; the source and the line are of no use afterwards.
   */
  handOver(line: Line | undefined): Promise<HandedLine>;
}

/** A line could not be opened, with its named cause. */
export class LineError extends OpError {
  readonly reason: Cause;

  constructor(op: string, subject: string, reason: Cause, cause: unknown) {
    super(op, subject, cause);
    this.name = 'LineError';
    this.reason = reason;
  }
}
