/** Reads the files of test/vectors. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The text of a file of test/vectors, without the lines that begin with `#`. */
export function readVectors(name: string): string {
  const text = readFileSync(join(repositoryRoot(), 'test', 'vectors', name), 'utf8');
  return text.replace(/^#.*\n/gm, '');
}

/**
 * Records of `key  value` lines with a blank line between them; an indented line goes on with the value above. Throws when a
 * line is neither, so that no vector gets lost.
 */
export function readRecords(name: string): ReadonlyMap<string, string>[] {
  const blocks = readVectors(name)
    .split(/\n{2,}/)
    .filter((block) => block.trim() !== '');
  return blocks.map((block) => {
    const record = new Map<string, string>();
    for (const line of block.trim().replace(/\n\s+/g, ' ').split('\n')) {
      const match = /^(\S+)\s+(.+)$/.exec(line);
      if (match === null) throw new Error(`${name}: not a line of a vector: ${line}`);
      record.set(match[1]!, match[2]!);
    }
    return record;
  });
}

/** A value that must be there. */
export function field(record: ReadonlyMap<string, string>, key: string): string {
  const value = record.get(key);
  if (value === undefined) throw new Error(`a vector without ${key}`);
  return value;
}

/** Tests run from dist: the root is the first folder above that has a package.json. */
function repositoryRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error(`no package.json above ${import.meta.dirname}`);
    folder = above;
  }
  return folder;
}
