/** Runs a program of the system, bounded in time and output, without a shell. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const LARGEST_OUTPUT = 64 * 1024;

export interface ProgramCall {
  readonly command: readonly [program: string, ...args: string[]];
  /** Its standard input. */
  readonly input: string;
  readonly timeoutMs: number;
  /** Where programs are looked for. */
  readonly searchPath: string;
}

/** Undefined when it succeeded, else what it said, or why it could not: on one line. */
export function runProgram({ command, input, timeoutMs, searchPath }: ProgramCall): Promise<string | undefined> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const options = {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: LARGEST_OUTPUT,
      env: { PATH: searchPath, LC_ALL: 'C' },
    } as const;
    const child = execFile(findProgram(program, searchPath) ?? program, args, options, (error, _, stderr) => {
      if (error === null) resolve(undefined);
      else if (error.killed === true) resolve(`no end within ${timeoutMs} ms`);
      else resolve(firstLine(stderr) ?? error.message);
    });
    // A program that ends before it has read its input has said why on its standard error.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** The path of an executable file of this name, if there is one. */
export function findProgram(name: string, searchPath: string): string | undefined {
  return searchPath
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function firstLine(text: string): string | undefined {
  return text
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trim();
}
