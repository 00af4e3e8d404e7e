/** The shell commands that the documents tell people to run, so that tests can run them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.js';

/** A block of shell commands (the first one is 0) below a heading of a document, until the next heading of that level. */
export function commandsBelow(document: string, heading: string, block = 0): string {
  const text = readFileSync(join(root, document), 'utf8');
  const start = text.indexOf(`\n${heading}\n`);
  assert.ok(start >= 0, `${document} has the heading ${heading}`);
  const section = text.slice(start + 1).split(/\n(?=## )/, 1)[0] ?? '';
  const commands = Array.from(section.matchAll(/^```sh\n(.*?)^```/gms), ([, commands = '']) => commands)[block];
  assert.ok(commands !== undefined, `${document} has block ${block} below ${heading}`);
  return commands;
}
