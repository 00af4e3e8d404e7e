/** The addon's Makefile, on a copy of the sources: builds once, again when a source is newer, and says what is missing. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { must, run } from '../support/process.js';

describe('the Makefile of the addon', () => {
  let folder = '';
  const sources = (): string => join(folder, 'src/native');
  const addon = (): string => join(folder, 'dist/src/native/linkd.node');
  const make = (...args: string[]) => run('make', ['-s', '-C', sources(), ...args]);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'linkd-make-'));
    cpSync(join(repository(), 'src/native'), sources(), { recursive: true });
    await must('make', ['-s', '-C', sources()]);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('builds an addon that loads', () => {
    const loaded: unknown = createRequire(import.meta.url)(addon());
    assert.ok(typeof loaded === 'object' && loaded !== null && 'openTun' in loaded);
  });

  it('does nothing when nothing is newer', async () => {
    const built = statSync(addon()).mtimeMs;
    assert.deepEqual(await make(), { code: 0, signal: undefined, stdout: '', stderr: '' });
    assert.equal(statSync(addon()).mtimeMs, built);
  });

  for (const file of ['watcher.c', 'addon.h', 'Makefile']) {
    it(`would build again when ${file} is newer`, async () => {
      const { atime, mtime } = statSync(join(sources(), file));
      const later = new Date(statSync(addon()).mtimeMs + 10_000);
      assert.equal((await make('-q')).code, 0);
      utimesSync(join(sources(), file), later, later);
      assert.equal((await make('-q')).code, 1);
      utimesSync(join(sources(), file), atime, mtime);
    });
  }

  it('says what to do without the headers of node', async () => {
    const { code, stderr } = await make('-B', 'NODE_INCLUDE=/nonexistent');
    assert.equal(code, 2);
    assert.match(stderr, /^node_api\.h is not in \/nonexistent\. Install the headers .* v\d+.*NODE_INCLUDE=/);
    assert.ok(existsSync(addon()), 'what was built stays');
  });
});

function repository(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
