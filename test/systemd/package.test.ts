/** The unit's score, and what is in the Debian package: lintian's, man's and mandoc's word on it, and that it is reproducible. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { grammarOf } from '../../src/bin/linkctl/completion/grammar.js';
import { createPaint } from '../../src/bin/linkctl/paint.js';
import { createProgram } from '../../src/bin/linkctl/program.js';
import { TempDir } from '../support/daemon.js';
import { must, run } from '../support/process.js';
import { root } from '../support/root.js';

const dist = join(import.meta.dirname, '../..');
const buildTimeoutMs = 60_000;

/** The most that `systemd-analyze security` may say, from 0 to 10. */
const mostExposure = 1.5;

const manPages = ['man8/linkd.8', 'man1/linkctl.1', 'man5/linkd.yaml.5'];

describe('systemd/linkd.service', () => {
  it(`has an exposure of at most ${mostExposure}`, async () => {
    const unit = join(root, 'systemd/linkd.service');
    const said = await must('systemd-analyze', ['--no-pager', 'security', '--offline=true', unit]);
    const exposure = /Overall exposure level for linkd\.service: ([\d.]+)/.exec(said)?.[1];
    assert.ok(exposure !== undefined && Number(exposure) <= mostExposure, said);
  });

  it('has nothing that systemd does not know', async () => {
    const unit = join(root, 'systemd/linkd.service');
    const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', unit]);
    // Whether the programs are there is seen where the package is installed.
    const complaints = (stdout + stderr).split('\n').filter((line) => !/^$|is not executable/.test(line));
    assert.deepEqual(complaints, []);
  });
});

describe('the Debian package', () => {
  let dir: TempDir;
  let file: string;
  const unpacked = (path: string): string => join(dir.path, 'unpacked', path);

  before(async () => {
    dir = await TempDir.create();
    file = await buildPackage(dir.file('first'));
    await must('dpkg-deb', ['-x', file, dir.file('unpacked')]);
  });
  after(() => dir.dispose());

  it('is the same, bit for bit, when it is built again', async () => {
    assert.equal(hashOf(await buildPackage(dir.file('second'))), hashOf(file));
  });

  it('has no error in the eyes of lintian', async () => {
    const { stdout, stderr } = await run('lintian', ['--fail-on', 'none', file], { timeoutMs: buildTimeoutMs });
    const lines = stdout.split('\n');
    assert.deepEqual(
      lines.filter((line) => line.startsWith('E:')),
      [],
      stderr,
    );
    // Programs of npm packages that are only read here. A warning of any other kind is looked into.
    const known = 'script-not-executable [usr/lib/linkd/node_modules/';
    assert.deepEqual(
      lines.filter((line) => line.startsWith('W:') && !line.includes(known)),
      [],
    );
  });

  it('holds the licence of every npm package that it ships', () => {
    const copyright = readFileSync(unpacked('usr/share/doc/linkd/copyright'), 'utf8');
    const modules = modulesBelow(unpacked('usr/lib/linkd/node_modules'));
    assert.ok(modules.length > 20, String(modules.length));
    for (const name of modules) assert.ok(copyright.includes(` ${name} `), name);
  });

  it('ships what linkd needs, and nothing for other systems or of its tests', () => {
    for (const path of [
      'usr/sbin/linkd',
      'usr/bin/linkctl',
      'usr/lib/linkd/dist/src/native/linkd.node',
      'usr/lib/linkd/dist/src/framing/kernel.wasm',
      'usr/lib/linkd/node_modules/pino/package.json',
      'usr/lib/systemd/system/linkd.service',
      'usr/share/bash-completion/completions/linkctl',
      'usr/share/zsh/vendor-completions/_linkctl',
      'usr/share/fish/vendor_completions.d/linkctl.fish',
      'etc/linkd/linkd.yaml',
      'etc/linkd/links.d',
    ]) {
      assert.ok(existsSync(unpacked(path)), path);
    }
    const all = readdirSync(unpacked('usr/lib/linkd'), { recursive: true, encoding: 'utf8' });
    const unwanted = all.filter((path) =>
      /\.(?:ts|map)$|\.musl\.node$|prebuilds\/(?!linux-)|node_modules\/(?:typescript|eslint|fast-check|assemblyscript|binaryen)\//.test(
        path,
      ),
    );
    assert.deepEqual(unwanted, []);
  });

  it('runs from where it lies, with the npm packages that it ships alone', async () => {
    const script = unpacked('usr/lib/linkd/dist/src/bin/linkctl.js');
    assert.equal(statSync(script).mode & 0o111, 0o111);
    const checked = await must(process.execPath, [script, 'check', unpacked('etc/linkd/linkd.yaml')]);
    assert.match(checked, /0 links, no mistakes/);
  });

  for (const page of manPages) {
    it(`has ${page} without a complaint of man or mandoc`, async () => {
      const source = dir.file(page.replace('/', '-'));
      await must('sh', ['-c', 'gzip -dc "$1" > "$2"', 'sh', unpacked(`usr/share/man/${page}.gz`), source]);
      const shown = await run('man', ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', source], {
        env: { LC_ALL: 'C.UTF-8', MANROFFSEQ: '', MANWIDTH: '80' },
      });
      assert.deepEqual([shown.code, shown.stderr], [0, '']);
      const { stdout, stderr } = await run('mandoc', ['-Tlint', '-W', 'warning', source]);
      assert.equal(stdout + stderr, '');
    });
  }

  it('tells of every command and option in linkctl(1)', () => {
    const page = gunzipSync(readFileSync(unpacked('usr/share/man/man1/linkctl.1.gz')))
      .toString()
      .replaceAll('\\-', '-');
    const silent = {
      write: ignore,
      complain: ignore,
      writeError: ignore,
      paint: createPaint(false),
      terminal: undefined,
    };
    const { options, commands } = grammarOf(createProgram(silent, ignore));
    assert.ok(commands.length > 5);
    for (const { name } of commands) assert.ok(page.includes(`\n.SS ${name}\n`), name);
    for (const option of [...options, ...commands.flatMap((command) => command.options)]) {
      for (const name of option.names) assert.ok(page.includes(`\\fB${name}\\fR`), name);
    }
  });
});

async function buildPackage(out: string): Promise<string> {
  const args = [join(root, 'etc/debian/build.mjs'), '--out', out, '--dist', dist];
  return (await must(process.execPath, args, { timeoutMs: buildTimeoutMs })).trim();
}

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** The names of the packages in a node_modules folder and in those inside it. */
function modulesBelow(folder: string): string[] {
  const manifests = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(?:^|node_modules\/)(?:@[^/]+\/)?[^/@]+\/package\.json$/.test(path),
  );
  return manifests.map((path) => path.replace(/\/package\.json$/, '').replace(/^.*node_modules\//, ''));
}

function ignore(): void {
  // Nothing of it is run here.
}
