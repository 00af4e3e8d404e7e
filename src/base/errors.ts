/**
 * The three kinds of error (docs/architecture.md): the peer's garbage is a counter, a caller's mistake throws a plain
 * Error, and the environment's failure throws an OpError.
 */

/** Marks the branch that no value of a union may reach; a union that grows stops compiling here. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${String(value)}`);
}

/** The environment refused something: what was tried, on what, why it failed and what to do about it. */
export class OpError extends Error {
  /** What was tried, as a phrase: `open the TUN device`. */
  readonly op: string;
  /** What it was tried on: a path, an interface, a route. */
  readonly subject: string;
  /** The system's code (`ENOENT`), where there is one. */
  readonly code: string | undefined;
  /** What the person can do about it, as a sentence. */
  readonly remedy: string | undefined;

  constructor(op: string, subject: string, cause: unknown, remedy?: string) {
    super(`cannot ${op} ${subject}: ${messageOf(cause)}${remedy === undefined ? '' : `. ${remedy}`}`, { cause });
    this.name = 'OpError';
    this.op = op;
    this.subject = subject;
    this.code = codeOf(cause);
    this.remedy = remedy;
  }
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system's code (`ENOENT`) of whatever was thrown, if it carries one. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}
