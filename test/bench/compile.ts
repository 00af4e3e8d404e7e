/** The programs in C that benchmarks measure beside linkd or with: compiled where they run. */
import { join } from 'node:path';
import { must } from '../support/process.js';
import { root } from '../support/root.js';

/** Compiles test/bench/c/NAME.c into a folder; the path of the program. */
export async function compile(name: string, folder: string, flags: readonly string[] = ['-O2']): Promise<string> {
  const program = join(folder, name);
  await must('cc', [...flags, '-Wall', '-Wextra', '-o', program, join(root, `test/bench/c/${name}.c`)]);
  return program;
}
