/** linkctl's exit codes: stable, for scripts. docs/linkctl.md lists the same. */
import { CommanderError } from 'commander';
import { RefusedError, UnreachableError } from '../../control/client.js';
import type { ErrorCode } from '../../control/wire.js';

export const exitCodes = {
  ok: 0,
  /** Something that none of the others names. */
  failed: 1,
  /** The command line is wrong; nothing was done. */
  usage: 2,
  /** `status LINK`: it is not up. `up --wait`, `restart --wait`: it was taken down, or gave up. */
  notUp: 3,
  /** No such link; nothing was done. */
  unknownLink: 4,
  /** linkd does not run, may not be reached, or went away. */
  unreachable: 5,
  /** `--wait`: the time was over first. */
  timeout: 6,
  /** `answer`: no line waits for a caller. `term`: the line is in use. */
  notWaiting: 7,
  /** This user may look, but not steer; nothing was done. */
  forbidden: 77,
  /** `check`, `reload`, `diff`: the config has mistakes. The same as linkd's own. */
  badConfig: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What an error that ended a command means for the exit code. */
export function exitCodeOf(thrown: unknown): ExitCode {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (thrown instanceof UnreachableError) return exitCodes.unreachable;
  if (thrown instanceof RefusedError && isCode(thrown, 'unknown-link')) return exitCodes.unknownLink;
  if (thrown instanceof RefusedError && isCode(thrown, 'forbidden')) return exitCodes.forbidden;
  if (thrown instanceof RefusedError && isCode(thrown, 'not-waiting')) return exitCodes.notWaiting;
  if (thrown instanceof RefusedError && isCode(thrown, 'line-in-use')) return exitCodes.notWaiting;
  return exitCodes.failed;
}

function isCode({ code }: RefusedError, wanted: ErrorCode): boolean {
  return code === wanted;
}
