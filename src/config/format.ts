/** The mistakes of a config for people, as compilers show them: `file:line:column: path: message`, and the line itself. */
import { assertNever } from '../base/errors.js';
import { printable } from './text.js';
import type { ConfigError } from './types.js';

/** Text for a terminal or a log: each mistake with its lines, every line ended. Empty for no mistakes. */
export function formatConfigErrors(errors: readonly ConfigError[], kind: 'error' | 'warning' = 'error'): string {
  return errors
    .map((error) => `${headline(error, kind)}\n${error.excerpt === undefined ? '' : `${error.excerpt}\n`}`)
    .join('');
}

function headline({ file, line, column, path, message }: ConfigError, kind: 'error' | 'warning'): string {
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  return printable([place, ...labelOf(kind), ...(path === '' ? [] : [path]), message].join(': '));
}

function labelOf(kind: 'error' | 'warning'): readonly string[] {
  switch (kind) {
    case 'error':
      return [];
    case 'warning':
      return ['warning'];
    default:
      return assertNever(kind);
  }
}
