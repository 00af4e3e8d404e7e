/** Short ways to parse in the tests of the config. */
import assert from 'node:assert/strict';
import type { DaemonOverrides, Environment } from '../../src/config/daemon.js';
import { formatConfigErrors } from '../../src/config/format.js';
import { parseConfig, type ConfigFile, type ParseResult } from '../../src/config/parse.js';
import type { Config, LinkConfig } from '../../src/config/types.js';

/** The config of a text that has to be right. */
export function good(text: string, overrides?: DaemonOverrides, environment?: Environment): Config {
  const result = parseConfig([{ file: 'linkd.yaml', text }], overrides, environment);
  assert.ok(result.ok, result.ok ? '' : formatConfigErrors(result.errors));
  assert.deepEqual(result.warnings, []);
  return result.config;
}

/** A link of a right config, whose other keys are these lines. */
export function goodLink(...lines: readonly string[]): LinkConfig {
  const given = (key: string): boolean => lines.some((line) => line.startsWith(`${key}:`));
  const all = [
    ...(given('line') ? [] : ['line: /dev/ttyS0']),
    ...(given('local') ? [] : ['local: 10.0.0.1']),
    ...(given('remote') ? [] : ['remote: 10.0.0.2']),
    ...lines,
  ];
  const [link] = good(`links:\n  branch:\n${all.map((line) => `    ${line}\n`).join('')}`).links;
  assert.ok(link);
  return link;
}

/** The messages of a config, `FILE:LINE:COLUMN: PATH: MESSAGE`; warnings begin with `warning: `. */
export function complaints(
  files: readonly ConfigFile[],
  overrides?: DaemonOverrides,
  environment?: Environment,
): readonly string[] {
  return shown(parseConfig(files, overrides, environment));
}

/** The messages of a result, as in `complaints`. */
export function shown(result: ParseResult): readonly string[] {
  const bare = ({ file, line, column, path, message }: (typeof result.warnings)[number]): string =>
    `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
  return [
    ...(result.ok ? [] : result.errors).map(bare),
    ...result.warnings.map((warning) => `warning: ${bare(warning)}`),
  ];
}
