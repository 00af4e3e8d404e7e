/** What a line is told by the config: one shape for each kind of line. */

export type FlowControl = 'rtscts' | 'xonxoff' | 'none';

interface Paced {
  /** The line's speed in baud (10 bits an octet), where it has one; without it the queue asks the kernel alone. */
  readonly speed?: number;
}

export interface SerialOptions {
  readonly kind: 'serial';
  /** A path, best below /dev/serial/by-id. */
  readonly device: string;
  readonly speed: number;
  readonly flow: FlowControl;
  /**
   * `auto`: once the carrier (DCD) was seen, its loss ends the line. `require`: the line opens only with a carrier.
   * `ignore`: never looked at.
   */
  readonly carrier: 'auto' | 'require' | 'ignore';
}

/**
 * linkd makes a pty pair, keeps the master and publishes the slave as a symbolic link. The line opens when a program opens
 * the slave, and ends when the last one has closed it.
 */
export interface PtyOptions extends Paced {
  readonly kind: 'pty';
  readonly link: string;
}

export interface TcpOptions extends Paced {
  readonly kind: 'tcp';
  readonly host: string;
  readonly port: number;
}

export interface TcpListenOptions extends Paced {
  readonly kind: 'tcp-listen';
  /** An address of this machine; `0.0.0.0` or `::` is all of them. */
  readonly host: string;
  readonly port: number;
}

/** A serial port of a terminal server. RFC 2217 */
export interface Rfc2217Options extends Omit<SerialOptions, 'kind' | 'device'> {
  readonly kind: 'rfc2217';
  readonly host: string;
  readonly port: number;
}

export interface UnixOptions extends Paced {
  readonly kind: 'unix';
  readonly path: string;
}

export interface UnixListenOptions extends Paced {
  readonly kind: 'unix-listen';
  readonly path: string;
}

/** Terminals that `linkctl answer` brings, one after the other. */
export interface TerminalOptions extends Paced {
  readonly kind: 'terminal';
}

/** A program whose standard input and output are the line. */
export interface ExecOptions extends Paced {
  readonly kind: 'exec';
  /** The program and its arguments; no shell. */
  readonly command: readonly [string, ...string[]];
  /** Give the program a terminal instead of a socket, for programs that insist on one. */
  readonly pty: boolean;
}

export type LineOptions =
  | SerialOptions
  | Rfc2217Options
  | PtyOptions
  | TcpOptions
  | TcpListenOptions
  | UnixOptions
  | UnixListenOptions
  | TerminalOptions
  | ExecOptions;
