/** Secrets as they are read: from files that only their owner may read, programs, systemd; and never shown when that fails. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { OpError } from '../../src/base/errors.js';
import { decodeText } from '../../src/base/text.js';
import { loadAuth } from '../../src/secrets/load.js';
import type { AuthConfig } from '../../src/secrets/options.js';

const config: AuthConfig = {
  require: [],
  accept: ['mschap-v2', 'chap', 'pap'],
  name: 'hq',
  user: undefined,
  remoteName: undefined,
  secret: undefined,
  peerSecret: undefined,
  papFiles: [],
  chapFiles: [],
  rechallengeMs: 0,
};

interface Folder {
  readonly path: string;
  readonly write: (name: string, text: string, mode?: number) => string;
}

function folder(t: TestContext): Folder {
  const path = mkdtempSync(join(tmpdir(), 'linkd-secrets-'));
  t.after(() => {
    rmSync(path, { recursive: true, force: true });
  });
  const write = (name: string, text: string, mode = 0o600): string => {
    const file = join(path, name);
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };
  return { path, write };
}

const secretsOf = (list: readonly { readonly name: string | undefined; readonly secret: Uint8Array }[]) =>
  list.map(({ name, secret }) => [name ?? '*', decodeText(secret)]);

async function failure(change: Partial<AuthConfig>, environment = {}): Promise<OpError> {
  let thrown: unknown;
  await loadAuth({ ...config, ...change }, environment).catch((error: unknown) => {
    thrown = error;
  });
  assert.ok(thrown instanceof OpError, String(thrown));
  return thrown;
}

describe('a single secret', () => {
  it('stands in a file, without the end of its line', async (t) => {
    const { write } = folder(t);
    const path = write('secret', 'hunter2 with blanks \r\n');
    const { auth } = await loadAuth({ ...config, secret: { kind: 'file', path } });
    assert.deepEqual(secretsOf(auth.ours.chap), [['*', 'hunter2 with blanks ']]);
    assert.deepEqual(auth.accept, ['mschap-v2', 'chap', 'pap']);
    assert.deepEqual([auth.name, auth.user], ['hq', 'hq']);
  });

  it('comes from a program, which runs once and sees nothing of our environment', async (t) => {
    const { path, write } = folder(t);
    const program = write('give', `#!/bin/sh\necho "$1"; env >'${path}/env'; echo run >>'${path}/runs'\n`, 0o700);
    const secret = { kind: 'program', command: [program, 'from-a-program'] } as const;
    const { auth } = await loadAuth({ ...config, secret, peerSecret: secret, require: ['chap'] });
    assert.deepEqual(secretsOf(auth.ours.pap), [['*', 'from-a-program']]);
    assert.deepEqual(secretsOf(auth.theirs.chap), [['*', 'from-a-program']]);
    assert.equal(readFileSync(join(path, 'runs'), 'utf8'), 'run\n');
    assert.doesNotMatch(readFileSync(join(path, 'env'), 'utf8'), /HOME=|USER=/);
  });

  it('comes from systemd, whatever the mode of its file', async (t) => {
    const { path, write } = folder(t);
    write('branch', 'credential', 0o440);
    const secret = { kind: 'credential', name: 'branch' } as const;
    const { auth } = await loadAuth({ ...config, secret }, { CREDENTIALS_DIRECTORY: path });
    assert.deepEqual(secretsOf(auth.ours.chap), [['*', 'credential']]);
    assert.match((await failure({ secret })).message, /systemd has given us none.*LoadCredential/);
  });
});

describe('files of four columns', () => {
  it('give what counts for the link, PAP apart from the rest', async (t) => {
    const { write } = folder(t);
    const chap = write('chap', 'branch hq one 10.0.0.2\nhq * two\nother else three *\n');
    const pap = write('pap', `branch hq @${write('indirect', '"pap secret" ignored\n')} *\n`);
    const { auth, warnings } = await loadAuth({ ...config, require: ['chap'], chapFiles: [chap], papFiles: [pap] });
    assert.deepEqual(secretsOf(auth.ours.chap), [['*', 'two']]);
    assert.deepEqual(secretsOf(auth.theirs.chap), [
      ['branch', 'one'],
      ['hq', 'two'],
    ]);
    assert.deepEqual(auth.theirs.chap[0]?.allowed, [{ kind: 'allow', prefix: { address: 0x0a000002, length: 32 } }]);
    assert.deepEqual(secretsOf(auth.theirs.pap), [['branch', 'pap secret']]);
    assert.deepEqual(auth.accept, ['mschap-v2', 'chap'], 'no secret of ours for PAP');
    assert.deepEqual(warnings, []);
  });

  it('leave out an empty secret of a peer, and addresses that are none, and say so', async (t) => {
    const { write } = folder(t);
    const file = write('chap', 'a * "" *\nb * good 10.0.0.0/99 no.such.host.invalid localhost\n');
    const { auth, warnings } = await loadAuth({ ...config, require: ['chap'], chapFiles: [file] });
    assert.deepEqual(secretsOf(auth.theirs.chap), [['b', 'good']]);
    assert.deepEqual(auth.theirs.chap[0]?.allowed, [{ kind: 'allow', prefix: { address: 0x7f000001, length: 32 } }]);
    assert.equal(warnings.length, 3);
  });

  it('are asked for this machine by its name where the config gives none', async (t) => {
    const { write } = folder(t);
    const chapFiles = [write('chap', `branch "${hostname()}" here *\nbranch other there *\n`)];
    const { auth } = await loadAuth({ ...config, name: undefined, require: ['chap'], chapFiles });
    assert.deepEqual(secretsOf(auth.theirs.chap), [['branch', 'here']]);
  });
});

describe('what cannot be read', () => {
  const hidden = 'sEcrEt-that-must-not-show';

  it('says why and what to do: a file that others can read, none, a directory, a pipe, one of another kind', async (t) => {
    const { path, write } = folder(t);
    for (const mode of [0o640, 0o604, 0o620, 0o666]) {
      const open = write(`open${mode}`, hidden, mode);
      const { message, remedy } = await failure({ secret: { kind: 'file', path: open } });
      assert.match(message, new RegExp(`mode 0${mode.toString(8)} opens it`));
      assert.equal(remedy, `Run: chmod 600 ${open}`);
      assert.match((await failure({ chapFiles: [open] })).message, /chmod 600/);
    }
    assert.match((await failure({ secret: { kind: 'file', path: join(path, 'none') } })).message, /Create it/);
    mkdirSync(join(path, 'folder'), { mode: 0o700 });
    assert.match((await failure({ secret: { kind: 'file', path: join(path, 'folder') } })).message, /no regular file/);
    symlinkSync('/dev/null', join(path, 'null'));
    assert.match((await failure({ chapFiles: [join(path, 'null')] })).message, /no regular file/);
  });

  it('never shows the secret', async (t) => {
    const { path, write } = folder(t);
    const fails = write('fails', `#!/bin/sh\necho ${hidden}; echo ${hidden} >&2; exit 3\n`, 0o700);
    const talks = write('talks', `#!/bin/sh\nyes ${hidden} | head -c 100000\n`, 0o700);
    const changes: Partial<AuthConfig>[] = [
      { secret: { kind: 'program', command: [fails, hidden] } },
      { secret: { kind: 'program', command: [talks, hidden] } },
      { secret: { kind: 'program', command: [join(path, 'none'), hidden] } },
      { secret: { kind: 'file', path: write('two', `${hidden}\n${hidden}\n`) } },
      { secret: { kind: 'file', path: write('long', hidden.repeat(100)) } },
      { secret: { kind: 'file', path: write('empty', '\n') } },
      { chapFiles: [write('chap', `hq * @${write('blank', '# ' + hidden)}\n`)] },
    ];
    for (const change of changes) {
      const error = await failure(change);
      assert.ok(!`${error.message} ${error.stack ?? ''} ${JSON.stringify(error)}`.includes(hidden), error.message);
    }
    assert.match((await failure({ secret: { kind: 'program', command: [fails] } })).message, /ended with status 3/);
    assert.match((await failure({ secret: { kind: 'program', command: [talks] } })).message, /prints too much/);
  });

  it('is no longer waited for when the link is no longer wanted', async (t) => {
    const { write } = folder(t);
    const command = [write('hangs', '#!/bin/sh\nexec sleep 60\n', 0o700)] as const;
    const wanted = new AbortController();
    const loading = loadAuth({ ...config, secret: { kind: 'program', command } }, {}, wanted.signal);
    wanted.abort();
    await assert.rejects(loading, /no longer wanted/);
  });
});
