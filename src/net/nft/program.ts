/** Runs the program nft, bounded in time and output, and tells apart why it refused. */
import { execFile } from 'node:child_process';

/** nft answers within milliseconds; a ruleset of many thousand rules takes it a second. */
export const NFT_TIMEOUT_MS = 10_000;

const LARGEST_OUTPUT = 64 * 1024 * 1024;

export type NftAnswer = { readonly ok: true; readonly output: string } | NftRefusal;

export interface NftRefusal {
  readonly ok: false;
  /**
   * `missing`: there is no such program. `denied`: no CAP_NET_ADMIN. `absent`: something that was named is not there (the
   * table; or a part of the kernel). `timeout`: it was ended. `refused`: anything else.
   */
  readonly why: 'missing' | 'denied' | 'absent' | 'timeout' | 'refused';
  /** What it said, on one line. */
  readonly message: string;
}

export interface NftCall {
  /** The program, with arguments that come before all others. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** Its standard input. */
  readonly input: string;
  readonly timeoutMs: number;
}

/** Runs it to its end, or kills it when the time is up. A failure is an answer, not an error. */
export function runNft({ command: [program = '', ...before], args, input, timeoutMs }: NftCall): Promise<NftAnswer> {
  return new Promise((resolve) => {
    const options = {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: LARGEST_OUTPUT,
      // An ordinary user's PATH often lacks the folder that Debian has nft in.
      env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' },
    } as const;
    const child = execFile(program, [...before, ...args], options, (error, stdout, stderr) => {
      if (error === null) resolve({ ok: true, output: stdout });
      else resolve({ ok: false, ...refusal(error, stderr, timeoutMs) });
    });
    // A child that ends before it has read its input has said why on its standard error.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** nft has one exit status for every failure; the words are the system's own (LC_ALL=C). */
function refusal(error: ExecFileError, stderr: string, timeoutMs: number): Omit<NftRefusal, 'ok'> {
  const said = oneLine(stderr);
  if (error.code === 'ENOENT') return { why: 'missing', message: 'there is no such program' };
  if (error.killed === true && error.code === null) return { why: 'timeout', message: `no end within ${timeoutMs} ms` };
  const message = said === '' ? error.message : said;
  if (said.includes('Operation not permitted')) return { why: 'denied', message };
  return { why: said.includes('No such file or directory') ? 'absent' : 'refused', message };
}

type ExecFileError = Error & { code?: string | number | null | undefined; killed?: boolean | undefined };

/** The first complaint; nft goes on with the line it is about and a mark below it. */
function oneLine(text: string): string {
  return (
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? ''
  );
}
