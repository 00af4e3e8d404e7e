/** What every command works with: the daemon's client, and where text goes. */
import type { ControlClient } from '../../control/client.js';
import type { ExitCode } from './exit-codes.js';
import type { Paint } from './paint.js';

export interface Output {
  /** To standard output; the text brings its own line ends. */
  readonly write: (text: string) => void;
  /** One line for people, to standard error. */
  readonly complain: (message: string) => void;
  /** Lines for people, to standard error: harmless text with its own line ends. */
  readonly writeError: (text: string) => void;
  readonly paint: Paint;
  /** The terminal, where standard output is one. */
  readonly terminal: NodeJS.WriteStream | undefined;
}

export interface Context {
  readonly output: Output;
  /** A client for the socket that the command line names. */
  readonly client: () => ControlClient;
  /** Sets the exit code with which linkctl will end. */
  readonly exit: (code: ExitCode) => void;
}
