/** The version, from package.json: the one place that says it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

function read(): string {
  // dist/src/bin/version.js → the top of the package
  const text = readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8');
  const found: unknown = JSON.parse(text);
  const version = typeof found === 'object' && found !== null && 'version' in found ? found.version : undefined;
  if (typeof version !== 'string') throw new Error('package.json names no version');
  return version;
}

export const version = read();
