/** The ways in which a control request fails, as the client sees them. */
import { codeOf, messageOf, OpError } from '../base/errors.js';
import { printable } from '../base/printable.js';

/** linkd does not run, is somewhere else, may not be reached, or went away in the middle. */
export class UnreachableError extends OpError {
  constructor(socketPath: string, thrown: unknown) {
    const code = codeOf(thrown);
    super('reach linkd at', printable(socketPath), plainCause(thrown, code), unreachableRemedy(code));
    this.name = 'UnreachableError';
  }
}

/** Something answered, but not in linkd's version 1. */
export class ForeignAnswerError extends OpError {
  constructor(socketPath: string, what: string) {
    super(
      'understand the answer from',
      printable(socketPath),
      // Only the beginning: a foreign answer may be quoted in it.
      printable(what.slice(0, 200)),
      'Another program listens there, or linkd and linkctl are of different versions: restart linkd after an upgrade.',
    );
    this.name = 'ForeignAnswerError';
  }
}

/** linkd answered that it will not: an unknown link, too many streams, … */
export class RefusedError extends Error {
  /** The HTTP status. */
  readonly status: number;
  /** One of the protocol's ErrorCodes; a newer linkd may know more. */
  readonly code: string;
  readonly remedy: string | undefined;

  constructor(status: number, code: string, message: string, remedy: string | undefined) {
    super(message);
    this.name = 'RefusedError';
    this.status = status;
    this.code = code;
    this.remedy = remedy;
  }
}

/** The system's message repeats the path, which the OpError names already. */
function plainCause(thrown: unknown, code: string | undefined): Error {
  const messages: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such socket',
    ECONNREFUSED: 'nobody listens there',
    EACCES: 'permission denied',
    ENOTSOCK: 'it is not a socket',
    ECONNRESET: 'the connection was cut',
    EPIPE: 'the connection was cut',
    ETIMEDOUT: 'no answer in time',
  };
  const message = (code === undefined ? undefined : messages[code]) ?? printable(messageOf(thrown));
  return Object.assign(new Error(message, { cause: thrown }), code === undefined ? {} : { code });
}

function unreachableRemedy(code: string | undefined): string {
  switch (code) {
    case 'EACCES':
      return 'The socket or a directory above it is not open to you (see `ls -l`): join its group, or use sudo.';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'linkd ended or was restarted, or too many programs are connected to it; look at its log.';
    case 'ETIMEDOUT':
      return 'linkd runs but does not answer; look at its log, and restart it if it stays so.';
    default:
      return 'linkd does not run, or its control socket is elsewhere: systemctl start linkd, or use --control.';
  }
}
