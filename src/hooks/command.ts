/** Small programs that linkd calls for itself: they answer at once or count as failed. */
import { execFile } from 'node:child_process';

const TIMEOUT_MS = 10_000;

/** They are found, and say what they say, whatever environment linkd was started in. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

export interface Answer {
  /** The exit status; undefined when it could not be started, or did not end by itself. */
  readonly code: number | undefined;
  readonly stdout: string;
  /** What it said of its failure: its standard error, or why it did not run. */
  readonly complaint: string;
}

export function ask(command: readonly [string, ...string[]]): Promise<Answer> {
  const [file, ...args] = command;
  return new Promise((resolve) => {
    execFile(file, args, { env: environment, cwd: '/', timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
      resolve({ code, stdout, complaint: code === undefined ? (error?.message ?? '') : stderr.trim() });
    });
  });
}
