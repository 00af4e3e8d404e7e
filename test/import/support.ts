/** What the tests of the import share: files in memory, sample trees, and linkd's own check of what comes out. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/parse.js';
import type { Files } from '../../src/import/files.js';
import { importConfig, type Imported } from '../../src/import/import.js';
import type { CheckMistake } from '../../src/import/settle.js';
import { root } from '../support/root.js';

export const samples = join(root, 'test/import/samples');

/** Files by their absolute paths. */
export function filesOf(texts: Readonly<Record<string, string>>): Files {
  return {
    readText: (path) => (Object.hasOwn(texts, path) ? texts[path] : undefined),
    list: (folder) => {
      const inside = Object.keys(texts).filter((path) => path.startsWith(`${folder}/`));
      return [...new Set(inside.map((path) => path.slice(folder.length + 1).split('/', 1)[0]!))].sort();
    },
  };
}

/** All files of a sample, by their paths below it. */
export function readSample(name: string): Readonly<Record<string, string>> {
  const top = join(samples, name);
  const names = readdirSync(top, { recursive: true, encoding: 'utf8' }).filter((path) => path.startsWith('etc/'));
  const paths = names.filter((path) => statSync(join(top, path)).isFile()).sort();
  return Object.fromEntries(paths.map((path) => [`/${path}`, readFileSync(join(top, path), 'utf8')]));
}

/** As linkctl does it. */
export function run(texts: Readonly<Record<string, string>>, ...targets: readonly string[]): Imported {
  return importConfig(filesOf(texts), targets, check);
}

export function check(text: string): readonly CheckMistake[] {
  const result = parseConfig([{ file: 'linkd.yaml', text }]);
  return result.ok ? [] : result.errors;
}

/** The only link of an import, as the config has it, without its comments. */
export function linkText(texts: Readonly<Record<string, string>>, ...targets: readonly string[]): readonly string[] {
  const { text } = run(texts, ...targets);
  const lines = text.slice(text.indexOf('\nlinks:')).split('\n');
  return lines.slice(1).flatMap((line) => (/^\s*#|^$|^links:/.test(line) ? [] : [line.replace(/ # .*$/, '')]));
}
