/** `linkctl import` as a process: where it looks, what it writes, and when it says no. */
import assert from 'node:assert/strict';
import { execFile as execFileCallback } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { exitCodes } from '../../src/bin/linkctl/exit-codes.js';
import { linkctl, temporaryDirectory } from '../control/rig.js';
import { throughClosedFolders } from '../support/open-folders.js';
import { samples } from './support.js';

const execFile = promisify(execFileCallback);
const linkctlPath = fileURLToPath(new URL('../../src/bin/linkctl.js', import.meta.url));
const ended = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });

const sample = (name: string): string => join(samples, name);

describe('linkctl import', () => {
  it('writes the config to standard output, and how much it is to standard error', async (t) => {
    const { code, stdout, stderr } = await linkctl(t, ['import', '--root', sample('null-modem-hq')]);
    assert.equal(stdout, await readFile(join(sample('null-modem-hq'), 'expected.txt'), 'utf8'));
    assert.match(stderr, /^linkctl: 2 links; \d+ lines carried over, \d+ not needed, 2 left: the config says which/);
    assert.equal(code, exitCodes.ok);
  });

  it('takes a peer by its name, and a file by its path', async (t) => {
    for (const target of ['newman', '/etc/ppp/peers/newman']) {
      const { stdout } = await linkctl(t, ['import', target, '--root', sample('null-modem-hq')]);
      assert.match(stdout, /^ {2}newman:$/m);
      assert.doesNotMatch(stdout, /^ {2}home:$/m);
    }
  });

  it('takes a file of this machine, wherever it lies', async (t) => {
    const directory = await temporaryDirectory(t);
    const file = join(directory, 'old-wvdial.conf');
    await writeFile(file, '[Dialer Defaults]\nModem = /dev/ttyS9\nPhone = 5551234\nStupid Mode = on\n');
    const { code, stdout } = await linkctl(t, ['import', file]);
    assert.match(stdout, /serial: \/dev\/ttyS9 # .*old-wvdial\.conf:2$/m);
    assert.equal(code, exitCodes.ok);
  });

  it('writes a new file that linkctl check takes, and never overwrites one', async (t) => {
    const directory = await temporaryDirectory(t);
    const file = join(directory, 'linkd.yaml');
    const args = ['import', '--root', sample('windows'), '--output', file];
    const first = await linkctl(t, args);
    assert.equal(first.stdout, '');
    assert.equal(first.code, exitCodes.ok);
    assert.equal((await linkctl(t, ['check', '--file-only', file])).code, exitCodes.ok);
    const { mtimeMs } = await stat(file);
    const second = await linkctl(t, args);
    assert.equal(second.code, exitCodes.failed);
    assert.match(second.stderr, /cannot write the config to .*linkd\.yaml: EEXIST.*Name another file/);
    assert.equal((await stat(file)).mtimeMs, mtimeMs);
  });

  it('says what it could not read, and writes the rest', async (t) => {
    const directory = await temporaryDirectory(t);
    await mkdir(join(directory, 'etc/ppp/peers'), { recursive: true });
    await writeFile(join(directory, 'etc/ppp/peers/one'), '/dev/ttyS0 10.0.0.1:10.0.0.2\n');
    await writeFile(join(directory, 'etc/ppp/pap-secrets'), 'a b c\n', { mode: 0 });
    // Root reads what it likes; without these two capabilities it is like anyone else.
    const powers = '-dac_override,-dac_read_search';
    const mortal = ['setpriv', `--bounding-set=${powers}`, `--inh-caps=${powers}`, process.execPath, linkctlPath];
    const [program = '', ...words] = throughClosedFolders([...mortal, 'import', '--root', directory]);
    const { code, stdout, stderr } = await execFile(program, words).then(
      (written) => ({ code: 0, ...written }),
      (failed: unknown) => ended.parse(failed),
    );
    assert.match(stdout, /^ {2}one:$/m);
    assert.match(stderr, /pap-secrets could not be read: do this as root/);
    assert.equal(code, exitCodes.failed);
  });

  it('says when there is nothing to import, or nothing of that name', async (t) => {
    const directory = await temporaryDirectory(t);
    await mkdir(join(directory, 'etc/ppp/peers/folder'), { recursive: true });
    const nothing = await linkctl(t, ['import', '--root', directory]);
    assert.equal(nothing.code, exitCodes.failed);
    assert.match(nothing.stderr, /have no connection there\. Name the files/);
    const unknown = await linkctl(t, ['import', 'nobody', '--root', directory]);
    assert.equal(unknown.code, exitCodes.failed);
    assert.match(unknown.stderr, /cannot import nobody: there is no peer of this name, and no such file/);
    assert.equal((await linkctl(t, ['import', '--nonsense'])).code, exitCodes.usage);
  });
});
