/**
 * A line: whatever carries octets to the peer. It is opened on the main thread, where devices, sockets and programs are at
 * home; its descriptor is then read and written by the packet worker (`ByteStream`), whatever the kind.
 */
import type { Cause } from '../base/cause.js';
import { OpError } from '../base/errors.js';
import type { HandedLine } from './handed.js';
import type { TelnetTerms } from './telnet/telnet.js';

/**
 * What the packet worker saw at the end of a descriptor: end of file, the system's code (`EIO`, `ECONNRESET`), or the word
 * of a terminal server that the carrier is gone.
 */
export type StreamEnd =
  { readonly kind: 'eof' } | { readonly kind: 'carrier-lost' } | { readonly kind: 'error'; readonly code: string };

export interface Line {
  /** The descriptor, non-blocking and raw. It belongs to the line: valid until `close`. */
  readonly fd: number;
  /** For people: `/dev/ttyS0`, `10.1.2.3:7000`, `ssh`; never a secret. */
  readonly name: string;
  /** Baud, where the line has a speed. */
  readonly speed: number | undefined;
  /** The octets of the descriptor are wrapped in telnet; `streamOf` unwraps them. */
  readonly telnet?: TelnetTerms | undefined;
  /** Resolves when the line ends by something that its descriptor doesn't show: carrier lost, program gone. */
  readonly ended: Promise<Cause>;
  /** Names the cause behind an end that the descriptor showed (unplugged or hung up, exit status of a program …). */
  explain(end: StreamEnd): Promise<Cause>;
  /** Gives everything back; safe to call twice. The descriptor must no longer be watched by then. */
  close(): Promise<void>;
}

/** Where one link's lines come from. It outlives them: a listener keeps listening between two lines. */
export interface LineSource {
  /** Opens the line, waiting for a caller where the line is a listener. Throws LineError; an abort throws `signal.reason`. */
  open(signal: AbortSignal): Promise<Line>;
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
