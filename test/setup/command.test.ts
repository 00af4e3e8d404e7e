/** `linkctl setup` where no linkd runs: what it writes, and what it leaves as it is. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { exitCodes } from '../../src/bin/linkctl/exit-codes.js';
import { findUser } from '../../src/hooks/users.js';
import { linkctl, temporaryDirectory } from '../control/rig.js';

const nobody = ['--control', '/nonexistent/linkd.sock', 'setup', '--yes'];
const link = ['--name', 'depot', '--device', '/dev/linkd-none', '--local', 'from-peer', '--remote', 'from-peer'];

async function folder(t: TestContext): Promise<{ config: string; at: (name: string) => string }> {
  const path = join(await temporaryDirectory(t), 'etc');
  return { config: join(path, 'linkd.yaml'), at: (name) => join(path, name) };
}

describe('linkctl setup without a linkd', () => {
  it('begins a config where there is none, and says that linkd is to be started', async (t) => {
    const { config, at } = await folder(t);
    const { code, stderr } = await linkctl(t, [...nobody, '--config', config, ...link]);
    assert.equal(code, exitCodes.unreachable, stderr);
    assert.match(stderr, /depot\.yaml is written/);
    assert.doesNotMatch(stderr, /held by/);
    const checked = await linkctl(t, ['check', '--file-only', config]);
    assert.match(checked.stdout, /1 link, no mistakes/);
    assert.deepEqual(await readdir(at('links.d')), ['depot.yaml'], 'no draft is left');
  });

  it('copies a secret to where its owner alone can read it', async (t) => {
    const { config, at } = await folder(t);
    const typed = join(await temporaryDirectory(t), 'typed');
    await writeFile(typed, 'swordfish\n');
    const { stdout, stderr } = await linkctl(t, [
      ...nobody,
      ...['--config', config, ...link, '--user', 'us', '--secret-file', typed],
    ]);
    assert.equal(await readFile(at('depot.secret'), 'utf8'), 'swordfish\n');
    assert.equal((await stat(at('depot.secret'))).mode & 0o777, 0o600);
    assert.doesNotMatch(stdout + stderr + (await readFile(at('links.d/depot.yaml'), 'utf8')), /swordfish/);
  });

  it("gives a secret to linkd's usual user, or says that somebody has to", async (t) => {
    const { config, at } = await folder(t);
    const typed = join(await temporaryDirectory(t), 'typed');
    await writeFile(typed, 'swordfish');
    const options = [...link, '--user', 'us', '--secret-file', typed];
    const { stderr } = await linkctl(t, [...nobody, '--config', config, ...options]);
    const usual = process.geteuid?.() === 0 ? await findUser('linkd') : undefined;
    assert.equal((await stat(at('depot.secret'))).uid, usual?.uid ?? process.geteuid?.());
    assert.equal(stderr.includes('depot.secret has to belong to it (chown)'), usual === undefined, stderr);
  });

  it('tells who lets in whoever calls', async (t) => {
    const { config, at } = await folder(t);
    await mkdir(at('.'), { recursive: true });
    await writeFile(at('typed'), 'swordfish');
    const dry = [...nobody, '--config', config, ...link, '--way', 'answer', '--dry-run'];
    const open = await linkctl(t, dry);
    assert.match(open.stderr, /Whoever calls is let in: .*--peer-secret-file does/);
    assert.match(open.stdout, /# Whoever calls is let in/);
    const closed = await linkctl(t, [...dry, '--peer-secret-file', at('typed')]);
    assert.doesNotMatch(closed.stdout + closed.stderr, /Whoever calls/);
  });

  it('leaves a config with mistakes as it is', async (t) => {
    const { config, at } = await folder(t);
    await mkdir(at('.'), { recursive: true });
    await writeFile(config, 'links:\n  other: {line: 7}\n');
    const { code, stderr } = await linkctl(t, [...nobody, '--config', config, ...link]);
    assert.equal(code, exitCodes.badConfig);
    assert.match(stderr, /links\.other/);
    assert.deepEqual(await readdir(at('.')), ['linkd.yaml']);
  });

  it('overwrites no file of another kind', async (t) => {
    const { config, at } = await folder(t);
    await mkdir(at('.'), { recursive: true });
    await writeFile(at('depot.peer-secret'), 'precious');
    const options = [...link, '--peer-secret-file', at('depot.peer-secret')];
    const { code, stderr } = await linkctl(t, [...nobody, '--config', config, ...options]);
    assert.equal(code, exitCodes.failed);
    assert.match(stderr, /depot\.peer-secret.*--force/);
    assert.equal(await readFile(at('depot.peer-secret'), 'utf8'), 'precious');
    await assert.rejects(readdir(at('links.d')), { code: 'ENOENT' });
  });

  it('takes no secret of several lines, and shows none of it', async (t) => {
    const { config } = await folder(t);
    const typed = join(await temporaryDirectory(t), 'typed');
    await writeFile(typed, 'sword\nfish\n');
    const { code, stderr } = await linkctl(t, [
      ...nobody,
      '--config',
      config,
      ...link,
      '--user',
      'us',
      '--secret-file',
      typed,
    ]);
    assert.equal(code, exitCodes.failed);
    assert.match(stderr, /it is not one line/);
    assert.doesNotMatch(stderr, /fish/);
  });
});
